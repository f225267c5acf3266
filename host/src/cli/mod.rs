//! The `ficta` command.

mod args;
mod audit;
mod cancellation;
mod component_params;
mod data;
mod encode;
mod evaluate;
mod export;
mod generate;
mod metrics;
mod model_card;
mod own_stdout;
mod plan;
mod plan_estimate;
mod plugin_folders;
mod plugins;
mod propose;
mod report;
mod run;
mod select;
mod stats;
mod table_file;
mod threads;
mod train;
mod train_evaluation;
mod unfinished;
mod work;

use std::process::ExitCode;

use clap::Parser;
use ficta_core::{Error, ErrorKind};

pub use args::Args;

/// Parses the command line, does what it says and gives the exit code: 0 done; 1 the work failed; 2 wrong usage or config;
/// 3 cancelled; 4 data invalid.
pub fn main() -> ExitCode {
    let args = Args::parse();
    settings_of_libraries();
    crate::crash_notice::install();
    if let Err(error) = own_stdout::take() {
        eprintln!("error: {error}");
        return ExitCode::from(code(&error));
    }
    let mut invalid = false;
    let done = match &args.command {
        args::Command::Run(run) => run::run(run, args.json),
        args::Command::Plan(plan) => plan::plan(plan, args.json),
        args::Command::Plugins(plugins) => plugins::plugins(plugins, args.json),
        args::Command::Evaluate(evaluate) => evaluate::evaluate(evaluate, args.json),
        args::Command::Data(data) => match data::data(data, args.json) {
            Ok(data::Outcome::Invalid) => {
                invalid = true;
                Ok(())
            }
            Ok(data::Outcome::Done) => Ok(()),
            Err(e) => Err(e),
        },
        args::Command::Report(report) => report::report(report, args.json),
        args::Command::Encode(encode) => encode::encode(encode, args.json),
        args::Command::Stats(stats) => stats::stats(stats, args.json),
        args::Command::Propose(propose) => propose::propose(propose, args.json),
        args::Command::Select(select) => select::select(select, args.json),
        args::Command::Metrics(metrics) => metrics::metrics(metrics, args.json),
        args::Command::Audit(audit) => audit::audit(audit, args.json),
        args::Command::Generate(generate) => generate::generate(generate, args.json),
        args::Command::Train(train) => train::train(train, args.json),
        args::Command::Export(export) => export::export(export, args.json),
    };
    // From here on the process ends by its own will.
    crate::at_work::set("");
    match done {
        Ok(()) if invalid => ExitCode::from(4),
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(code(&error))
        }
    }
}

/// Sets what libraries of plugins read from the environment when they come into the process, unless the user did.
fn settings_of_libraries() {
    let set = |name| std::env::var_os(name).is_some();
    // By default libgomp's idle threads spin: with any other busy process on the machine training on libtorch was up to five times slower.
    if !set("OMP_WAIT_POLICY") && !set("GOMP_SPINCOUNT") {
        // SAFETY: the process has no other thread yet: this is called first in `main`.
        unsafe { std::env::set_var("OMP_WAIT_POLICY", "passive") };
    }
    // cuBLAS gives the same bits on each run only with workspaces of a fixed size.
    if !set("CUBLAS_WORKSPACE_CONFIG") {
        // SAFETY: as above.
        unsafe { std::env::set_var("CUBLAS_WORKSPACE_CONFIG", ":4096:8") };
    }
}

fn code(error: &Error) -> u8 {
    match error.kind() {
        ErrorKind::CONFIG => 2,
        ErrorKind::CANCELLED => 3,
        _ => 1,
    }
}
