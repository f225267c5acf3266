//! Centres and audit against sums and maxima written out.

use std::sync::{Arc, atomic::AtomicBool};

use ficta_core::{NullHost, random::Stream};

use super::*;
use crate::{run_host::RunHost, statistics::Shrinkage};

const IMAGES: usize = 3;

fn unit_rows(rows: usize, cols: usize, purpose: &str) -> Matrix {
    let mut data = vec![0f32; rows * cols];
    Stream::new(4, purpose, 0, 0).fill_normal(&mut data);
    Matrix::new(data, rows, cols).unwrap().normalised("row").unwrap()
}

/// Real identities of which each mean is shorter than 1, as means of unit features are.
fn real(rows: usize, cols: usize) -> IdentityTable {
    let mut mean = unit_rows(rows, cols, "tests.real");
    for (i, row) in mean.data.chunks_exact_mut(cols).enumerate() {
        row.iter_mut().for_each(|x| *x *= 0.5 + 0.05 * i as f32);
    }
    IdentityTable {
        mean,
        variance: vec![0.5; rows],
        variance_per_dim: Some(Matrix::zeros(rows, cols)),
        count: vec![3; rows],
        label: (0..rows as i64).collect(),
        center: None,
    }
}

/// Row of the largest cosine and the cosine, by the definition: a.b / (|a| |b|).
fn largest(feature: &[f32], real: &IdentityTable) -> (i64, f64) {
    let dot = |a: &[f32], b: &[f32]| -> f64 { a.iter().zip(b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum() };
    let cosine = |r: usize| {
        let mean = real.mean.row(r);
        dot(feature, mean) / (dot(feature, feature) * dot(mean, mean)).sqrt()
    };
    let mut all: Vec<_> = (0..real.len()).map(|r| (r as i64, cosine(r))).collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    all[0]
}

/// Of few images the variance is the unbiased one, drawn toward the pooled one, as that of real identities is.
#[test]
fn variances_of_generated_identities_equal_numpy() {
    let f: serde_json::Value =
        serde_json::from_str(include_str!("../../../../tests/fixtures/generated_variance.json")).unwrap();
    let numbers = |name: &str| -> Vec<f32> {
        let all = f[name].as_array().unwrap().iter();
        all.map(|x| x.as_f64().unwrap() as f32).collect()
    };
    let unit = Matrix::new(numbers("unit"), 15, 6).unwrap();
    let close = |what: &str, found: &[f32]| {
        let expected = numbers(what);
        assert_eq!(found.len(), expected.len(), "{what}");
        for (f, e) in found.iter().zip(&expected) {
            assert!((f - e).abs() < 1e-6, "{what}: {found:?}, expected {expected:?}");
        }
    };
    let (mean, variance) = centers(&unit, IMAGES, &StatisticsConfig::default()).unwrap();
    close("mean", &mean.data);
    close("variance", &variance);
    let unshrunk = StatisticsConfig {
        shrinkage: Shrinkage::Off,
        ..StatisticsConfig::default()
    };
    close("unshrunk", &centers(&unit, IMAGES, &unshrunk).unwrap().1);
    let (_, alone) = centers(&unit, 1, &StatisticsConfig::default()).unwrap();
    assert!(alone.iter().all(|v| v.is_nan()), "of one image there is no variance");
}

#[test]
fn the_audit_names_the_nearest_real_identity_of_every_centre_and_of_its_images() {
    let (unit, real) = (unit_rows(6 * IMAGES, 7, "tests.images"), real(9, 7));
    let (mean, variance) = centers(&unit, IMAGES, &StatisticsConfig::default()).unwrap();
    let mut table = CandidateTable::empty(6, 7);
    table.feature = mean.normalised("centre").unwrap();
    table.variance = variance.clone();
    let decisions = crate::pipeline::selection::Selection {
        decision: [Decision::KEEP, Decision::REAL, Decision::SELECTED, Decision::PARENT_CAP]
            .into_iter()
            .chain([Decision::TARGET_REACHED, Decision::KEEP])
            .collect(),
        blocker: vec![-1, 3, 0, 2, -1, -1],
        cosine: vec![f32::NAN, 0.8, 0.7, f32::NAN, f32::NAN, f32::NAN],
        kept: vec![5, 0],
    };
    let host = NullHost::default();
    let audit = audit(&unit, &table, &real, &decisions, IMAGES, &Ctx::new(&host)).unwrap();
    let columns: Vec<_> = audit.columns().map(|(name, _)| name).collect();
    assert_eq!(
        columns,
        [
            "identity",
            "nearest_real",
            "cosine",
            "nearest_real_of_images",
            "cosine_of_images",
            "variance",
            "decision",
            "blocker",
            "blocker_cosine"
        ]
    );
    let mut differ = 0;
    for i in 0..6 {
        let (row, cosine) = largest(mean.row(i), &real);
        assert_eq!(audit.i64s("nearest_real").unwrap()[i], row, "identity {i}");
        assert!((audit.f64s("cosine").unwrap()[i] - cosine).abs() < 1e-6, "identity {i}");
        let of_images = (i * IMAGES..(i + 1) * IMAGES).map(|image| largest(unit.row(image), &real));
        let (row_of_images, cosine) = of_images.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
        assert_eq!(audit.i64s("nearest_real_of_images").unwrap()[i], row_of_images, "{i}");
        assert!(
            (audit.f64s("cosine_of_images").unwrap()[i] - cosine).abs() < 1e-6,
            "{i}"
        );
        differ += usize::from(row != row_of_images);
    }
    assert!(differ > 0, "centres and images could be mixed up without notice");
    assert_eq!(audit.f32s("variance").unwrap(), variance);
    assert_eq!(
        audit.texts("decision").unwrap(),
        ["keep", "real", "selected", "parent-cap", "target-reached", "keep"]
    );
    assert_eq!(audit.i64s("blocker").unwrap(), decisions.blocker);
    assert_eq!(audit.f32s("blocker_cosine").unwrap()[1..3], [0.8, 0.7]);
}

#[test]
fn of_two_equally_near_real_identities_the_first_is_named() {
    let twice = Matrix::new(vec![0.0, 1.0, 1.0, 0.0, 1.0, 0.0], 3, 2).unwrap();
    let features = Matrix::new(vec![1.0, 0.0, -1.0, 0.0], 2, 2).unwrap();
    let host = NullHost::default();
    let found = nearest(&features, &twice, (&Ctx::new(&host), "features")).unwrap();
    let found: Vec<_> = found.iter().map(|n| (n.row, n.cosine)).collect();
    assert_eq!(found, [(1, 1.0), (0, 0.0)]);
}

#[test]
fn comparing_with_real_identities_stops_when_told() {
    let (unit, real) = (unit_rows(6 * IMAGES, 7, "tests.images"), real(9, 7));
    let host = RunHost::new(0, 1, true, Arc::new(AtomicBool::new(true)));
    nearest(&unit, &real.mean, (&host.ctx(), "features")).unwrap_err();
}
