//! Greedy NMS of identities beside NumPy, PyTorch and faiss, on the same data and cores, each in a process of its own.
//!
//! `cargo xtask bench nms [--quick]` makes the Python environment and starts this. Writes the table and the plot to
//! `target/bench-nms/`, whose path it prints.
#![allow(missing_docs)]

mod data;
mod ours;
mod plot;
mod table;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};

use crate::{ours::Task, table::Row};

/// Shares of the candidates that shall stay.
const SHARES: [f64; 3] = [0.01, 0.3, 0.9];
const SIZES: [usize; 3] = [10_000, 100_000, 1_000_000];
const QUICK: [usize; 1] = [100_000];
/// Seconds after which a peer stops; it finishes its block.
const LIMIT: f64 = 45.0;

fn main() {
    let words: Vec<String> = env::args().skip(1).filter(|word| word != "--bench").collect();
    let threads = env::var("FICTA_BENCH_THREADS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(2);
    if let [child, folder, count, threshold, parents] = words.as_slice()
        && child == "child"
    {
        let task = Task {
            count: count.parse().expect("a number"),
            threshold: threshold.parse().expect("a number"),
            with_parents: parents == "parents",
        };
        let done = ours::select(Path::new(folder), &task, threads).unwrap_or_else(|e| panic!("{e}"));
        println!("{done}");
        return;
    }
    let quick = words.iter().any(|word| word == "--quick");
    let python = env::var_os("FICTA_BENCH_PYTHON").map(PathBuf::from);
    let python = python.expect("FICTA_BENCH_PYTHON names the interpreter: run `cargo xtask bench nms`");
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let bench = Bench {
        folder: target.join("bench-nms"),
        python,
        threads,
    };
    fs::create_dir_all(&bench.folder).expect("a folder for the data");
    bench.run(if quick { &QUICK } else { &SIZES });
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("tests/bench lies in the root")
        .to_path_buf()
}

struct Bench {
    folder: PathBuf,
    python: PathBuf,
    threads: u32,
}

impl Bench {
    fn run(&self, sizes: &[usize]) {
        let most = *sizes.last().expect("a size");
        println!("drawing {most} candidates between {} real identities", data::REAL);
        data::draw(&self.folder, most).expect("room for the data");
        let peak = self.python(&["peak", "0", "0"])["gflops"].as_f64().expect("a rate");
        println!("f32 matrix products: {peak:.0} GFLOP/s on {} threads", self.threads);
        let mut rows = Vec::new();
        for &count in sizes {
            data::write_order(&self.folder, count).expect("room for the data");
            for (share, threshold) in SHARES.iter().zip(self.thresholds(count)) {
                println!(
                    "\n{count} candidates, threshold {threshold:.3} to keep about {:.0}%",
                    share * 100.0
                );
                rows.extend(self.compare(count, threshold, peak));
            }
        }
        let table = table::markdown(&rows, peak);
        let (tables, plot) = (self.folder.join("nms.md"), self.folder.join("nms.svg"));
        fs::write(&tables, &table).expect("room for the table");
        plot::draw(&plot, &rows).unwrap_or_else(|e| panic!("the plot: {e}"));
        fs::write(
            self.folder.join("nms.json"),
            json!(rows.iter().map(Row::json).collect::<Vec<_>>()).to_string(),
        )
        .expect("room for the numbers");
        println!("\n{table}\n{}\n{}", tables.display(), plot.display());
        // Gigabytes that nobody needs any more.
        let _ = fs::remove_file(self.folder.join("candidates.f32"));
    }

    /// The thresholds that come nearest to [`SHARES`], by the yield curve.
    fn thresholds(&self, count: usize) -> Vec<f32> {
        let grid: Vec<f32> = (0..=300).map(|i| 0.65 + i as f32 / 1000.0).collect();
        let (kept, seconds) = ours::curve(&self.folder, count, &grid, self.threads).unwrap_or_else(|e| panic!("{e}"));
        println!(
            "\n{count} candidates: yield curve of {} thresholds in {seconds:.2} s",
            grid.len()
        );
        let nearest = |share: &f64| {
            let off = |i: &usize| (kept[*i] as f64 - share * count as f64).abs();
            grid[(0..grid.len())
                .min_by(|i, j| off(i).total_cmp(&off(j)))
                .expect("a grid")]
        };
        SHARES.iter().map(nearest).collect()
    }

    fn compare(&self, count: usize, threshold: f32, peak: f64) -> Vec<Row> {
        let ours = |parents: &str| {
            self.child(&[
                "child",
                &self.path(),
                &count.to_string(),
                &threshold.to_string(),
                parents,
            ])
        };
        let led = ours("parents");
        let expected = self.kept("ours");
        let alone = ours("features");
        assert_eq!(
            (&led["audit"], &led["kept"]),
            (&alone["audit"], &alone["kept"]),
            "parents changed the outcome"
        );
        let (flop, kept) = (
            led["flop"].as_f64().expect("a count"),
            led["kept"].as_u64().expect("a count"),
        );
        let row = |method: &str, done: &Value, differ: usize| {
            Row::new(method, count, threshold, kept, done, flop, peak, differ)
        };
        let mut rows = vec![
            row("ficta, with parents", &led, 0),
            row("ficta, features alone", &alone, 0),
        ];
        for method in ["numpy", "torch", "faiss"] {
            let done = self.python(&[method, &count.to_string(), &threshold.to_string()]);
            // Products in f32 decide otherwise where a cosine is within some 1e-7 of the threshold, and greedy passes that on.
            let differ = if done["done"].as_u64() == Some(count as u64) {
                differ(&expected, &self.kept(method))
            } else {
                0
            };
            rows.push(row(method, &done, differ));
        }
        rows.iter().for_each(|row| println!("  {row}"));
        rows
    }

    fn path(&self) -> String {
        self.folder.to_string_lossy().into_owned()
    }

    /// Who was kept, sorted.
    fn kept(&self, method: &str) -> Vec<u32> {
        let bytes = fs::read(self.folder.join(format!("{method}.kept"))).expect("the method has written it");
        let mut kept: Vec<u32> = bytes
            .as_chunks::<4>()
            .0
            .iter()
            .map(|b| u32::from_le_bytes(*b))
            .collect();
        kept.sort_unstable();
        kept
    }

    fn child(&self, words: &[&str]) -> Value {
        let mut command = Command::new(env::current_exe().expect("this program has a path"));
        result(command.args(words).env("FICTA_BENCH_THREADS", self.threads.to_string()))
    }

    /// Runs the peers' script: method, count, threshold.
    fn python(&self, words: &[&str; 3]) -> Value {
        let (threads, limit) = (self.threads.to_string(), LIMIT.to_string());
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/nms.py");
        let mut command = Command::new(&self.python);
        command
            .arg(script)
            .arg(&self.folder)
            .args(words)
            .args([&threads, &limit]);
        for name in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"] {
            command.env(name, &threads);
        }
        // Faster for them than the passive waiting that cargo's configuration sets for the trainers.
        result(command.env_remove("OMP_WAIT_POLICY"))
    }
}

/// The JSON that a program prints.
fn result(command: &mut Command) -> Value {
    let out = command
        .output()
        .unwrap_or_else(|e| panic!("{command:?} does not start: {e}"));
    let (said, complained) = (
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr),
    );
    assert!(
        out.status.success(),
        "{command:?} ended with {}:\n{complained}",
        out.status
    );
    serde_json::from_str(said.trim())
        .unwrap_or_else(|e| panic!("{command:?} printed no JSON ({e}): {said}\n{complained}"))
}

/// How many of two sorted lists are in one alone.
fn differ(a: &[u32], b: &[u32]) -> usize {
    let only = |a: &[u32], b: &[u32]| a.iter().filter(|x| b.binary_search(x).is_err()).count();
    only(a, b) + only(b, a)
}
