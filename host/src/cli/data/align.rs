//! `ficta data align`.

use std::path::PathBuf;

use ficta_core::{Error, Result};

use crate::{
    cli::{cancellation, own_stdout::out, threads},
    data::{
        ImageSource,
        align::{AlignOptions, Aligned, Encoding, FAILURES, LandmarkTable, Template, align_all},
        source::{self, Format},
        writer::{Card, Origin},
    },
    run_host::RunHost,
    storage::hash,
};

/// `ficta data align`
#[derive(clap::Args, Debug)]
pub struct AlignArgs {
    /// The labelled set, in any layout.
    pub source: PathBuf,
    /// The folder to fill: `person/image`. A run that was stopped goes on.
    pub out: PathBuf,
    /// Landmarks: a CSV of path,x1,y1,...,x5,y5 with paths `person/image.ext` or `image.ext`, or CelebA's list; without it, those of the set itself.
    #[arg(long, value_name = "FILE")]
    pub landmarks: Option<PathBuf>,
    /// Height of an aligned image: a multiple of 112 or 128.
    #[arg(long, value_name = "PIXELS", default_value_t = 112)]
    pub size: usize,
    /// Where landmarks come to lie.
    #[arg(long, value_enum, default_value_t)]
    pub template: Template,
    /// What aligned images are stored as.
    #[arg(long, value_enum, default_value_t)]
    pub format: Encoding,
    /// Threads, instead of all.
    #[arg(long, value_name = "N")]
    pub threads: Option<std::num::NonZeroUsize>,
    /// No progress, no log.
    #[arg(long, short)]
    pub quiet: bool,
}

pub fn align(args: &AlignArgs, as_json: bool) -> Result<()> {
    args.template.at(args.size)?;
    let threads = threads::keep_to(args.threads.map_or(0, usize::from))?;
    let host = RunHost::new(0, threads, args.quiet, cancellation::on_ctrl_c()?);
    host.enter("align");
    let set = source::open(&args.source)?;
    let table = args.landmarks.as_deref().map(LandmarkTable::read).transpose()?;
    let options = AlignOptions {
        template: args.template,
        size: args.size,
        format: args.format,
        landmarks: args
            .landmarks
            .as_deref()
            .map(hash::of_file)
            .transpose()?
            .unwrap_or_default(),
    };
    let result = align_all(&*set, table.as_ref(), &args.out, &options, &host.ctx())?;
    host.enter("");
    card(args, &*set, &result).write(&args.out)?;
    match as_json {
        true => out!("{:#}", serde_json::json!(result)),
        false => out!(
            "{}: {} aligned, {} were there, {} failed",
            args.out.display(),
            result.aligned,
            result.present,
            result.failures.len()
        ),
    }
    match result.failures.first() {
        None => Ok(()),
        Some((name, why)) => Err(Error::data(format!(
            "{} of {} images could not be aligned, the first is {name}: {why}",
            result.failures.len(),
            set.len()
        ))
        .help(format!(
            "{} lists them; mend or remove them and run again",
            args.out.join(FAILURES).display()
        ))),
    }
}

/// Aligned images are under what the originals are under.
fn card(args: &AlignArgs, set: &dyn ImageSource, result: &Aligned) -> Card {
    let command = format!("ficta data align --size {}", args.size);
    let mut card = Card::from_one(Origin::of(&args.source, set), Format::Folder, &command);
    card.images = result.aligned + result.present;
    let labels: std::collections::BTreeSet<i64> = (0..set.len()).map(|i| set.label(i)).filter(|l| *l >= 0).collect();
    card.identities = labels.len();
    card.left_out = (!result.failures.is_empty()).then_some(result.failures.len());
    card
}
