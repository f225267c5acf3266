//! What the command line of `ficta evaluate` may say.

use std::path::PathBuf;

use crate::{cli::args::PluginFolderArgs, config::ComputeDevice, evaluation::Protocol};

/// `ficta evaluate`
#[derive(clap::Args, Debug)]
#[group(id = "network", required = true, multiple = false, args = ["encoder", "backbone", "features"])]
pub struct EvaluateArgs {
    /// An encoder component.
    #[arg(long, value_name = "NAME")]
    pub encoder: Option<String>,
    /// A backbone component, with trained --weights.
    #[arg(long, value_name = "NAME", requires = "weights")]
    pub backbone: Option<String>,
    /// Features given: safetensors with `feature` [N,d] and optionally `feature_flip`, .npy, or Parquet with a list column; two rows a pair. Once for each --set, in the same order.
    #[arg(long, value_name = "FILE")]
    pub features: Vec<PathBuf>,
    /// A parameter of the encoder or backbone: `--param weights=FILE`.
    #[arg(long = "param", value_name = "KEY=VALUE", conflicts_with = "features")]
    pub params: Vec<String>,
    /// What the backbone was saved to.
    #[arg(long, value_name = "FILE", requires = "backbone")]
    pub weights: Option<PathBuf>,
    /// A verification pack (.bin), LFW's pairs.txt, or a .csv of path_a,path_b,same[,fold]; NAME=PATH gives it another name than the file's.
    #[arg(long = "set", value_name = "PATH", required = true)]
    pub sets: Vec<String>,
    /// Folder of the images that a pairs.txt or .csv names, instead of its own folder.
    #[arg(long, value_name = "DIR")]
    pub images: Option<PathBuf>,
    /// How pairs are compared.
    #[arg(long, value_enum, default_value_t)]
    pub protocol: Protocol,
    /// Folds for pairs that have none of their own.
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub folds: usize,
    /// False acceptance rate of VAL@FAR.
    #[arg(long, value_name = "RATE", default_value_t = 1e-3)]
    pub val_far: f64,
    /// Name of the row, instead of the network's.
    #[arg(long)]
    pub name: Option<String>,
    /// What the gap refers to: a result folder, or a mean accuracy (0.886 or 88.6).
    #[arg(long, value_name = "DIR|ACCURACY")]
    pub reference: Option<String>,
    /// Another network's result folder: a paired bootstrap of the accuracies.
    #[arg(long, value_name = "DIR")]
    pub compare: Option<PathBuf>,
    /// Resamplings of the bootstrap.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub resamplings: usize,
    /// Seed of the bootstrap.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Result folder: tables, ROC, and the distances that --compare takes.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Also writes the features of each set into the result folder, as --features takes them.
    #[arg(long, requires = "out", conflicts_with = "features")]
    pub save_features: bool,
    /// Writes the table as CSV.
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// Writes the tables as Markdown.
    #[arg(long, value_name = "FILE")]
    pub markdown: Option<PathBuf>,
    /// Threads, instead of all.
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Where the network computes if it can: auto (the first GPU where there is one), cpu, cuda or cuda:N.
    #[arg(long, default_value_t = ComputeDevice::Auto)]
    pub device: ComputeDevice,
    /// No progress, no log.
    #[arg(long, short)]
    pub quiet: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub plugins: PluginFolderArgs,
}
