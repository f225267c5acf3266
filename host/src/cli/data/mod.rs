//! `ficta data`.

mod align;
mod make_pairs;

use clap::Subcommand;
use ficta_core::Result;

/// `ficta data`
#[derive(clap::Args, Debug)]
pub struct DataArgs {
    #[allow(missing_docs)]
    #[command(subcommand)]
    pub command: DataCommand,
}

/// What to do with data.
#[derive(Subcommand, Debug)]
pub enum DataCommand {
    /// Draws verification pairs from a labelled set: a pack (.bin) or a list of paths (.csv).
    MakePairs(make_pairs::MakePairsArgs),
    /// Brings faces to InsightFace's template by five landmarks.
    Align(align::AlignArgs),
}

pub fn data(args: &DataArgs, as_json: bool) -> Result<()> {
    match &args.command {
        DataCommand::MakePairs(make_pairs) => make_pairs::make_pairs(make_pairs, as_json),
        DataCommand::Align(align) => align::align(align, as_json),
    }
}
