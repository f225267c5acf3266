//! `ficta data`.

mod align;
mod choose;
mod convert;
mod fetch;
mod inspect;
mod make_pairs;
mod opened;
mod split;
mod stats;
mod validate;

use clap::Subcommand;
use ficta_core::Result;

/// `ficta data`
#[derive(clap::Args, Debug)]
pub struct DataArgs {
    #[allow(missing_docs)]
    #[command(subcommand)]
    pub command: DataCommand,
}

/// What to do with sets of labelled images.
#[derive(Subcommand, Debug)]
pub enum DataCommand {
    /// What lies there: layout, counts, sizes, identities, duplicates, channel order.
    Inspect(inspect::InspectArgs),
    /// Lists what is wrong with a set, or shared with another; ends with 4 where there is anything.
    Validate(Box<validate::ValidateArgs>),
    /// Writes a set in another layout, the encoded images as they are.
    Convert(convert::ConvertArgs),
    /// Divides a set into sets that share no identity.
    Split(split::SplitArgs),
    /// Pixels and identities in numbers.
    Stats(stats::StatsArgs),
    /// Brings a set that may be downloaded: `orl`.
    Fetch(fetch::FetchArgs),
    /// Draws verification pairs from a labelled set: a pack (.bin) or a list of paths (.csv).
    MakePairs(make_pairs::MakePairsArgs),
    /// Brings faces to InsightFace's template by five landmarks.
    Align(align::AlignArgs),
}

/// How a command ended that did its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done.
    Done,
    /// Done, and the data are not valid.
    Invalid,
}

/// Runs one of the commands.
///
/// # Errors
/// The command's.
pub fn data(args: &DataArgs, as_json: bool) -> Result<Outcome> {
    match &args.command {
        DataCommand::Inspect(args) => inspect::inspect(args, as_json),
        DataCommand::Validate(args) => return validate::validate(args, as_json),
        DataCommand::Convert(args) => convert::convert(args, as_json),
        DataCommand::Split(args) => split::split(args, as_json),
        DataCommand::Stats(args) => stats::stats(args, as_json),
        DataCommand::Fetch(args) => fetch::fetch(args, as_json),
        DataCommand::MakePairs(args) => make_pairs::make_pairs(args, as_json),
        DataCommand::Align(args) => align::align(args, as_json),
    }?;
    Ok(Outcome::Done)
}
