use serde_json::Value;

use crate::{
    metrics::{
        Cosines, improved_recall, mean_pairwise_distance, preservation, separability, threshold_at_false_match_rate,
        uniqueness,
    },
    pipeline::matrix::Matrix,
};

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
    near("U", uniqueness(&centres, 0.6));
    near("P", preservation(&generated, &gl, &centres, 0.6));
    near("recall", improved_recall((&generated, &gl), (&real, &rl), 2));
    near("distance", mean_pairwise_distance(&generated, &gl));
    let cosines = Cosines::of(&generated, &gl);
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

#[test]
fn recall_is_undefined_without_common_labels() {
    let f = fixture();
    let (generated, gl) = (matrix(&f, "generated"), labels(&f, "generated_labels"));
    let others: Vec<i64> = gl.iter().map(|l| l + 100).collect();
    assert!(improved_recall((&generated, &others), (&generated, &gl), 2).is_nan());
}
