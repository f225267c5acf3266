//! Plugins that break the contract in one way each: the suite finds it, and says why.

use ficta_core::testing::{
    BuiltLibrary,
    conformance::{Outcome, Verdict},
};
use ficta_tests::{outside_crate, product};

/// Component, fault, the checks that must fail and no others, and words of the first reason.
const FAULTS: &[(&str, &str, &[&str], &str)] = &[
    ("loss", "half-gradient", &["gradient"], "not the derivative"),
    (
        "loss",
        "leaves-norms",
        &["writes-everything", "gradient", "mean-over-rows", "order-of-rows"],
        "unwritten elements are NaN",
    ),
    ("loss", "counts-threads", &["threads"], "1 thread and 2"),
    (
        "loss",
        "not-repeatable",
        &["deterministic", "threads", "state"],
        "two fresh instances",
    ),
    ("loss", "sums", &["gradient", "mean-over-rows"], "not the derivative"),
    (
        "loss",
        "first-row-counts-twice",
        &["gradient", "mean-over-rows", "order-of-rows"],
        "",
    ),
    ("loss", "forgets-state", &["gradient", "state"], ""),
    ("loss", "clamps-labels", &["labels-out-of-range"], "was accepted"),
    ("loss", "hides-nan", &["nan"], "was accepted"),
    ("loss", "panics", &["wrong-shapes", "wrong-types"], "led to a panic"),
    ("loss", "never-looks", &["cancellation"], "a second is allowed"),
    ("loss", "progress-falls", &["progress"], "fell from 2 to 1"),
    ("sampler", "one-stream", &["batch-composition"], "rows in another order"),
    ("sampler", "ignores-seeds", &["seeds"], "the same images"),
    (
        "sampler",
        "ignores-conditions",
        &["conditions", "nan", "wrong-types"],
        "the condition is not used",
    ),
    (
        "sampler",
        "not-repeatable",
        &["deterministic", "batch-composition", "threads"],
        "two fresh instances",
    ),
    (
        "sampler",
        "swallows-errors",
        &["denoisers-error", "denoisers-nan", "nan", "wrong-shapes", "wrong-types"],
        "was accepted",
    ),
    ("sampler", "out-of-range", &["range"], "in [-1, 1]"),
    ("sampler", "miscounts", &["predictions"], "it tells of 21"),
    (
        "selector",
        "miscounts",
        &["decisions", "nan", "no-candidates"],
        "decisions are `keep`",
    ),
    ("selector", "ranks-from-one", &["decisions", "nan"], "are not 0 to"),
    ("selector", "wrong-blocker", &["blockers"], "but it is"),
    ("selector", "counts-threads", &["threads"], "1 thread and 2"),
    ("selector", "hides-nan", &["nan"], "was accepted"),
    ("proposer", "more-than-asked", &["count"], "it makes 21"),
    ("proposer", "not-unit", &["unit-features", "seed"], "expected 1"),
    (
        "proposer",
        "no-such-parent",
        &["parents", "seed"],
        "expected a row of the 12 identities",
    ),
    (
        "proposer",
        "negative-variance",
        &["t-and-variance", "seed"],
        "expected at least 0",
    ),
    (
        "proposer",
        "not-repeatable",
        &["deterministic", "threads", "prefix", "nan", "zero-mean"],
        "two fresh instances",
    ),
    ("encoder", "says-nothing", &["info"], "description"),
    ("encoder", "panics", &["wrong-shapes"], "led to a panic"),
    ("encoder", "centres-the-batch", &["batch-composition"], ""),
    ("encoder", "blind", &["tells-images-apart"], "the same features"),
    (
        "encoder",
        "leaves-the-last",
        &["writes-everything", "batch-composition", "threads", "any-size"],
        "unwritten elements are NaN",
    ),
    ("denoiser", "schedule-rises", &["info"], "does not fall"),
    ("denoiser", "ignores-the-seed", &["seed"], "the same network"),
    ("denoiser", "clamps-t", &["timesteps-out-of-range"], "was accepted"),
    (
        "denoiser",
        "mixes-rows",
        &["batch-composition"],
        "alone and within a batch",
    ),
    ("denoiser", "climbs", &["training-lowers-the-loss"], "after 30 steps"),
    ("denoiser", "takes-any-file", &["foreign-files"], "was accepted"),
    (
        "denoiser",
        "loads-nothing",
        &["weights", "resume"],
        "before and after saving",
    ),
    ("backbone", "miscounts-classes", &["info"], "classes"),
    (
        "backbone",
        "swallows-errors",
        &[
            "losss-error",
            "losss-nan",
            "not-initialised",
            "labels-out-of-range",
            "nan",
            "wrong-shapes",
            "wrong-types",
        ],
        "was accepted",
    ),
    (
        "backbone",
        "normalises-the-batch",
        &["batch-composition"],
        "alone and within a batch",
    ),
    ("backbone", "forgets-momentum", &["resume"], "a checkpoint"),
    (
        "communicator",
        "ranks-from-one",
        &[
            "rank-and-size",
            "all-reduce",
            "all-gather",
            "broadcast",
            "barrier",
            "wrong-shapes",
        ],
        "rank 1 of 1",
    ),
    ("communicator", "adds-itself", &["all-reduce"], "changed [1.5, -2.0]"),
    ("communicator", "any-root", &["broadcast"], "was accepted"),
];

fn first_reason(verdict: &Verdict) -> &str {
    let mut reasons = verdict.checks.iter().filter_map(|c| match &c.outcome {
        Outcome::Failed(why) => Some(why.as_str()),
        _ => None,
    });
    reasons.next().unwrap_or("")
}

#[test]
fn each_fault_fails_the_checks_that_it_breaks_and_no_others() {
    let file = outside_crate::build(&product::root().join("tests/libraries/wrong"), &[]);
    let library = BuiltLibrary::open(&file).unwrap_or_else(|e| panic!("{e}"));
    let mut wrong = String::new();
    for (kind, fault, expected, words) in FAULTS {
        let (name, params) = (format!("wrong-{kind}"), format!(r#"{{"fault": "{fault}"}}"#));
        let verdict = library.check(&name, &params, &[]).unwrap_or_else(|e| panic!("{e}"));
        if verdict.failures() != *expected || !first_reason(&verdict).contains(words) {
            wrong += &format!(
                "{kind} {fault}: {:?}, expected {expected:?}: {}\n",
                verdict.failures(),
                first_reason(&verdict)
            );
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    // Without a fault they are the templates, which keep the contract.
    for kind in [
        "loss",
        "sampler",
        "selector",
        "proposer",
        "encoder",
        "denoiser",
        "backbone",
        "communicator",
    ] {
        library
            .check(&format!("wrong-{kind}"), "{}", &[])
            .unwrap_or_else(|e| panic!("{e}"))
            .assert_passed();
    }
}
