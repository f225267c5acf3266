use ficta_core::{Ctx, NullHost};
use serde_json::Value;

use crate::{
    metrics::{
        Cosines, Identified, cosine, frechet_distance, improved_recall_of_each, mean_of_known, nearest_before,
        pairwise_distance_of_each, preservation_of_each, separability, threshold_at_false_match_rate,
        uniqueness_of_each,
    },
    pipeline::matrix::Matrix,
};

const HOST: NullHost = NullHost { seed: 0 };

fn fixture() -> Value {
    serde_json::from_str(include_str!("../../../tests/fixtures/metrics.json")).unwrap()
}
fn matrix(f: &Value, name: &str) -> Matrix {
    let data: Vec<f32> = f[name]
        .as_array()
        .unwrap()
        .iter()
        .map(|x| x.as_f64().unwrap() as f32)
        .collect();
    Matrix::new(data.clone(), data.len() / 8, 8).unwrap()
}
fn labels(f: &Value, name: &str) -> Vec<i64> {
    f[name]
        .as_array()
        .unwrap()
        .iter()
        .map(|x| x.as_i64().unwrap())
        .collect()
}

#[test]
fn metrics_equal_numpy() {
    let f = fixture();
    let number = |name: &str| f[name].as_f64().unwrap();
    let near = |name: &str, got: f64| {
        assert!(
            (got - number(name)).abs() < 1e-7,
            "{name}: {got} against {}",
            number(name)
        )
    };
    let (generated, gl) = (matrix(&f, "generated"), labels(&f, "generated_labels"));
    let (real, rl) = (matrix(&f, "real"), labels(&f, "real_labels"));
    let centres = matrix(&f, "centres");
    let ctx = Ctx::new(&HOST);
    let before = nearest_before(&centres, &ctx).unwrap();
    near("U", mean_of_known(&uniqueness_of_each(&before, 0.6)));
    near(
        "P",
        mean_of_known(&preservation_of_each(&generated, &gl, &centres, 0.6)),
    );
    let recall = improved_recall_of_each((&generated, &gl), (&real, &rl), 2, &ctx).unwrap();
    near("recall", mean_of_known(&recall));
    let distance = pairwise_distance_of_each(&generated, &gl, &ctx).unwrap();
    near("distance", mean_of_known(&distance));
    let set = Identified::new(generated, &gl).unwrap();
    let cosines = Cosines::of(&set, &ctx).unwrap();
    let s = separability(&cosines);
    near("genuine_mean", s.genuine_mean);
    near("genuine_deviation", s.genuine_deviation);
    near("impostor_mean", s.impostor_mean);
    near("impostor_deviation", s.impostor_deviation);
    near("fdr", s.fdr);
    near("eer", s.eer);
    near("fmr100", s.fmr100);
    near("fmr1000", s.fmr1000);
    near("threshold", threshold_at_false_match_rate(&cosines.impostor, 0.05));
}

/// One false match of exactly as many impostors as a limit allows one of.
#[test]
fn rates_at_their_limit_equal_numpy() {
    let cases: Vec<Value> =
        serde_json::from_str(include_str!("../../../tests/fixtures/rates_at_their_limit.json")).unwrap();
    assert_eq!(cases.len(), 6);
    for case in cases {
        let numbers = |name: &str| -> Vec<f32> {
            let all = case[name].as_array().unwrap().iter();
            all.map(|x| x.as_f64().unwrap() as f32).collect()
        };
        let found = separability(&Cosines {
            genuine: numbers("genuine"),
            impostor: numbers("impostor"),
        });
        for (name, found) in [("fmr100", found.fmr100), ("fmr1000", found.fmr1000), ("eer", found.eer)] {
            let what = format!("{name} of {} impostors", numbers("impostor").len());
            assert_eq!(found, case[name].as_f64().unwrap(), "{what}");
        }
    }
}

#[test]
fn without_impostors_or_genuine_pairs_there_is_no_rate() {
    for (genuine, impostor) in [(vec![0.5, 0.6], vec![]), (vec![], vec![0.1, 0.2])] {
        let s = separability(&Cosines { genuine, impostor });
        assert!([s.eer, s.fmr100, s.fmr1000].iter().all(|x| x.is_nan()), "{s:?}");
    }
}

/// One image an identity leaves no genuine pairs, and the run's report must read what its metrics wrote.
#[test]
fn numbers_that_are_not_defined_read_back() {
    let cosines = Cosines {
        genuine: vec![],
        impostor: vec![0.1, 0.2],
    };
    let s = separability(&cosines);
    let back: crate::metrics::Separability = serde_json::from_str(&serde_json::to_string(&s).unwrap()).unwrap();
    assert!(back.eer.is_nan() && back.genuine_mean.is_nan(), "{back:?}");
    assert_eq!(back.impostor_mean, s.impostor_mean);
}

