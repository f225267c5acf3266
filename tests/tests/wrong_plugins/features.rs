//! Encoders, proposers, selectors.

use super::{Fault, are_found};

const ENCODER: &[Fault] = &[
    ("says-nothing", &["info"], "description"),
    ("panics", &["wrong-shapes"], "led to a panic"),
    (
        "centres-the-batch",
        &["batch-composition"],
        "image 0 alone and within a batch",
    ),
    ("blind", &["tells-images-apart"], "the same features"),
    (
        "leaves-the-last",
        &["writes-everything", "batch-composition", "threads", "any-size"],
        "unwritten elements are NaN",
    ),
    ("not-repeatable", &["deterministic"], "two fresh instances"),
    ("takes-any-type", &["wrong-types"], "images in f32 was accepted"),
    (
        "panics-on-nothing",
        &["empty-batch"],
        "a batch of no images led to a panic",
    ),
    ("progress-falls", &["progress"], "fell from 2 to 1"),
    ("slow-to-stop", &["cancellation"], "a second is allowed"),
];

const PROPOSER: &[Fault] = &[
    ("more-than-asked", &["count"], "it makes 21"),
    ("not-unit", &["unit-features", "seed"], "expected 1"),
    (
        "no-such-parent",
        &["parents", "seed"],
        "expected a row of the 12 identities",
    ),
    ("negative-variance", &["t-and-variance", "seed"], "expected at least 0"),
    (
        "not-repeatable",
        &["deterministic", "threads", "prefix", "nan", "zero-mean"],
        "two fresh instances",
    ),
    (
        "trusts-the-room",
        &["wrong-shapes"],
        "room for one t less led to a panic",
    ),
    ("takes-any-type", &["wrong-types"], "means in f64 was accepted"),
    ("needs-two", &["few-identities"], "0 identities led to a panic"),
    ("progress-falls", &["progress"], "fell from 2 to 1"),
    ("slow-to-stop", &["cancellation"], "a second is allowed"),
];

const SELECTOR: &[Fault] = &[
    (
        "miscounts",
        &["decisions", "nan", "no-candidates"],
        "decisions are `keep`",
    ),
    ("ranks-from-one", &["decisions", "nan"], "are not 0 to"),
    ("wrong-blocker", &["blockers"], "but it is"),
    (
        "not-repeatable",
        &["deterministic", "threads", "nan"],
        "two fresh instances",
    ),
    ("counts-threads", &["threads"], "1 thread and 2"),
    (
        "needs-parents",
        &["optional-inputs"],
        "candidates without parents and variance led to a panic",
    ),
    ("keeps-more-than-all", &["yield-curve"], "61 of 60 candidates kept"),
    ("hides-nan", &["nan"], "was accepted"),
    ("hides-zeros", &["zero-feature"], "a candidate of length 0 was accepted"),
    (
        "trusts-the-room",
        &["wrong-shapes"],
        "room for one rank less led to a panic",
    ),
    ("takes-any-type", &["wrong-types"], "features in f64 was accepted"),
    ("progress-falls", &["progress"], "fell from 2 to 1"),
    ("slow-to-stop", &["cancellation"], "a second is allowed"),
];

#[test]
fn faults_of_encoders_are_found() {
    are_found("encoder", ENCODER);
}

#[test]
fn faults_of_proposers_are_found() {
    are_found("proposer", PROPOSER);
}

#[test]
fn faults_of_selectors_are_found() {
    are_found("selector", SELECTOR);
}
