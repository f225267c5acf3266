//! `ficta data convert`.

use std::path::PathBuf;

use ficta_core::{Error, Result};
use serde_json::json;

use super::{
    choose::{Selection, WriteArgs},
    opened::SetArgs,
};
use crate::{
    cli::own_stdout::out,
    data::{
        People,
        check::{Chosen, Kind, Wanted, findings, scan},
        source::{ImageSource, Partition},
        writer,
    },
    storage::{Table, atomic},
};

/// `ficta data convert`
#[derive(clap::Args, Debug)]
pub struct ConvertArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub set: SetArgs,
    /// Folder of the new set.
    pub to: PathBuf,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub write: WriteArgs,
    /// Leaves out images that are corrupt or empty, those without a label, and copies of the same bytes; writes down which (left-out.csv).
    #[arg(long)]
    pub repair: bool,
    /// Numbers the identities from 0 without gaps.
    #[arg(long)]
    pub relabel: bool,
    /// Only this part of the set's official division (CelebA).
    #[arg(long, value_enum)]
    pub partition: Option<Partition>,
}

/// An image that is left out, and why.
struct LeftOut {
    index: usize,
    image: String,
    label: i64,
    kind: Kind,
    detail: String,
}

pub(super) fn convert(args: &ConvertArgs, as_json: bool) -> Result<()> {
    let source = args.set.open()?;
    writer::check_destination(&args.set.path, &args.to, args.write.replace)?;
    let host = args.set.host("convert", 0)?;
    let left_out = match args.repair {
        true => broken(&*source, &host.ctx())?,
        false => Vec::new(),
    };
    let all = match args.repair {
        true => People::of_readable(&*source)?,
        false => People::of(&*source)?,
    };
    let gone: std::collections::HashSet<usize> = left_out.iter().map(|l| l.index).collect();
    let wanted =
        |index| !gone.contains(&index) && args.partition.is_none_or(|part| source.partition(index) == Some(part));
    let selection = Selection::of(&all, 0..all.len(), args.relabel, wanted);
    if args.partition.is_some() && selection.chosen.is_empty() {
        return Err(Error::config(
            "--partition: the set has no such part of an official division",
        ));
    }
    let mut card = selection.card(&args.set.path, &*source, &args.write, &made_by(args))?;
    card.left_out = args.repair.then_some(left_out.len());
    host.enter("write");
    let table = args.repair.then(|| table(&left_out)).transpose()?;
    let beside = |folder: &std::path::Path| match &table {
        Some(table) => atomic::write_bytes(&folder.join("left-out.csv"), table.to_csv().as_bytes()),
        None => Ok(()),
    };
    let names = |label| selection.name(label);
    writer::write_with(
        &*source,
        &selection.chosen,
        &names,
        args.write.format,
        &args.to,
        &card,
        &host.ctx(),
        &beside,
    )?;
    host.enter("");
    if as_json {
        out!(
            "{:#}",
            json!({"set": args.to, "format": args.write.format, "images": card.images, "identities": card.identities, "left_out": card.left_out})
        );
    } else {
        out!(
            "{}: {} images of {} identities, {}",
            args.to.display(),
            card.images,
            card.identities,
            args.write.format
        );
        if let Some(n) = card.left_out {
            out!("left out: {n} images (left-out.csv)");
        }
    }
    Ok(())
}

fn made_by(args: &ConvertArgs) -> String {
    let mut command = format!("ficta data convert --format {}", args.write.format);
    for (flag, given) in [(" --repair", args.repair), (" --relabel", args.relabel)] {
        command += if given { flag } else { "" };
    }
    if let Some(part) = args.partition {
        command += &format!(" --partition {}", json!(part).as_str().unwrap_or_default());
    }
    command
}

fn broken(source: &dyn ImageSource, ctx: &ficta_core::Ctx<'_>) -> Result<Vec<LeftOut>> {
    let all = Chosen::of(source.len(), None);
    let looks = scan(source, all, ctx)?;
    let found = findings(source, all, &looks, Wanted::default()).into_iter();
    let bad = |kind| matches!(kind, Kind::Corrupt | Kind::Empty | Kind::NoLabel | Kind::Duplicate);
    Ok(found
        .filter(|f| bad(f.kind))
        .filter_map(|f| {
            Some(LeftOut {
                index: f.index?,
                image: f.image?,
                label: f.label?,
                kind: f.kind,
                detail: f
                    .other
                    .map_or(f.detail.clone(), |other| format!("{}: {other}", f.detail)),
            })
        })
        .collect())
}

fn table(left_out: &[LeftOut]) -> Result<Table> {
    let kind = |l: &LeftOut| json!(l.kind).as_str().unwrap_or_default().to_owned();
    Table::new()
        .with("index", left_out.iter().map(|l| l.index as i64).collect::<Vec<_>>())?
        .with("image", left_out.iter().map(|l| l.image.clone()).collect::<Vec<_>>())?
        .with("label", left_out.iter().map(|l| l.label).collect::<Vec<_>>())?
        .with("kind", left_out.iter().map(kind).collect::<Vec<_>>())?
        .with("detail", left_out.iter().map(|l| l.detail.clone()).collect::<Vec<_>>())
}