/// A share of the impostors may exceed the threshold, and a share is a count over a count: 0.29 * 100 is less than 29 in binary.
#[test]
fn as_many_impostors_exceed_the_threshold_as_the_rate_allows() {
    for n in 1..300usize {
        let impostor: Vec<f32> = (0..n).map(|i| i as f32).collect();
        for percent in 1..100usize {
            let r = threshold_at_false_match_rate(&impostor, percent as f64 / 100.0);
            let above = impostor.iter().filter(|x| f64::from(**x) > r).count();
            assert_eq!(above, n * percent / 100, "{percent}% of {n}");
        }
    }
}

#[test]
fn recall_is_undefined_without_common_labels() {
    let f = fixture();
    let (generated, gl) = (matrix(&f, "generated"), labels(&f, "generated_labels"));
    let others: Vec<i64> = gl.iter().map(|l| l + 100).collect();
    let recall = improved_recall_of_each((&generated, &others), (&generated, &gl), 2, &Ctx::new(&HOST)).unwrap();
    assert!(recall.len() == 6 && mean_of_known(&recall).is_nan(), "{recall:?}");
}

#[test]
fn what_is_counted_an_identity_equals_numpy() {
    let f = fixture();
    let near = |name: &str, got: &[f64]| {
        let expected: Vec<f64> = f[name]
            .as_array()
            .unwrap()
            .iter()
            .map(|x| x.as_f64().unwrap())
            .collect();
        let known: Vec<f64> = got.iter().copied().filter(|x| !x.is_nan()).collect();
        assert_eq!(known.len(), expected.len(), "{name}");
        for (g, e) in known.iter().zip(&expected) {
            assert!((g - e).abs() < 1e-7, "{name}: {got:?} against {expected:?}");
        }
    };
    let (generated, gl) = (matrix(&f, "generated"), labels(&f, "generated_labels"));
    let (real, rl) = (matrix(&f, "real"), labels(&f, "real_labels"));
    // Labels need neither begin at 0 nor follow each other.
    let apart: Vec<i64> = gl.iter().map(|l| 7 * l - 3).collect();
    let identified = Identified::new(generated.clone(), &apart).unwrap();
    assert_eq!((identified.identity.clone(), identified.label.len()), (gl.clone(), 6));
    let centres = identified.centers().unwrap();
    for (ours, theirs) in centres.unit.data.iter().zip(&matrix(&f, "centres").data) {
        assert!((ours - theirs).abs() < 1e-6, "{ours} {theirs}");
    }
    assert_eq!(centres.count, [5; 6]);
    let centres = matrix(&f, "centres");
    near("per_id_P", &preservation_of_each(&generated, &gl, &centres, 0.6));
    let ctx = Ctx::new(&HOST);
    near(
        "per_id_distance",
        &pairwise_distance_of_each(&generated, &gl, &ctx).unwrap(),
    );
    let recall = improved_recall_of_each((&generated, &gl), (&real, &rl), 2, &ctx).unwrap();
    near("per_id_recall", &recall);
    assert!(
        recall[4].is_nan() && recall[5].is_nan(),
        "people without real images have no recall"
    );
    let before = nearest_before(&centres, &ctx).unwrap();
    let rows: Vec<Option<u64>> = before.iter().map(|b| b.map(|b| b.row as u64)).collect();
    let expected: Vec<Option<u64>> = f["nearest_before"]
        .as_array()
        .unwrap()
        .iter()
        .map(Value::as_u64)
        .collect();
    assert_eq!(rows, expected);
    // By the definition, pair by pair.
    for r in [0.3, 0.6, 0.9] {
        let below = |n: usize, m: usize| cosine(centres.row(n), centres.row(m)) < r;
        let unique: Vec<f64> = (0..6)
            .map(|n| f64::from(u8::from((0..n).all(|m| below(n, m)))))
            .collect();
        assert_eq!(uniqueness_of_each(&before, r), unique);
    }
}

#[test]
fn the_frechet_distance_equals_scipy() {
    let f = fixture();
    let (generated, real) = (matrix(&f, "generated"), matrix(&f, "real"));
    let near = |name: &str, got: f64| {
        let expected = f[name].as_f64().unwrap();
        assert!((got - expected).abs() < 1e-6, "{name}: {got} against {expected}");
    };
    let ctx = Ctx::new(&HOST);
    near("frechet", frechet_distance(&generated, &real, &ctx).unwrap());
    let few: Vec<usize> = (0..5).collect();
    near(
        "frechet_few",
        frechet_distance(&generated.select(&few), &real.select(&few), &ctx).unwrap(),
    );
    assert!(frechet_distance(&generated, &generated, &ctx).unwrap() < 1e-7);
    assert!(frechet_distance(&generated, &real.select(&[0]), &ctx).is_err());
}
