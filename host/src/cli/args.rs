//! What the command line may say.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use super::{data::DataArgs, evaluate::EvaluateArgs, plan_estimate::EstimateArgs};

/// Fictional identities for face recognition: compose, run and compare.
#[derive(Parser, Debug)]
#[command(name = "ficta", version, about, max_term_width = 100)]
pub struct Args {
    /// Machine-readable results on stdout.
    #[arg(long, global = true)]
    pub json: bool,
    #[allow(missing_docs)]
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Runs what a run file says, from where it stands.
    Run(RunArgs),
    /// Shows the stages of a run: what is up to date and what will run.
    Plan(PlanArgs),
    /// Lists or inspects plugins.
    Plugins(PluginsArgs),
    /// Reads, checks, writes, divides and aligns sets of faces.
    Data(DataArgs),
    /// Measures a network, or features, on verification sets: LFW and its kind.
    Evaluate(Box<EvaluateArgs>),
    /// Shows the table of a finished run and where its report is.
    Report(ReportArgs),
    /// Computes raw features of aligned faces.
    Encode(super::encode::EncodeArgs),
    /// Describes the identities of features: mean and variance of each.
    Stats(super::stats::StatsArgs),
    /// Proposes fictional identities from real ones.
    Propose(super::propose::ProposeArgs),
    /// Decides which candidates stay, with the reason for each.
    Select(super::select::SelectArgs),
    /// Makes images of identities by the trained denoiser of a run.
    Generate(Box<super::generate::GenerateArgs>),
    /// Measures a generated set beside a real one: U, P, D, FDR, EER and others, and a table of its identities.
    Metrics(super::metrics::MetricsArgs),
    /// Does a fictional person look like a real one? Thresholds calibrated on real impostors, counts and a verdict.
    Audit(super::audit::AuditArgs),
    /// Trains a backbone on labelled faces.
    Train(super::train::TrainArgs),
    /// Writes a trained backbone as weights (.safetensors, .pth) and ONNX, with a model card.
    Export(super::export::ExportArgs),
}

/// What `run` and `plan` share.
#[derive(clap::Args, Debug)]
pub struct RunFileArgs {
    /// The run file (TOML).
    pub run_file: PathBuf,
    /// Run folder, instead of the run file's.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Overrides a value: `--set denoiser.training.steps=100`.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Stops after this stage (`select`, `generate/fictional`).
    #[arg(long, value_name = "STAGE")]
    pub until: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub plugins: PluginFolderArgs,
}

/// Where plugins are looked for.
#[derive(clap::Args, Debug)]
pub struct PluginFolderArgs {
    /// A folder with plugin libraries; looked at before `FICTA_PLUGIN_PATH` and `plugins/` beside the executable.
    #[arg(long = "plugins", value_name = "DIR")]
    pub folders: Vec<PathBuf>,
}

/// `ficta run`
#[derive(clap::Args, Debug)]
pub struct RunArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub file: RunFileArgs,
    /// No progress, no log.
    #[arg(long, short)]
    pub quiet: bool,
    /// Accepts libraries that are others than those in the run folder's `plugins.lock`; what depends on them runs again.
    #[arg(long)]
    pub relock: bool,
}

/// `ficta plan`
#[derive(clap::Args, Debug)]
pub struct PlanArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub file: RunFileArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub estimate: EstimateArgs,
}

/// `ficta plugins`
#[derive(clap::Args, Debug)]
pub struct PluginsArgs {
    #[allow(missing_docs)]
    #[command(subcommand)]
    pub command: PluginsCommand,
}

/// What to do with plugins.
#[derive(Subcommand, Debug)]
pub enum PluginsCommand {
    /// Every component, and the libraries that were rejected with reason and fix.
    List {
        #[command(flatten)]
        #[allow(missing_docs)]
        plugins: PluginFolderArgs,
    },
    /// What a library says of itself: versions, components, parameters; or one component's parameters.
    Inspect(InspectArgs),
    /// Runs the conformance suite on a built library and gives a verdict on each component.
    Check(CheckArgs),
    /// Writes a crate with a plugin of your own: it builds and passes its tests as it is.
    New(NewArgs),
    /// Accepts the libraries that a run finds now: writes them to `plugins.lock` in its run folder.
    Lock(LockArgs),
}

/// `ficta plugins inspect`
#[derive(clap::Args, Debug)]
pub struct InspectArgs {
    /// A library's file, or the name of a component.
    pub what: PathBuf,
    /// Where components are looked for by name.
    #[command(flatten)]
    pub plugins: PluginFolderArgs,
    /// Only what stands in the library's file: nothing of it is run.
    #[arg(long)]
    pub stamp: bool,
    /// For a library with another layout: abi_stable's whole report.
    #[arg(long)]
    pub layout: bool,
}

/// `ficta plugins check`
#[derive(clap::Args, Debug)]
pub struct CheckArgs {
    /// The library's file.
    pub library: PathBuf,
    /// Parameters of a component, as JSON: `--params 'dlib-resnet={"weights": "DIR"}'`.
    #[arg(long = "params", value_name = "NAME=JSON")]
    pub params: Vec<String>,
    /// Only this component.
    #[arg(long = "component", value_name = "NAME")]
    pub components: Vec<String>,
    /// Leaves a check out, for a component that departs from it on purpose: `--skip gradient`.
    #[arg(long = "skip", value_name = "CHECK")]
    pub skip: Vec<String>,
}

/// `ficta plugins new`
#[derive(clap::Args, Debug)]
pub struct NewArgs {
    /// Name of crate and component: lower-case words joined by hyphens.
    pub name: String,
    /// What it is: loss, sampler, selector, proposer, encoder, denoiser, backbone, communicator.
    #[arg(long)]
    pub kind: String,
    /// The folder to write, instead of ./NAME.
    #[arg(long, value_name = "DIR")]
    pub path: Option<PathBuf>,
    /// ficta-core's sources (a folder) or version; by default the sources that this command was built from.
    #[arg(long, value_name = "DIR|VERSION")]
    pub core: Option<String>,
}

/// `ficta plugins lock`
#[derive(clap::Args, Debug)]
pub struct LockArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub file: RunFileArgs,
}

/// `ficta report`
#[derive(clap::Args, Debug)]
pub struct ReportArgs {
    /// The run folder.
    pub run_folder: PathBuf,
}
