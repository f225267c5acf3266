//! Numbers that go wrong while a run works.

use super::Begun;

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
    let arguments = [
        "--set",
        "ids.fictional.count=16",
        "--until",
        "generate",
        "--set",
        "denoiser.training.steps=1",
    ];
    let finished = begun
        .smoke
        .run(&arguments)
        .refused(1, &["ids.fictional.count is 16", "candidates were selected"]);
    insta::assert_snapshot!("too_few_survivors", begun.portable(&finished));
}

#[test]
fn a_training_that_diverges_stops_with_its_step() {
    let begun = Begun::new();
    let arms = "arms={ real = { real = true } }";
    let arguments = [
        "--set",
        "training.learning_rate.peak=1e30",
        "--set",
        arms,
        "--set",
        "claims={}",
    ];
    let finished = begun
        .smoke
        .run(&arguments)
        .refused(1, &["stage train-backbone/fictional/seed-0", "loss"]);
    insta::assert_snapshot!("diverged", begun.portable(&finished));
}
