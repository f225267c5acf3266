use serde_json::Value;

use super::*;
use crate::statistics::{Centre, Shrinkage, unit_features};

fn fixture() -> Value {
    serde_json::from_str(include_str!("../../../tests/fixtures/statistics.json")).unwrap()
}
fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}
fn close(what: &str, got: &[f32], expected: &Value) {
    for (i, (a, b)) in got.iter().zip(numbers(expected)).enumerate() {
        assert!((f64::from(*a) - b).abs() < 1e-6, "{what}[{i}]: {a} against {b}");
    }
    assert_eq!(got.len(), numbers(expected).len(), "{what}");
}
fn input(f: &Value) -> (Vec<f32>, Vec<i64>) {
    let raw = numbers(&f["raw"]).iter().map(|x| *x as f32).collect();
    (raw, numbers(&f["labels"]).iter().map(|x| *x as i64).collect())
}

#[test]
fn equals_numpy() {
    let f = fixture();
    let (raw, labels) = input(&f);
    let (s, report) = describe(&raw, 6, &labels, &StatisticsConfig::default()).unwrap();
    assert!(report.applied);
    assert!((report.impostor_before - f["impostor_before"].as_f64().unwrap()).abs() < 1e-9);
    assert!((report.impostor_after - f["impostor_after"].as_f64().unwrap()).abs() < 1e-9);
    close("center", s.center.as_ref().unwrap(), &f["center"]);
    close("mean", &s.mean, &f["mean"]);
    close("variance", &s.variance, &f["variance"]);
    close("variance_per_dim", &s.variance_per_dim, &f["variance_per_dim"]);
    assert_eq!(
        s.label,
        numbers(&f["label"]).iter().map(|x| *x as i64).collect::<Vec<_>>()
    );
    assert_eq!(
        s.count,
        numbers(&f["count"]).iter().map(|x| *x as i64).collect::<Vec<_>>()
    );
    assert!((s.shrinkage - f["shrinkage"].as_f64().unwrap()).abs() < 1e-6);
    assert!((s.pooled_variance - f["pooled"].as_f64().unwrap()).abs() < 1e-6);
}

#[test]
fn without_correction_and_shrinkage_the_variance_is_one_less_the_squared_mean() {
    let (raw, labels) = input(&fixture());
    let config = StatisticsConfig {
        unbiased: false,
        shrinkage: Shrinkage::Off,
        centre: Centre::Off,
        ..Default::default()
    };
    let (s, report) = describe(&raw, 6, &labels, &config).unwrap();
    assert!(!report.applied && s.center.is_none());
    for (i, (mu, n)) in s.mean.chunks(6).zip(&s.count).enumerate() {
        let square: f64 = mu.iter().map(|x| f64::from(*x).powi(2)).sum();
        if *n > 1 {
            assert!((f64::from(s.variance[i]) - (1.0 - square)).abs() < 1e-6, "identity {i}");
        }
    }
}

#[test]
fn one_image_gets_the_pooled_variance() {
    let (raw, labels) = input(&fixture());
    let config = StatisticsConfig {
        shrinkage: Shrinkage::Off,
        ..Default::default()
    };
    let (s, _) = describe(&raw, 6, &labels, &config).unwrap();
    let lonely = s.count.iter().position(|n| *n == 1).unwrap();
    assert!((f64::from(s.variance[lonely]) - s.pooled_variance).abs() < 1e-6);
}

#[test]
fn bad_features_are_named() {
    let labels = [0, 0, 1, 1];
    let mut raw = vec![1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.5];
    raw[4] = f32::NAN;
    let text = |raw: &[f32], labels: &[i64]| describe(raw, 2, labels, &StatisticsConfig::default()).unwrap_err();
    assert!(text(&raw, &labels).message().starts_with("feature 2 has length NaN"));
    raw[4] = 0.0;
    raw[5] = 0.0;
    assert!(text(&raw, &labels).message().starts_with("feature 2 has length 0"));
    raw[4] = 1.0;
    assert!(text(&raw, &[0, 1, 2, 3]).message().contains("none has a variance"));
    assert!(text(&raw, &[0, 1, 2]).message().contains("3 labels for 8 numbers"));
    assert!(
        unit_features(&raw, 2, Some(&[0.0; 3]))
            .unwrap_err()
            .message()
            .contains("centre of length 3")
    );
}
