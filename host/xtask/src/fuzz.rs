//! `cargo xtask fuzz`: every parser under libFuzzer, each for a short while.
//!
//! The targets are in `tests/fuzz`, laid out as `cargo fuzz` wants them, which can run them as well. Here they are built by the stable compiler: the
//! instrumentation of coverage that libFuzzer needs is LLVM's own; what only a nightly compiler has are the sanitizers.

use std::ffi::OsString;
use std::fs;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context, Result, bail};

use crate::workspace;

#[derive(clap::Args)]
pub struct Options {
    /// Only these targets (`tests/fuzz/fuzz_targets`)
    targets: Vec<String>,
    /// Seconds for each; 0 runs the committed corpus alone
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// Targets at once
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    jobs: u16,
    /// Seed of the mutations
    #[arg(long, default_value_t = 1)]
    seed: u32,
}

/// What libFuzzer goes by: a counter on each edge of the control flow, and the operands of comparisons.
const COVERAGE: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing";

/// Longest input in bytes, and megabytes that the process may take.
const LIMITS: [&str; 2] = ["-max_len=65536", "-rss_limit_mb=2048"];

/// Seconds after which an input hangs, on a core of its own. Within the limits of an image a few hundred bytes are honestly decoded to 34 million
/// pixels, which takes 4.
const TIMEOUT: usize = 10;

pub fn command(options: &Options) -> Result<()> {
    let folder = workspace::root().join("tests/fuzz");
    let all = targets(&folder)?;
    if let Some(other) = options.targets.iter().find(|name| !all.contains(name)) {
        bail!("there is no target `{other}`, only {}", all.join(", "));
    }
    let wanted = |name: &&String| options.targets.is_empty() || options.targets.contains(name);
    let chosen: Vec<&String> = all.iter().filter(wanted).collect();
    let triple = host_triple()?;
    let target_folder = workspace::target().join("fuzz");
    let mut build = workspace::cargo(&folder);
    build
        .args(["build", "--release", "--target", &triple])
        .env("CARGO_TARGET_DIR", &target_folder)
        .env("RUSTFLAGS", COVERAGE);
    for name in &chosen {
        build.args(["--bin", name]);
    }
    if !build.status().context("cannot start cargo")?.success() {
        bail!("the fuzz targets do not build");
    }
    println!("\n{:16} {:>12} {:>9} {:>8}", "target", "executions", "per s", "edges");
    let queue = Mutex::new(chosen.into_iter());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let worker = || -> Result<Vec<&str>> {
        let mut failed = Vec::new();
        while let Some(name) = next() {
            let executable = target_folder.join(&triple).join("release").join(name);
            match run(options, &folder, &target_folder, name, &executable)? {
                Some(figures) => println!("{name:16} {figures}"),
                None => failed.push(name.as_str()),
            }
        }
        Ok(failed)
    };
    let failed = thread::scope(|scope| {
        let workers: Vec<_> = (0..options.jobs).map(|_| scope.spawn(worker)).collect();
        let join = |worker: thread::ScopedJoinHandle<'_, _>| worker.join().unwrap_or_else(|panic| resume_unwind(panic));
        workers.into_iter().map(join).collect::<Result<Vec<_>>>()
    })?
    .concat();
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}

/// Runs a target. What libFuzzer said goes to `LOG`; the figures, or none where an input failed.
fn run(options: &Options, folder: &Path, out: &Path, name: &str, executable: &Path) -> Result<Option<String>> {
    // libFuzzer writes what it finds into the first folder; the committed one is only read.
    let found = out.join("corpus").join(name);
    let crashes = out.join("crashes").join(name);
    for path in [&found, &crashes] {
        fs::create_dir_all(path).with_context(|| format!("cannot make {}", path.display()))?;
    }
    let artifacts = OsString::from(format!("-artifact_prefix={}/", crashes.display()));
    let log = crashes.with_extension("log");
    let mut call = workspace::tool(&executable.to_string_lossy());
    match options.seconds {
        0 => call.arg("-runs=0"),
        seconds => call.arg(format!("-max_total_time={seconds}")),
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    call.args(LIMITS)
        .arg(format!(
            "-timeout={}",
            TIMEOUT * usize::from(options.jobs).div_ceil(cores)
        ))
        .args([format!("-seed={}", options.seed), "-print_final_stats=1".into()])
        .arg(&artifacts)
        .arg(&found)
        .arg(folder.join("corpus").join(name))
        .stdout(Stdio::null())
        .stderr(fs::File::create(&log).with_context(|| format!("cannot write {}", log.display()))?);
    // Most readers take files: in memory they cost least.
    if Path::new("/dev/shm").is_dir() {
        call.env("TMPDIR", "/dev/shm");
    }
    let status = call
        .status()
        .with_context(|| format!("cannot start {}", executable.display()))?;
    let said = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
    if status.success() {
        return Ok(Some(figures(&said)));
    }
    let lines: Vec<&str> = said.lines().collect();
    let last = lines[lines.len().saturating_sub(30)..].join("\n    ");
    println!(
        "{name:16} FAILED; the input is in {}, the log is {}\n    {last}",
        crashes.display(),
        log.display()
    );
    Ok(None)
}

/// Executions, executions a second and edges reached, out of libFuzzer's own lines.
fn figures(said: &str) -> String {
    let statistic = |name: &str| {
        let line = said.lines().find_map(|line| line.strip_prefix(name));
        line.map_or("-", str::trim).to_owned()
    };
    let edges = said
        .lines()
        .rev()
        .find_map(|line| line.split_once("cov: ")?.1.split_whitespace().next())
        .unwrap_or("-");
    format!(
        "{:>12} {:>9} {edges:>8}",
        statistic("stat::number_of_executed_units:"),
        statistic("stat::average_exec_per_sec:")
    )
}

fn targets(folder: &Path) -> Result<Vec<String>> {
    let list = folder.join("fuzz_targets");
    let mut names = Vec::new();
    for entry in fs::read_dir(&list).with_context(|| format!("cannot read {}", list.display()))? {
        let path: PathBuf = entry?.path();
        names.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
    }
    names.sort();
    Ok(names)
}

/// The platform of the compiler. It is named in the build, so that build scripts go without the instrumentation.
fn host_triple() -> Result<String> {
    let output = workspace::tool("rustc")
        .arg("-vV")
        .output()
        .context("cannot start rustc")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let triple = text.lines().find_map(|line| line.strip_prefix("host: "));
    triple.map(str::to_owned).context("`rustc -vV` names no host")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_is_built_and_has_a_corpus() {
        let folder = workspace::root().join("tests/fuzz");
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        let names = targets(&folder).unwrap();
        assert_eq!(manifest.matches("[[bin]]").count(), names.len());
        for name in names {
            assert!(
                manifest.contains(&format!("name = \"{name}\"\npath = \"fuzz_targets/{name}.rs\"")),
                "{name}"
            );
            let corpus = fs::read_dir(folder.join("corpus").join(&name));
            assert!(
                corpus.is_ok_and(|mut entries| entries.next().is_some()),
                "{name} has no corpus"
            );
        }
    }

    #[test]
    fn libfuzzers_figures_are_read() {
        let said = "#2\tINITED cov: 10 ft: 11\n#99\tDONE   cov: 321 ft: 400 corp: 5\nstat::number_of_executed_units: 99\nstat::average_exec_per_sec:     33\n";
        assert_eq!(
            figures(said).split_whitespace().collect::<Vec<_>>(),
            ["99", "33", "321"]
        );
        assert_eq!(figures("").split_whitespace().collect::<Vec<_>>(), ["-", "-", "-"]);
    }
}
