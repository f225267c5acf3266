//! Input with little in it, or with values that are not known.

use super::{
    page_of,
    sample::{drawn, input},
    texts_of, without_pictures,
};
use crate::report::{files, input::*, text_table};

/// No file may show a number that is none.
fn assert_no_raw_nan(of: &Input) {
    for (name, text) in texts_of(of) {
        let text = without_pictures(&text);
        for word in ["NaN", "inf,", ">inf", " inf ", "-inf"] {
            assert!(!text.contains(word), "{name} contains {word:?}");
        }
    }
    assert!(!text_table(of).contains("NaN"));
}

#[test]
fn nothing_at_all() {
    let input = Input::default();
    let page = page_of(&input);
    assert!(page.contains("No arms were compared"));
    for absent in [
        "<img",
        "<svg",
        "id=\"claims\"",
        "id=\"figures\"",
        "id=\"metrics\"",
        "class=\"summary\"",
    ] {
        assert!(!page.contains(absent), "{absent}");
    }
    assert_eq!(text_table(&input), "No arms were compared.\n");
    assert_no_raw_nan(&input);
}

#[test]
fn the_real_arm_alone_with_one_seed() {
    let mut input = input(&drawn);
    input.arms.rows.truncate(1);
    let arm = &mut input.arms.rows[0];
    arm.seeds.truncate(1);
    arm.average.interval = None;
    arm.sets[0].accuracy.interval = None;
    arm.sets[0].eer.interval = None;
    input.claims.clear();
    input.charts.nms_yield.clear();
    input.figures = Figures::default();
    let page = page_of(&input);
    assert!(page.contains("90.58"));
    assert!(!page.contains("class=\"summary\""), "nothing to compare with");
    assert!(!page.contains("<strong>"), "nothing to rank");
    assert_no_raw_nan(&input);
}

#[test]
fn no_real_arm() {
    let mut input = input(&drawn);
    input.arms.rows.remove(0);
    let text = text_table(&input);
    assert!(text.contains("the run has no arm of real images"), "{text}");
    let page = page_of(&input);
    assert!(page.contains("Best arm of generated images: fictional-40"));
    assert!(!page.contains("Real images ("));
}

#[test]
fn unknown_values_are_dashes_everywhere() {
    let mut input = input(&drawn);
    let nan = f64::NAN;
    for arm in &mut input.arms.rows {
        arm.images_per_id = nan;
        arm.average = Estimate::unknown();
        arm.difference_interval = Some((nan, nan));
        for set in &mut arm.sets {
            set.accuracy = Estimate::with_interval(nan, nan, f64::INFINITY);
            set.eer = Estimate::unknown();
            set.tar.clear();
        }
    }
    for claim in &mut input.claims {
        for c in &mut claim.comparisons {
            (c.first.1, c.second.1, c.difference, c.interval) = (nan, f64::INFINITY, nan, Some((nan, 1.0)));
        }
    }
    for metric in &mut input.metrics {
        (metric.value, metric.interval, metric.threshold) = (nan, Some((nan, nan)), Some(nan));
    }
    for curve in &mut input.charts.roc {
        curve.points = vec![(nan, nan), (0.1, nan), (f64::INFINITY, 1.0)];
    }
    for curve in &mut input.charts.training {
        curve.points = vec![(0, nan), (1, f64::INFINITY), (2, f64::NEG_INFINITY)];
    }
    for chart in &mut input.charts.similarities {
        chart.marks = vec![("threshold".into(), nan)];
        for series in &mut chart.series {
            series.values = vec![f32::NAN, f32::INFINITY];
        }
    }
    for curve in &mut input.charts.nms_yield {
        curve.points = vec![(nan, 3)];
        curve.used = Some(nan);
    }
    for bin in &mut input.charts.variance_yield {
        (bin.lower, bin.upper) = (nan, nan);
    }
    for pair in &mut input.figures.variance {
        pair.first.variance = nan;
        pair.without.t = nan;
        pair.with.cosine_first = nan;
    }
    for between in &mut input.figures.discarded {
        (between.t, between.variance) = (nan, nan);
        (between.left, between.right) = (None, None);
        between.pictures.clear();
    }
    assert_no_raw_nan(&input);
    let json: serde_json::Value = serde_json::from_str(&texts_of(&input)["report.json"]).unwrap();
    assert!(json["arms"]["rows"][0]["average"]["mean"].is_null());
    assert!(page_of(&input).contains("no picture"));
}

#[test]
fn one_point_and_equal_values_still_make_charts() {
    let mut input = input(&drawn);
    for curve in &mut input.charts.roc {
        curve.points = vec![(0.0, 1.0)];
    }
    for curve in &mut input.charts.training {
        curve.points = vec![(0, 0.0)];
    }
    for chart in &mut input.charts.similarities {
        for series in &mut chart.series {
            series.values = vec![0.5];
        }
    }
    for curve in &mut input.charts.nms_yield {
        curve.candidates = 0;
        curve.points = vec![(0.7, 0)];
    }
    for arm in &mut input.arms.rows {
        arm.average = Estimate::value(0.5);
    }
    let charts = files(&input).unwrap().keys().filter(|k| k.ends_with(".svg")).count();
    assert_eq!(charts, 10);
}
