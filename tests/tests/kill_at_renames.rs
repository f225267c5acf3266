//! A run that is killed at each of its renames in turn: the moments at which its files appear.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use ficta_tests::{
    product,
    records::{self, differences, outputs},
    skipped,
    smoke::Smoke,
};

/// Runs as far as `select/fictional` under strace and kills it at its `nth` rename; says whether there was one.
fn killed_at(smoke: &Smoke, out: &Path, nth: usize) -> bool {
    let inject = format!("inject=rename,renameat,renameat2:signal=KILL:when={nth}");
    let run = smoke.call(
        &product::executable(),
        "run",
        out,
        &["--quiet", "--until", "select/fictional"],
    );
    let mut traced = Command::new("strace");
    traced.args([
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        "trace=rename,renameat,renameat2",
        "-e",
        &inject,
    ]);
    traced
        .arg(run.get_program())
        .args(run.get_args())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    !traced.status().expect("strace starts").success()
}

fn can_trace() -> bool {
    let tried = Command::new("strace")
        .args(["-f", "-qq", "-o", "/dev/null", "true"])
        .stderr(Stdio::null())
        .status();
    let can = tried.is_ok_and(|status| status.success());
    if !can {
        skipped("a kill at every rename", "strace is missing or may not trace");
    }
    can
}

fn copy(from: &Path, to: &Path) {
    for (name, path) in records::files(from) {
        let to = to.join(name);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(path, to).unwrap();
    }
}

#[test]
fn end_to_end_killed_at_each_rename_and_taken_up_again() {
    if !can_trace() {
        return;
    }
    let smoke = Smoke::new();
    let until = ["--until", "select/fictional"];
    smoke.run(&until).succeeded();
    let expected = outputs(&smoke.out());
    // Stages that stand in the place of others, so that the old ones must make room.
    let old = smoke.folder().join("old");
    smoke
        .run_into(&old, &[&until[..], &["--set", "statistics.unbiased=false"]].concat())
        .succeeded();
    let mut renames = 0;
    loop {
        let out = smoke.folder().join(format!("killed-{renames}"));
        copy(&old, &out);
        if !killed_at(&smoke, &out, renames + 1) {
            break;
        }
        renames += 1;
        outputs(&out); // what claims to be finished is whole
        smoke.run_into(&out, &until).succeeded();
        let what = format!("killed at rename {renames}");
        assert_eq!(differences(&expected, &outputs(&out)), [""; 0], "{what}");
        let left: Vec<_> = records::files(&out)
            .into_keys()
            .filter(|f| f.starts_with(".work/") || f.contains("partial-"))
            .collect();
        assert_eq!(left, [".work/lock"], "{what}: unfinished work is left behind");
        fs::remove_dir_all(&out).unwrap();
    }
    println!("killed at each of {renames} renames");
    assert!(renames >= 10, "only {renames} renames were seen");
}
