use serde_json::Value;

use super::*;
use crate::evaluation::{Resample, interval, roc};

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

#[test]
fn the_protocol_equals_insightfaces_in_numpy() {
    let f: Value = serde_json::from_str(include_str!("../../../tests/fixtures/verification.json")).unwrap();
    let single = |name: &str| numbers(&f[name]).iter().map(|x| *x as f32).collect::<Vec<_>>();
    let pairs: Vec<Pair> = f["pairs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| {
            let n = numbers(p);
            Pair {
                first: n[0] as usize,
                second: n[1] as usize,
                same: n[2] > 0.0,
                fold: n[3] as usize,
                round: 0,
            }
        })
        .collect();
    let made = Pairs {
        pairs: pairs.clone(),
        folds: 4,
        rounds: 1,
    };
    let unit = flip_sum(&single("embedding"), &single("flipped"), 6).unwrap();
    let d = distances(&unit, 6, &pairs);
    for (got, expected) in d.iter().zip(numbers(&f["distances"])) {
        assert!((got - expected).abs() < 1e-12);
    }
    let ones = vec![1.0; pairs.len()];
    let v = verify(&d, &made, &ones);
    let near = |got: f64, name: &str| assert!((got - f[name].as_f64().unwrap()).abs() < 1e-12, "{name}: {got}");
    near(v.accuracy, "accuracy");
    near(v.deviation, "deviation");
    for (got, expected) in v.thresholds.iter().zip(numbers(&f["thresholds"])) {
        assert!((got - expected).abs() < 1e-12);
    }
    let curve = roc(&d, &pairs, &ones);
    near(curve.eer, "eer");
    near(curve.tar_at(0.1), "tar_at_01");
    assert_eq!(curve.points.last(), Some(&(1.0, 1.0)));

    // A second round of the same pairs has folds, and so thresholds, of its own.
    let again = pairs.iter().map(|p| Pair { round: 1, ..*p });
    let twice = Pairs {
        pairs: pairs.iter().copied().chain(again).collect(),
        folds: 4,
        rounds: 2,
    };
    let both = verify(&[d.clone(), d.clone()].concat(), &twice, &vec![1.0; 2 * pairs.len()]);
    assert_eq!((both.thresholds.len(), &both.thresholds[4..]), (8, &v.thresholds[..]));
    assert!((both.accuracy - v.accuracy).abs() < 1e-12 && (both.deviation - v.deviation).abs() < 1e-12);

    // Whoever is drawn once, the resampled figure is the figure itself; in all, people are drawn as often as there are.
    let labels: Vec<i64> = numbers(&f["labels"]).iter().map(|x| *x as i64).collect();
    let resampled: Vec<f64> = (0..200)
        .map(|i| Resample::new(&pairs, &labels, 1, i))
        .filter(|r| r.usable(&pairs))
        .map(|r| verify(&d, &made, &r.weight).accuracy)
        .collect();
    let ci = interval(&resampled).unwrap();
    assert!(
        ci.lower < v.accuracy && v.accuracy < ci.upper && ci.lower > 0.5,
        "{ci:?} around {}",
        v.accuracy
    );
    assert!(interval(&resampled[..10]).is_none());
}

#[test]
fn embeddings_without_direction_are_named() {
    assert!(
        flip_sum(&[1.0, 0.0, 1.0, 1.0], &[1.0, 0.0, -1.0, -1.0], 2)
            .unwrap_err()
            .message()
            .contains("image 1")
    );
}
