//! `ficta data inspect`.

use ficta_core::Result;

use super::opened::SetArgs;
use crate::{
    cli::own_stdout::out,
    data::check::{Chosen, Kind, Spread, Summary, Wanted, findings, scan},
};

/// `ficta data inspect`
#[derive(clap::Args, Debug)]
pub struct InspectArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub set: SetArgs,
    /// Looks at so many evenly spaced images instead of all.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub sample: Option<u32>,
}

pub(super) fn inspect(args: &InspectArgs, as_json: bool) -> Result<()> {
    let source = args.set.open()?;
    let host = args.set.host("inspect", 0)?;
    let chosen = Chosen::of(source.len(), args.sample.map(|n| n as usize));
    let looks = scan(&*source, chosen, &host.ctx())?;
    host.enter("");
    let summary = Summary::of(&*source, chosen, &looks);
    let found = findings(&*source, chosen, &looks, Wanted::default());
    let count = |kind| found.iter().filter(|f| f.kind == kind).count();
    let (same, near) = (count(Kind::Duplicate), count(Kind::NearDuplicate));
    if as_json {
        out!(
            "{:#}",
            serde_json::json!({"set": args.set.path, "summary": summary, "duplicates": same, "near_duplicates": near})
        );
        return Ok(());
    }
    show(&summary, chosen);
    out!("duplicates  {same} with the bytes, {near} with nearly the picture of an image before them");
    let names = [
        "Mean red below mean blue: the channels look exchanged (BGR)",
        "as RGB has it",
    ];
    match summary.bluer_than_red {
        None => out!("colour      all grey"),
        Some(share) => out!(
            "colour      {} grey; {:.1}% of the others bluer than red in the middle: {}",
            summary.grey,
            share * 100.0,
            names[usize::from(!summary.channels_look_exchanged)]
        ),
    }
    Ok(())
}

/// Layout, counts, sizes and identities as text.
fn show(summary: &Summary, chosen: Chosen) {
    out!("layout      {}", summary.format);
    out!("images      {}", summary.images);
    out!("identities  {}", summary.identities);
    if let Some(spread) = summary.images_per_identity {
        out!("images each {}", text(spread));
        let bars: Vec<_> = summary.histogram.iter().map(|(bar, n)| format!("{bar}: {n}")).collect();
        out!("            {}", bars.join(", "));
    }
    if !chosen.is_all() {
        out!(
            "looked at   {} evenly spaced images; what follows is of these",
            summary.looked_at
        );
    }
    let counts = |of: &std::collections::BTreeMap<String, usize>| {
        let mut all: Vec<_> = of.iter().collect();
        all.sort_by_key(|(_, n)| std::cmp::Reverse(**n));
        let more = all.len().saturating_sub(8);
        let mut text: Vec<_> = all.iter().take(8).map(|(what, n)| format!("{what}: {n}")).collect();
        if more > 0 {
            text.push(format!("and {more} more"));
        }
        text.join(", ")
    };
    out!("sizes       {}", counts(&summary.sizes));
    out!("encodings   {}", counts(&summary.encodings));
    if let Some(spread) = summary.bytes {
        out!("bytes each  {}", text(spread));
    }
    out!("broken      {}", summary.broken);
    summary.notes.iter().for_each(|note| out!("note        {note}"));
}

fn text(spread: Spread) -> String {
    let Spread {
        least,
        quarter,
        median,
        three_quarters,
        largest,
        mean,
    } = spread;
    format!("{least} to {largest}, quartiles {quarter}, {median}, {three_quarters}, mean {mean:.1}")
}
