//! The run files of `examples/` are of today's format: they plan on the faces and weights that the set-up installs.

use std::{env, path::PathBuf};

use ficta_tests::{command, product, skipped};

/// The per-user cache with what the examples name; else a visible word that the test is skipped.
fn cache() -> Option<PathBuf> {
    let folder = |name: &str| env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let cache = folder("FICTA_CACHE")
        .or_else(|| folder("XDG_CACHE_HOME").map(|p| p.join("ficta")))
        .or_else(|| folder("HOME").map(|p| p.join(".cache/ficta")))?;
    if ["orl-1.4.0", "face-api-1.7.15"]
        .iter()
        .all(|part| cache.join(part).is_dir())
    {
        return Some(cache);
    }
    assert!(
        env::var_os("FICTA_REQUIRE_ASSETS").is_none_or(|v| v != "1"),
        "FICTA_REQUIRE_ASSETS=1, but {} has no ORL faces and weights: run `cargo xtask setup`",
        cache.display()
    );
    skipped(
        "plans of the examples",
        "there are no ORL faces and weights (cargo xtask setup)",
    );
    None
}

#[test]
fn the_run_files_on_orl_plan() {
    let Some(cache) = cache() else { return };
    let out = tempfile::tempdir().unwrap();
    for (file, arms) in [
        (
            "orl/run.toml",
            &[
                "real",
                "synthetic-real-id-20",
                "fictional-20",
                "fictional-40",
                "fictional-20-midpoint",
                "fictional-20-no-nms",
                "real-plus-fictional-20",
            ][..],
        ),
        ("orl/quick.toml", &["real", "fictional-20"]),
        ("ablation/run.toml", &["real", "radius-080", "per-dim-none"]),
    ] {
        let mut call = command::prepare(&product::executable(), ["plan"]);
        call.arg(product::root().join("examples").join(file))
            .arg("--out")
            .arg(out.path().join("run"))
            .arg("--json")
            .env("FICTA_CACHE", &cache);
        let plan = command::finish(call).succeeded().json();
        let stages: Vec<_> = plan["stages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|s| (s["stage"].as_str().unwrap(), s["state"].as_str().unwrap()))
            .collect();
        assert!(
            stages.iter().all(|(_, state)| *state != "up to date"),
            "{file}: {stages:?}"
        );
        for arm in arms {
            let training = format!("train-backbone/{arm}/seed-0");
            assert!(
                stages.iter().any(|(stage, _)| *stage == training),
                "{file}: no {training} in {stages:?}"
            );
        }
        assert!(!out.path().join("run").exists(), "a plan writes nothing");
    }
}
