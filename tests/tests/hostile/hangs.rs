//! A component that never returns.

use std::{
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use ficta_tests::{command::Finished, smoke::Smoke};

use super::SELECTOR;

fn signal(name: &str, process: u32) {
    let sent = Command::new("kill")
        .args([name, &process.to_string()])
        .status()
        .expect("kill");
    assert!(sent.success());
}

/// Starts the run, waits until the component hangs, and sends signals.
fn stop(smoke: &Smoke, grace: &str, signals: &[&str]) -> (Finished, Duration) {
    let mut call = SELECTOR.call(smoke, "hang", &["--set", &format!("run.cancel_grace={grace}")]);
    let child = call.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    while !smoke.out().join("propose/fictional/stage.json").exists() {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "it does not come to the selector"
        );
        thread::sleep(Duration::from_millis(50));
    }
    thread::sleep(Duration::from_millis(500));
    let asked = Instant::now();
    for name in signals {
        signal(name, child.id());
        thread::sleep(Duration::from_millis(200));
    }
    let output = child.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let finished = Finished {
        code: output.status.code(),
        stdout: text(&output.stdout),
        stderr: text(&output.stderr),
    };
    (finished, asked.elapsed())
}

#[test]
fn after_the_grace_time_the_run_ends_and_says_who_did_not_return() {
    for name in ["-INT", "-TERM"] {
        let smoke = Smoke::new();
        let (finished, took) = stop(&smoke, "1", &[name]);
        let finished = finished.refused(
            3,
            &[
                "stage select/fictional (selector hostile-selector)",
                "not returned within 1 s",
                "finished stages are kept",
            ],
        );
        assert!(
            (Duration::from_secs(1)..Duration::from_secs(5)).contains(&took),
            "{took:?}\n{finished}"
        );
        SELECTOR.goes_on(&smoke);
    }
}

#[test]
fn a_second_request_ends_it_at_once() {
    let smoke = Smoke::new();
    let (finished, took) = stop(&smoke, "100", &["-INT", "-INT"]);
    assert_eq!(finished.code, Some(3), "{finished}");
    assert!(took < Duration::from_secs(5), "{took:?}");
    SELECTOR.goes_on(&smoke);
}
