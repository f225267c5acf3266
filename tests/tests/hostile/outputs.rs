//! Results that cannot be: they are refused where they arise, with the component's name.

use ficta_tests::{command, smoke::Smoke};

use super::{DENOISER, ENCODER, LOSS, PROPOSER, SAMPLER, SELECTOR};

#[test]
fn nan_is_refused() {
    let smoke = Smoke::new();
    ENCODER
        .run(&smoke, "nan")
        .refused(1, &["stage encode", "hostile-encoder", "NaN"]);
    ENCODER.goes_on(&smoke);
    let smoke = Smoke::new();
    LOSS.run(&smoke, "nan").refused(
        1,
        &[
            "stage train-backbone/fictional/seed-0 (backbone iresnet, loss hostile-loss)",
            "not finite",
        ],
    );
    LOSS.goes_on(&smoke);
    let smoke = Smoke::new();
    PROPOSER.run(&smoke, "nan").refused(
        1,
        &[
            "stage propose/fictional (proposer hostile-proposer)",
            "candidate 1: its feature has length NaN, expected 1",
        ],
    );
    PROPOSER.goes_on(&smoke);
    let smoke = Smoke::new();
    DENOISER.run(&smoke, "nan").refused(
        1,
        &[
            "stage train-denoiser (denoiser hostile-denoiser",
            "the loss of step 0 is NaN",
        ],
    );
    DENOISER.goes_on(&smoke);
    let smoke = Smoke::new();
    // Without sample grids in training, the images are the first that it makes.
    let without = ["--set", "denoiser.training.sample_every=0"];
    command::finish(SAMPLER.call(&smoke, "nan", &without)).refused(
        1,
        &[
            "stage generate/fictional (denoiser unet, sampler hostile-sampler)",
            "the sampler gave NaN in image 1",
        ],
    );
    SAMPLER.goes_on(&smoke);
}

/// Before any room is made for them.
#[test]
fn sizes_that_cannot_be_are_refused() {
    for (case, mode, what) in [
        (ENCODER, "no-size", "announces features of length 0, expected 1 to"),
        (ENCODER, "huge-size", "announces features of length 35184372088832"),
        (DENOISER, "no-size", "announces images of channels 0"),
        (DENOISER, "huge-size", "announces images of height 4294967296"),
        (PROPOSER, "no-size", "proposes no candidate for"),
        (PROPOSER, "huge-size", "announces 18446744073709551615 candidates"),
    ] {
        let smoke = Smoke::new();
        let stage = format!("stage {}", case.until);
        case.run(&smoke, mode)
            .refused(1, &[&stage, case.plugin, what, "mend the plugin"]);
        case.goes_on(&smoke);
    }
}

#[test]
fn a_yield_curve_that_cannot_be_is_refused() {
    let smoke = Smoke::new();
    SELECTOR.run(&smoke, "wrong-curve").refused(
        1,
        &[
            "stage select/fictional (selector hostile-selector)",
            "yield curve tells of 1",
            "kept at threshold 0, but there are",
        ],
    );
    SELECTOR.goes_on(&smoke);
}

#[test]
fn counts_and_rows_that_cannot_be_are_refused() {
    for (mode, what) in [("wrong-count", "selected"), ("wrong-row", "1000000")] {
        let smoke = Smoke::new();
        SELECTOR
            .run(&smoke, mode)
            .refused(1, &["stage select/fictional", "hostile-selector", what]);
        SELECTOR.goes_on(&smoke);
    }
    for (mode, what) in [
        ("wrong-row", "1000000"),
        ("wrong-variance", "a predicted variance of -0.5"),
    ] {
        let smoke = Smoke::new();
        PROPOSER
            .run(&smoke, mode)
            .refused(1, &["stage propose/fictional", "hostile-proposer", what]);
        PROPOSER.goes_on(&smoke);
    }
    let smoke = Smoke::new();
    let asked = ["--set", "ids.fictional.candidates=5"];
    command::finish(PROPOSER.call(&smoke, "wrong-count", &asked)).refused(
        1,
        &[
            "stage propose/fictional",
            "`hostile-proposer` announces 6 candidates, but 5 were asked for",
            "mend the plugin",
        ],
    );
    PROPOSER.goes_on(&smoke);
}
