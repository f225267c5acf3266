//! The tables as text, Markdown and CSV.

use super::{
    sample::{drawn, input},
    sample_files, texts_of,
};
use crate::report::{input::*, text_table};

#[test]
fn text() {
    insta::assert_snapshot!(text_table(&input(&drawn)));
}

#[test]
fn tables() {
    let file = |name: &str| std::str::from_utf8(&sample_files()[name]).unwrap();
    insta::assert_snapshot!("arms_md", file("arms.md"));
    insta::assert_snapshot!("arms_csv", file("arms.csv"));
    insta::assert_snapshot!("claims_csv", file("claims.csv"));
    insta::assert_snapshot!("metrics_csv", file("metrics.csv"));
    insta::assert_snapshot!("nms_yield_csv", file("nms_yield.csv"));
    insta::assert_snapshot!("variance_yield_csv", file("variance_yield.csv"));
}

/// Several verification sets, one seed and so no intervals, one arm that diverged.
#[test]
fn several_sets_without_intervals() {
    let result = |accuracy: f64| SetResult {
        accuracy: Estimate::value(accuracy),
        tar: vec![Estimate::value(accuracy - 0.2)],
        eer: Estimate::value(1.0 - accuracy),
    };
    let arm = |name: &str, authenticity, first: f64, second: f64| Arm {
        name: name.into(),
        authenticity,
        ids: 10177,
        images_per_id: 20.0,
        optimizer_steps: 300_000,
        seeds: vec![1],
        sets: vec![result(first), result(second)],
        average: Estimate::value((first + second) / 2.0),
        difference_interval: None,
        selected: Vec::new(),
    };
    let input = Input {
        arms: Arms {
            sets: vec!["LFW".into(), "CFP-FP".into()],
            far: vec![0.001],
            rows: vec![
                arm("real", Authenticity::Real, 0.9788, 0.8029),
                arm("synthetic-real-id", Authenticity::SyntheticReal, 0.962, 0.7087),
                arm("fictional", Authenticity::Fictional, 0.9518, 0.7087),
                arm("diverged", Authenticity::Fictional, f64::NAN, f64::NAN),
            ],
            ..Arms::default()
        },
        ..Input::default()
    };
    insta::assert_snapshot!("several_sets_text", text_table(&input));
    insta::assert_snapshot!("several_sets_md", texts_of(&input)["arms.md"]);
}
