use super::*;
use crate::evaluation::{make_pairs, verify};

/// Eight people of three images each, and their pairs.
fn people() -> (Vec<i64>, Vec<Pair>) {
    let labels: Vec<i64> = (0..24).map(|i| 10 + i / 3).collect();
    let pairs = make_pairs(&labels, 2, 2, 5).unwrap().pairs;
    (labels, pairs)
}

/// How often each person was drawn, read off the genuine pairs.
fn drawn(resample: &Resample, pairs: &[Pair], labels: &[i64]) -> BTreeMap<i64, f64> {
    let mut drawn = BTreeMap::new();
    for (pair, weight) in pairs.iter().zip(&resample.weight).filter(|(p, _)| p.same) {
        let before = drawn.insert(labels[pair.first], *weight);
        assert!(before.is_none_or(|b| b == *weight), "a person counts differently");
    }
    drawn
}

#[test]
fn a_genuine_pair_counts_as_its_person_and_an_impostor_pair_as_the_product_of_both() {
    let (labels, pairs) = people();
    let (mut absent, mut products) = (0, 0);
    for index in 0..50 {
        let resample = Resample::new(&pairs, &labels, 3, index);
        let drawn = drawn(&resample, &pairs, &labels);
        assert_eq!(drawn.len(), 8);
        assert_eq!(drawn.values().sum::<f64>(), 8.0, "as many are drawn as there are");
        assert!(drawn.values().all(|k| k.fract() == 0.0));
        absent += drawn.values().filter(|k| **k == 0.0).count();
        for (pair, weight) in pairs.iter().zip(&resample.weight).filter(|(p, _)| !p.same) {
            let (k, l) = (drawn[&labels[pair.first]], drawn[&labels[pair.second]]);
            assert_eq!(*weight, k * l);
            products += usize::from(k > 1.0 && l > 1.0);
        }
    }
    // (1 - 1/8)^8 = 34.4% of 400 draws miss a person, give or take 2.1% (three deviations: 6.2%).
    assert!((113..=162).contains(&absent), "{absent} of 400");
    assert!(products > 0, "no pair shows that weights multiply");
}

#[test]
fn the_same_index_draws_the_same_people_whatever_the_pairs() {
    let (labels, pairs) = people();
    let fewer: Vec<_> = pairs.iter().copied().filter(|p| p.round == 0).collect();
    for index in 0..10 {
        let all = Resample::new(&pairs, &labels, 3, index);
        assert_eq!(all.weight, Resample::new(&pairs, &labels, 3, index).weight);
        let some = Resample::new(&fewer, &labels, 3, index);
        assert_eq!(drawn(&all, &pairs, &labels), drawn(&some, &fewer, &labels));
    }
    let weights: Vec<_> = (0..10).map(|i| Resample::new(&pairs, &labels, 3, i).weight).collect();
    assert!(weights.windows(2).all(|w| w[0] != w[1]), "every index draws alike");
    assert_ne!(
        Resample::new(&pairs, &labels, 4, 0).weight,
        weights[0],
        "the seed plays no part"
    );
}

#[test]
fn a_resampling_needs_both_kinds_of_pairs() {
    let (_, pairs) = people();
    let weighted = |weight: &dyn Fn(&Pair) -> f64| Resample {
        weight: pairs.iter().map(weight).collect(),
    };
    assert!(weighted(&|_| 1.0).usable(&pairs));
    assert!(
        !weighted(&|p| f64::from(u8::from(p.same))).usable(&pairs),
        "no impostors"
    );
    assert!(
        !weighted(&|p| f64::from(u8::from(!p.same))).usable(&pairs),
        "no genuine pairs"
    );
}

/// numpy.percentile(values, [2.5, 97.5]) interpolates alike: of 0..=200 these are 5 and 195, of 0..20 they are 0.475 and 18.525.
#[test]
fn the_interval_interpolates_between_order_statistics() {
    let shuffled: Vec<f64> = (0..=200).map(|i| f64::from(i * 77 % 201)).collect();
    let close = |got: Option<Interval>, lower: f64, upper: f64| {
        let got = got.unwrap();
        assert!(
            (got.lower - lower).abs() < 1e-12 && (got.upper - upper).abs() < 1e-12,
            "{got:?}"
        );
    };
    close(interval(&shuffled), 5.0, 195.0);
    let few: Vec<f64> = (0..20).map(f64::from).collect();
    close(interval(&few), 0.475, 18.525);
    assert_eq!(interval(&few[1..]), None, "too few to tell");
    let unknown: Vec<f64> = few.iter().copied().chain([f64::NAN, f64::INFINITY]).collect();
    close(interval(&unknown), 0.475, 18.525);
}

#[test]
fn an_arm_does_not_differ_from_itself_and_what_both_arms_share_drops_out() {
    let (labels, _) = people();
    let pairs = make_pairs(&labels, 2, 2, 5).unwrap();
    // Person 10 is hard, and every other arm's distances are those of the first with a few genuine pairs worse.
    let distance = |p: &Pair| if p.same && labels[p.first] != 10 { 0.5 } else { 1.5 };
    let good: Vec<f64> = pairs.pairs.iter().map(distance).collect();
    let worse: Vec<f64> = (pairs.pairs.iter().zip(&good))
        .map(|(p, d)| if p.same && labels[p.first] == 11 { 1.5 } else { *d })
        .collect();
    let resamples: Vec<_> = (0..200)
        .map(|i| Resample::new(&pairs.pairs, &labels, 1, i))
        .filter(|r| r.usable(&pairs.pairs))
        .collect();
    let under = |distances: &[f64]| -> Vec<f64> {
        let accuracy = |r: &Resample| verify(distances, &pairs, &r.weight).accuracy;
        resamples.iter().map(accuracy).collect()
    };
    let (a, b) = (under(&good), under(&worse));
    let zero = Interval { lower: 0.0, upper: 0.0 };
    assert_eq!(paired_difference(&a, &a), Some(zero));
    assert_ne!(interval(&a), Some(zero), "an accuracy itself depends on the people");
    let paired = paired_difference(&a, &b).unwrap();
    assert!(paired.lower >= 0.0 && paired.upper > 0.0, "never better: {paired:?}");
    let turned = paired_difference(&b, &a).unwrap();
    let sums = [turned.lower + paired.upper, turned.upper + paired.lower];
    assert!(sums.iter().all(|sum| sum.abs() < 1e-12), "{turned:?}");
    // On people drawn independently the same difference is far less certain.
    let apart: Vec<f64> = b.iter().cycle().skip(97).take(b.len()).copied().collect();
    let unpaired = paired_difference(&a, &apart).unwrap();
    assert!(unpaired.lower < 0.0, "{unpaired:?}");
}
