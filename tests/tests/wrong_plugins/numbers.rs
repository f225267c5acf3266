//! Losses, samplers, communicators.

use super::{Fault, are_found};

const LOSS: &[Fault] = &[
    ("half-gradient", &["gradient"], "not the derivative"),
    (
        "leaves-norms",
        &["writes-everything", "gradient", "mean-over-rows", "order-of-rows"],
        "unwritten elements are NaN",
    ),
    ("counts-threads", &["threads"], "1 thread and 2"),
    (
        "not-repeatable",
        &["deterministic", "threads", "state"],
        "two fresh instances",
    ),
    ("sums", &["gradient", "mean-over-rows"], "not the derivative"),
    (
        "first-row-counts-twice",
        &["gradient", "mean-over-rows", "order-of-rows"],
        "not the derivative",
    ),
    ("forgets-state", &["gradient", "state"], "not the derivative"),
    ("clamps-labels", &["labels-out-of-range"], "was accepted"),
    ("hides-nan", &["nan"], "was accepted"),
    ("panics", &["wrong-shapes", "wrong-types"], "led to a panic"),
    (
        "panics-on-nothing",
        &["empty-batch"],
        "a batch of no rows led to a panic",
    ),
    ("never-looks", &["cancellation"], "a second is allowed"),
    // Takes the 30 s that this check is given.
    ("never-returns", &["cancellation"], "did not come back within 30 s"),
    ("progress-falls", &["progress"], "fell from 2 to 1"),
];

const SAMPLER: &[Fault] = &[
    (
        "leaves-the-last",
        &["writes-everything", "range", "batch-composition"],
        "unwritten elements are NaN",
    ),
    ("one-stream", &["batch-composition"], "rows in another order"),
    ("ignores-seeds", &["seeds"], "the same images"),
    (
        "ignores-conditions",
        &["conditions", "nan", "wrong-types"],
        "the condition is not used",
    ),
    (
        "not-repeatable",
        &["deterministic", "batch-composition", "threads"],
        "two fresh instances",
    ),
    ("counts-threads", &["threads"], "1 thread and 2"),
    (
        "swallows-errors",
        &["denoisers-error", "denoisers-nan", "nan", "wrong-shapes", "wrong-types"],
        "was accepted",
    ),
    ("out-of-range", &["range"], "in [-1, 1]"),
    ("miscounts", &["predictions"], "it tells of 21"),
    (
        "panics-on-nothing",
        &["empty-batch"],
        "a batch of no rows led to a panic",
    ),
    ("progress-falls", &["progress"], "fell from 2 to 1"),
    ("slow-to-stop", &["cancellation"], "a second is allowed"),
];

const COMMUNICATOR: &[Fault] = &[
    (
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
    ("adds-itself", &["all-reduce"], "changed [1.5, -2.0]"),
    ("turns-around", &["all-gather"], "it gathered [4, 3, 2, 1]"),
    ("any-root", &["broadcast"], "was accepted"),
    ("breaks-at-the-barrier", &["barrier"], "the barrier broke"),
    (
        "takes-any-shape",
        &["wrong-shapes"],
        "room for 3 gathered rows of 2 was accepted",
    ),
];

#[test]
fn faults_of_losses_are_found() {
    are_found("loss", LOSS);
}

#[test]
fn faults_of_samplers_are_found() {
    are_found("sampler", SAMPLER);
}

#[test]
fn faults_of_communicators_are_found() {
    are_found("communicator", COMMUNICATOR);
}
