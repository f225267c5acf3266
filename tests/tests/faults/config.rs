//! Run files and overrides that cannot be honoured. They are refused before anything runs.

use std::fs;

use super::Begun;

#[test]
fn bad_values_and_names_are_refused_before_anything_runs() {
    let begun = Begun::new();
    let cases: [(&str, &str, &[&str]); 14] = [
        ("unknown_key", "run.sed=3", &["unknown key `sed`", "nearest: `seed`"]),
        (
            "unknown_table",
            "trainning.steps=3",
            &["unknown key `trainning`", "`training`"],
        ),
        (
            "unknown_parameter",
            "denoiser.params.base_widht=8",
            &["unknown key `base_widht`", "nearest: `base_width`"],
        ),
        (
            "unknown_plugin",
            "loss.plugin=cosfase",
            &["no loss is named `cosfase`", "nearest: `cosface`"],
        ),
        (
            "a_plugin_of_the_wrong_kind",
            "sampler.plugin=cosface",
            &["`cosface` is a loss", "a sampler is wanted"],
        ),
        (
            "a_threshold_out_of_range",
            "ids.fictional.selector.params.threshold_real=1.5",
            &["threshold_real", "1.5", "maximum of 1"],
        ),
        (
            "a_parameter_of_the_wrong_type",
            "backbone.params.dim=many",
            &["dim", "many", "integer"],
        ),
        ("a_value_of_the_wrong_type", "run.seed=abc", &["run.seed", "abc"]),
        ("a_set_without_value", "run.seed", &["--set run.seed", "KEY=VALUE"]),
        (
            "an_arm_of_unknown_ids",
            "arms.fictional.ids=fictionnal",
            &["fictionnal", "nearest: `fictional`"],
        ),
        (
            "a_claim_on_an_unknown_arm",
            "claims.variance.first=reel",
            &["reel", "nearest: `real`"],
        ),
        ("no_steps", "training.steps=0", &["training.steps is 0"]),
        (
            "a_rate_out_of_range",
            "metrics.false_match_rate=2",
            &["metrics.false_match_rate is 2"],
        ),
        (
            "an_unset_variable",
            "run.name=${FICTA_TESTS_NO_SUCH}",
            &["FICTA_TESTS_NO_SUCH"],
        ),
    ];
    for (name, set, parts) in cases {
        begun.refuses(name, &["--set", set], 2, parts);
        let planned = ficta_tests::command::finish(begun.smoke.call(
            &ficta_tests::product::executable(),
            "plan",
            &begun.smoke.out(),
            &["--set", set],
        ));
        assert_eq!(planned.refused(2, parts).stdout, "", "a plan sees it as well");
    }
}

#[test]
fn a_run_file_that_is_missing_or_no_toml_is_refused() {
    let begun = Begun::new();
    let text = fs::read_to_string(begun.smoke.run_file()).unwrap();
    fs::write(begun.smoke.run_file(), text.replacen("[run]", "[run", 1)).unwrap();
    begun.refuses("no_toml", &[], 2, &["smoke.toml"]);
    fs::write(begun.smoke.run_file(), text.replacen("[loss]", "[los]", 1)).unwrap();
    begun.refuses("a_missing_table", &[], 2, &["los"]);
    fs::remove_file(begun.smoke.run_file()).unwrap();
    begun.refuses("missing_run_file", &[], 2, &["smoke.toml", "No such file"]);
}

#[test]
fn sizes_that_do_not_agree_are_refused() {
    let begun = Begun::new();
    let other = ["--set", "denoiser.params.resolution=32", "--until", "train-denoiser"];
    begun.refuses("another_resolution", &other, 2, &["16x16", "32x32", "data.size"]);
    let other = ["--set", "backbone.params.input_size=32"];
    begun.fails_later(
        "another_input_size",
        &other,
        2,
        &["train-backbone", "16x16", "32x32", "data.size"],
    );
}
