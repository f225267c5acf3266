//! Numbers that go wrong while a run works.

use ficta_tests::weights;

use super::Begun;

#[test]
fn features_that_are_not_finite_are_refused() {
    let begun = Begun::new();
    let folder = begun.smoke.folder().join("huge");
    weights::write_scaled(&folder, 1e12);
    let set = format!("encoder.params.weights={}", folder.display());
    let parts = ["stage encode", "encoder `dlib-resnet`", "image 0", "not finite"];
    begun.refuses("features_not_finite", &["--set", &set], 1, &parts);
}

#[test]
fn candidates_of_which_none_survives_are_an_error_with_the_reason() {
    let begun = Begun::new();
    let set = "ids.fictional.selector.params.threshold_real=-0.9";
    let parts = [
        "stage select/fictional",
        "none of 15 candidates survives",
        "15 too similar to a real",
        "raise the thresholds",
    ];
    begun.refuses("no_survivor", &["--set", set], 1, &parts);
}

#[test]
fn too_few_survivors_are_an_error_with_the_count() {
    let begun = Begun::new();
    let arguments = ["--set", "ids.fictional.count=16", "--set", "denoiser.training.steps=1"];
    let parts = [
        "stage generate/fictional",
        "ids.fictional.count is 16",
        "candidates were selected",
    ];
    begun.fails_later("too_few_survivors", &arguments, 1, &parts);
}

#[test]
fn a_training_that_diverges_stops_with_its_step() {
    let begun = Begun::new();
    let parts = [
        "stage train-backbone/fictional/seed-0",
        "step 1",
        "not finite",
        "times what is usual",
        "lower it, or warm it up",
    ];
    begun.fails_later("diverged", &["--set", "training.learning_rate.peak=1e30"], 1, &parts);
}
