//! `cargo xtask`: what a checkout needs beyond `cargo build`.

mod apt;
mod bench;
mod cache;
mod client;
mod demo;
mod digest;
mod face_api;
mod fuzz;
mod install;
mod libtorch;
mod lock;
mod manifest;
mod nextest;
mod orl;
mod plugins;
mod setup;
mod steps;
mod test;
mod unsafe_list;
mod wheel;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about = "Set-up, demo and tests of ficta"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Install what is missing into the per-user cache ($FICTA_CACHE, $XDG_CACHE_HOME/ficta or ~/.cache/ficta)
    Setup(setup::Options),
    /// Build the `ficta` command and every plugin, and lay the plugins beside it
    Plugins(plugins::Options),
    /// Set up, build, and run the example on the ORL faces
    Demo(demo::Options),
    /// Check formatting, lints, documentation and every test
    Test(test::Options),
    /// Measure, beside what users would run otherwise
    Bench(bench::Options),
    /// Run every parser under libFuzzer for a short while
    Fuzz(fuzz::Options),
    /// List every `unsafe` with its reason in core/UNSAFE.md
    Unsafe(unsafe_list::Options),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Setup(options) => setup::command(&options).map(|()| ExitCode::SUCCESS),
        Command::Plugins(options) => plugins::command(&options).map(|()| ExitCode::SUCCESS),
        Command::Demo(options) => demo::command(&options),
        Command::Test(options) => test::command(&options).map(|()| ExitCode::SUCCESS),
        Command::Bench(options) => bench::command(&options).map(|()| ExitCode::SUCCESS),
        Command::Fuzz(options) => fuzz::command(&options).map(|()| ExitCode::SUCCESS),
        Command::Unsafe(options) => unsafe_list::command(&options).map(|()| ExitCode::SUCCESS),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
