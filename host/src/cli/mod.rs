//! The `ficta` command.

mod args;
mod cancellation;
mod component_args;
mod export;
mod model_card;
mod own_stdout;
mod plan;
mod plugin_folders;
mod plugins;
mod report;
mod run;
mod train;

use std::process::ExitCode;

use clap::Parser;
use ficta_core::{Error, ErrorKind};

pub use args::Args;

/// Parses the command line, does what it says and gives the exit code: 0 done; 1 the work failed; 2 wrong usage or config;
/// 3 cancelled; 4 data invalid.
pub fn main() -> ExitCode {
    let args = Args::parse();
    crate::crash_notice::install();
    if let Err(error) = own_stdout::take() {
        eprintln!("error: {error}");
        return ExitCode::from(code(&error));
    }
    let done = match &args.command {
        args::Command::Run(run) => run::run(run, args.json),
        args::Command::Plan(plan) => plan::plan(plan, args.json),
        args::Command::Plugins(plugins) => plugins::plugins(plugins, args.json),
        args::Command::Report(report) => report::report(report, args.json),
        args::Command::Train(train) => train::train(train, args.json),
        args::Command::Export(export) => export::export(export, args.json),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(code(&error))
        }
    }
}

fn code(error: &Error) -> u8 {
    match error.kind() {
        ErrorKind::CONFIG => 2,
        ErrorKind::CANCELLED => 3,
        _ => 1,
    }
}
