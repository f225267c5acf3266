//! Denoisers and backbones.

use super::{Fault, are_found};

const DENOISER: &[Fault] = &[
    ("schedule-rises", &["info"], "does not fall"),
    (
        "leaves-the-last",
        &["writes-everything", "batch-composition", "threads"],
        "unwritten elements are NaN",
    ),
    (
        "not-repeatable",
        &["deterministic", "weights", "resume"],
        "two fresh instances",
    ),
    ("ignores-the-seed", &["seed"], "the same network"),
    ("mixes-rows", &["batch-composition"], "alone and within a batch"),
    ("counts-threads", &["threads"], "1 thread and 2"),
    ("climbs", &["training-lowers-the-loss"], "after 30 steps"),
    ("loads-nothing", &["weights", "resume"], "before and after saving"),
    ("takes-any-file", &["foreign-files"], "was accepted"),
    (
        "starts-by-itself",
        &["not-initialised"],
        "a prediction before initialise was accepted",
    ),
    ("clamps-t", &["timesteps-out-of-range"], "was accepted"),
    ("hides-nan", &["nan"], "a prediction from an x_t with NaN was accepted"),
    (
        "trusts-the-room",
        &["wrong-shapes"],
        "room for 2 of 3 images led to a panic",
    ),
    (
        "takes-any-type",
        &["wrong-types"],
        "a prediction from x_t in f64 was accepted",
    ),
    (
        "panics-on-nothing",
        &["empty-batch"],
        "a prediction for no images led to a panic",
    ),
    ("progress-falls", &["progress"], "fell from 2 to 1"),
    ("slow-to-stop", &["cancellation"], "a second is allowed"),
];

const BACKBONE: &[Fault] = &[
    ("miscounts-classes", &["info"], "classes"),
    (
        "leaves-the-last",
        &["writes-everything", "batch-composition", "threads"],
        "unwritten elements are NaN",
    ),
    (
        "not-repeatable",
        &["deterministic", "weights", "resume"],
        "two fresh instances",
    ),
    ("ignores-the-seed", &["seed"], "the same network"),
    (
        "normalises-the-batch",
        &["batch-composition"],
        "alone and within a batch",
    ),
    ("counts-threads", &["threads"], "1 thread and 2"),
    ("climbs", &["training-lowers-the-loss"], "40 steps"),
    ("lends-other-norms", &["cosines"], "or a norm of -"),
    (
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
    ("loads-nothing", &["weights", "resume"], "before and after saving"),
    ("forgets-momentum", &["resume"], "a checkpoint"),
    ("takes-any-file", &["foreign-files"], "was accepted"),
    (
        "panics-on-nothing",
        &["empty-batch"],
        "an embedding of no images led to a panic",
    ),
    ("progress-falls", &["progress"], "fell from 2 to 1"),
    ("slow-to-stop", &["cancellation"], "a second is allowed"),
];

#[test]
fn faults_of_denoisers_are_found() {
    are_found("denoiser", DENOISER);
}

#[test]
fn faults_of_backbones_are_found() {
    are_found("backbone", BACKBONE);
}
