//! `run.threads` binds what the host itself does.
#![cfg(target_os = "linux")]

use std::{
    fs::{self, File, OpenOptions},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use rustix::fs::OFlags;

const PHOTOGRAPHS: usize = 24;

const RUN: &str = r#"
[run]
name = "threads"
[data]
path = "faces"
size = 16
min_images = 1
held_out = 4
[encoder]
plugin = "nobody"
[backbone]
plugin = "nobody"
[loss]
plugin = "nobody"
[training]
steps = 1
batch = 1
learning_rate = { schedule = "cosine", peak = 0.1, warmup = 0 }
[arms.real]
real = true
"#;

/// A set of photographs that are pipes: who reads one waits.
fn pipes(folder: &Path) -> Vec<PathBuf> {
    let images = folder.join("faces/img_align_celeba");
    fs::create_dir_all(&images).unwrap();
    let mut list = String::new();
    let mut pipes = Vec::new();
    for i in 0..PHOTOGRAPHS {
        list.push_str(&format!("{i:06}.jpg {i}\n"));
        pipes.push(images.join(format!("{i:06}.jpg")));
    }
    fs::write(folder.join("faces/identity_CelebA.txt"), list).unwrap();
    assert!(Command::new("mkfifo").args(&pipes).status().unwrap().success());
    pipes
}

/// How many photographs a plan of so many threads reads at once.
fn read_at_once(threads: usize) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let pipes = pipes(folder.path());
    fs::write(folder.path().join("run.toml"), RUN).unwrap();
    let mut plan = Command::new(env!("CARGO_BIN_EXE_ficta"))
        .current_dir(folder.path())
        .args(["plan", "run.toml", "--set", &format!("run.threads={threads}")])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // Without waiting, a pipe opens for writing only where somebody reads it; while it is held open, that reader waits on.
    let writer = |path: &PathBuf| -> Option<File> {
        let flags = OFlags::NONBLOCK.bits() as i32;
        OpenOptions::new().write(true).custom_flags(flags).open(path).ok()
    };
    let mut held: Vec<Option<File>> = pipes.iter().map(|_| None).collect();
    let (begun, mut changed) = (Instant::now(), Instant::now());
    loop {
        for (held, path) in held.iter_mut().zip(&pipes).filter(|(held, _)| held.is_none()) {
            *held = writer(path);
            if held.is_some() {
                changed = Instant::now();
            }
        }
        let count = held.iter().flatten().count();
        if count > 0 && changed.elapsed() > Duration::from_secs(1) {
            plan.kill().unwrap();
            plan.wait().unwrap();
            return count;
        }
        if let Some(status) = plan.try_wait().unwrap() {
            panic!("the plan ended with {status}");
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "no photograph is read");
        sleep(Duration::from_millis(5));
    }
}

#[test]
fn photographs_are_read_by_as_many_threads_as_the_run_may_use() {
    assert_eq!([1, 5].map(read_at_once), [1, 5]);
}
