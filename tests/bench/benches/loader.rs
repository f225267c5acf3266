//! Images a second that reach a training: JPEG of 112x112, mirrored at random, in batches of 128; from a folder and from RecordIO. And the memory that it
//! takes, of a set and of one a hundred times as large.
//!
//! `cargo xtask bench loader` makes the images and measures a PyTorch DataLoader on the same ones.

use std::{
    env,
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use ficta::{
    data::{
        People,
        source::{Format, open},
        writer::{self, Card, Choice, Origin},
    },
    pipeline::{
        order::Order,
        training_images::{StreamedImages, TrainingImages},
    },
};
use ficta_core::{Ctx, NullHost};

const BATCH: usize = 128;
const SIDE: usize = 112;

fn main() {
    let Some(folder) = env::var_os("FICTA_BENCH_FOLDER").map(PathBuf::from) else {
        println!("FICTA_BENCH_FOLDER names no images: run `cargo xtask bench loader`");
        return;
    };
    let threads = env::var("FICTA_BENCH_THREADS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(2);
    let (images, records) = (folder.join("folder"), folder.join("records"));
    convert(&images, &records);
    for (name, path) in [("folder", &images), ("RecordIO", &records)] {
        measure(name, path, threads);
    }
    let many = folder.join("many");
    let _ = std::fs::remove_dir_all(&many);
    repeat(&records, &many, 100);
    for path in [&records, &many] {
        memory(path, threads);
    }
    // Gigabytes that nobody needs any more.
    let _ = std::fs::remove_dir_all(&many);
}

/// A set of everything in another, so many times.
fn repeat(from: &Path, to: &Path, times: usize) {
    let source = open(from).expect("a set");
    let people = People::of(&*source).expect("labels");
    let everybody: Vec<usize> = (0..people.len()).collect();
    let (indices, labels) = people.images_of(&everybody);
    let once = || indices.iter().zip(&labels);
    let chosen: Vec<Choice> = (0..times)
        .flat_map(|_| once().map(|(&index, &label)| Choice { index, label }))
        .collect();
    let card = Card::from_one(Origin::of(from, &*source), Format::RecordIo, "cargo xtask bench loader");
    let name = |label: i64| people.name(label as usize).to_owned();
    let host = NullHost::default();
    writer::write(&*source, &chosen, &name, Format::RecordIo, to, &card, &Ctx::new(&host)).expect("a set is written");
}

/// Memory of its own (not the system's cache of the files) that this process has at most in 300 batches.
fn memory(path: &Path, threads: usize) {
    let streamed = streamed(path, threads);
    let images = TrainingImages::Streamed(&streamed);
    let mut batches = images.batches(Order::new(1, images.len(), true), BATCH, 3);
    let mut most = 0;
    for step in 0..300 {
        batches.of(step).expect("a batch");
        most = most.max(anonymous_kb());
    }
    println!("ficta loader  {} images: {:.1} MB", images.len(), most as f64 / 1024.0);
}

/// As Linux counts it.
fn anonymous_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    line.and_then(|l| l.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or_default()
}

/// The folder as RecordIO, and how long that and the way back take.
fn convert(images: &Path, records: &Path) {
    let back = records.with_file_name("back");
    for folder in [records, &back] {
        let _ = std::fs::remove_dir_all(folder);
    }
    for (from, to, format) in [(images, records, Format::RecordIo), (records, &back, Format::Folder)] {
        let start = Instant::now();
        let source = open(from).expect("a set");
        let people = People::of(&*source).expect("labels");
        let everybody: Vec<usize> = (0..people.len()).collect();
        let (indices, labels) = people.images_of(&everybody);
        let chosen: Vec<Choice> = indices
            .into_iter()
            .zip(labels)
            .map(|(index, label)| Choice { index, label })
            .collect();
        let card = Card::from_one(Origin::of(from, &*source), format, "cargo xtask bench loader");
        let name = |label: i64| people.name(label as usize).to_owned();
        writer::write(
            &*source,
            &chosen,
            &name,
            format,
            to,
            &card,
            &Ctx::new(&NullHost::default()),
        )
        .expect("a set is written");
        let took = start.elapsed().as_secs_f64();
        let bytes: usize = (0..source.len())
            .map(|i| source.bytes(i).expect("an image").len())
            .sum();
        println!(
            "ficta conversion  {} to {format}  {:8.0} images/s, {:.0} MB/s",
            source.format(),
            chosen.len() as f64 / took,
            bytes as f64 / took / 1e6
        );
    }
}

fn streamed(path: &Path, threads: usize) -> StreamedImages {
    let source = open(path).expect("a set");
    let people = People::of(&*source).expect("labels");
    StreamedImages {
        source: source.into(),
        people: Some(Arc::new(people)),
        height: SIDE,
        width: SIDE,
        threads,
    }
}

fn measure(name: &str, path: &Path, threads: usize) {
    let streamed = streamed(path, threads);
    let images = TrainingImages::Streamed(&streamed);
    let steps = images.len() / BATCH;
    let mut batches = images.batches(Order::new(1, images.len(), true), BATCH, 3);
    // As in the other program, the second of two epochs.
    let mut start = Instant::now();
    for step in 0..2 * steps {
        if step == steps {
            start = Instant::now();
        }
        let (pixels, labels) = batches.of(step).expect("a batch");
        assert!(pixels.len() == BATCH * 3 * SIDE * SIDE && labels.len() == BATCH);
    }
    let rate = (steps * BATCH) as f64 / start.elapsed().as_secs_f64();
    println!("ficta loader  {name:18} {threads} threads  {rate:8.0} images/s");
}
