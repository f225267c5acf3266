//! A run folder that another process works in, and a run that is asked to stop.

use std::{
    process::{Child, Command},
    thread::sleep,
    time::{Duration, Instant},
};

use ficta_tests::product;

use super::Begun;

/// Waits until `look` finds something.
pub fn wait_for<T>(look: impl Fn() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "nothing after a minute");
        sleep(Duration::from_millis(2));
    }
}

/// A run that trains for a very long time, in the middle of it.
fn long_run(begun: &Begun) -> Child {
    let long = ["--set", "denoiser.training.steps=1000000", "--until", "train-denoiser"];
    let child = begun
        .smoke
        .call(&product::executable(), "run", &begun.smoke.out(), &long)
        .spawn()
        .unwrap();
    let work = begun.smoke.out().join(".work");
    let training = |entry: std::fs::DirEntry| {
        entry
            .file_name()
            .to_string_lossy()
            .starts_with("train-denoiser")
            .then_some(())
    };
    wait_for(|| std::fs::read_dir(&work).ok()?.find_map(|entry| training(entry.ok()?)));
    child
}

#[test]
fn a_run_folder_in_use_is_refused_and_free_again_after_a_kill() {
    let begun = Begun::new();
    let mut other = long_run(&begun);
    begun.refuses("folder_in_use", &["--until", "data"], 2, &["another process", "--out"]);
    other.kill().unwrap();
    other.wait().unwrap();
    begun.smoke.run(&["--until", "data"]).succeeded();
}

#[test]
fn an_interrupt_stops_a_run_with_its_own_code() {
    let begun = Begun::new();
    let mut run = long_run(&begun);
    let asked = Instant::now();
    let sent = Command::new("kill")
        .args(["-INT", &run.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
    assert_eq!(run.wait().unwrap().code(), Some(3));
    assert!(
        asked.elapsed() < Duration::from_secs(10),
        "it took {:?} to stop",
        asked.elapsed()
    );
    assert_eq!(ficta_tests::records::results(&begun.smoke.out()), begun.before);
}
