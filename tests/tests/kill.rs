//! A run that is killed again and again ends with the bytes of one that was left alone.

use std::{
    fs,
    path::Path,
    process::Child,
    thread::sleep,
    time::{Duration, Instant},
};

use ficta_core::random::Stream;
use ficta_tests::{
    product,
    records::{self, Hashes, differences, outputs},
    smoke::Smoke,
};

/// How often the run is killed.
const KILLS: usize = 20;

/// Stages of which a kill must have hit the middle at least once among them: those that go on from what they have.
const LONG: [&str; 3] = ["train-denoiser", "generate", "train-backbone"];

fn start(smoke: &Smoke, out: &Path) -> Child {
    smoke
        .call(&product::executable(), "run", out, &["--quiet"])
        .spawn()
        .expect("the command starts")
}

/// Kills a run after `delay`; says whether it was still running.
fn kill_after(mut child: Child, delay: Duration) -> bool {
    let end = Instant::now() + delay;
    while Instant::now() < end {
        if let Some(status) = child.try_wait().expect("its state") {
            assert!(status.success(), "a run that was taken up failed: {status}");
            return false;
        }
        sleep(Duration::from_millis(1));
    }
    child.kill().expect("it can be killed");
    !child.wait().expect("its state").success()
}

/// The unfinished work in a run folder: `train-denoiser-0123456789abcdef`.
fn unfinished(out: &Path) -> Vec<String> {
    let Ok(listing) = fs::read_dir(out.join(".work")) else {
        return Vec::new();
    };
    let names = listing.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| name != "lock").collect()
}

fn assert_same(expected: &Hashes, out: &Path) {
    assert_eq!(
        differences(expected, &outputs(out)),
        [""; 0],
        "a killed run ends with other bytes"
    );
    assert_eq!(unfinished(out), [""; 0], "unfinished work is left behind");
    let leftovers: Vec<_> = records::files(out)
        .into_keys()
        .filter(|f| f.contains("partial-") || f.ends_with(".part"))
        .collect();
    assert_eq!(leftovers, [""; 0], "half-written files are left behind");
}

#[test]
fn end_to_end_killed_at_random_moments_and_taken_up_again() {
    let smoke = Smoke::new();
    let undisturbed = smoke.folder().join("undisturbed");
    let began = Instant::now();
    smoke.run_into(&undisturbed, &[]).succeeded();
    let whole = began.elapsed();
    let expected = outputs(&undisturbed);
    let began = Instant::now();
    smoke.run_into(&undisturbed, &[]).succeeded();
    let start_up = began.elapsed();

    // A moment in the start-up makes no progress, and some stages start over: the moments lie all over a whole run, so that each can end.
    let early = start_up.mul_f64(0.8);
    let reach = whole.saturating_sub(early);
    let mut moments = Stream::new(20, "tests.kill", 0, 0);
    let (mut kills, mut hits, mut round) = (0, Vec::new(), 0);
    while kills < KILLS {
        let out = smoke.folder().join(format!("killed-{round}"));
        round += 1;
        while kills < KILLS {
            let delay = early + reach.mul_f64(moments.uniform());
            if !kill_after(start(&smoke, &out), delay) {
                break;
            }
            kills += 1;
            hits.extend(unfinished(&out));
        }
        smoke.run_into(&out, &[]).succeeded();
        assert_same(&expected, &out);
    }
    println!(
        "killed {kills} times in {round} runs of {whole:.1?} (start-up {start_up:.1?}), in the middle of: {hits:?}"
    );
    assert!(
        hits.iter().any(|hit| LONG.iter().any(|stage| hit.starts_with(stage))),
        "no kill hit a long stage: {hits:?}"
    );
}
