//! The stage on the features of a run, against `ficta metrics` on the same.

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use ficta_core::random::Stream;

use super::*;
use crate::{
    features::FeatureTable,
    metrics::{Measure, measure},
    pipeline::PluginsLock,
    registry::Registry,
    run_host::RunHost,
    statistics,
};

const RUN: &str = r#"
run = { name = "test" }
data = { path = "faces" }
encoder = { plugin = "encoder" }
backbone = { plugin = "backbone" }
loss = { plugin = "loss" }
training = { steps = 1, batch = 1, learning_rate = { schedule = "cosine", peak = 0.1 } }
metrics = { neighbours = 1 }

[arms.fictional]
ids = "fictional"
images = 3
"#;
const SEED: u64 = 5;
/// Real people and photographs of each; generated identities and images of each, and those that a second selection kept.
const REAL_SET: (usize, usize) = (6, 4);
const GENERATED: (usize, usize) = (4, 3);
const KEPT: [i64; 3] = [0, 2, 3];

/// Raw features of people in a space of its own for each `evaluator`.
fn features((people, images): (usize, usize), evaluator: &str, purpose: &str) -> FeatureTable {
    let mut x = Matrix::zeros(people * images, 8);
    for (row, feature) in x.data.chunks_exact_mut(8).enumerate() {
        let normal = |purpose: &str, index: usize| {
            let mut out = [0f32; 8];
            Stream::new(1, purpose, index as u64, 0).fill_normal(&mut out);
            out
        };
        let person = normal(&format!("test.{evaluator}.{purpose}"), row / images);
        let image = normal(&format!("test.{evaluator}.{purpose}.image"), row);
        for ((x, p), i) in feature.iter_mut().zip(person).zip(image) {
            *x = 3.0 * (p + 0.7 * i);
        }
    }
    FeatureTable::new(x, (0..people * images).map(|i| (i / images) as i64).collect()).unwrap()
}

fn write(root: &Path, stage: &str, file: &str, tensors: &Tensors) {
    std::fs::create_dir_all(root.join(stage)).unwrap();
    tensors.write(&root.join(stage).join(file)).unwrap();
}

/// What `encode`, `statistics` and `reencode/fictional` leave in a run folder.
fn leave(root: &Path, config: &RunConfig) {
    let (real, made) = (
        features(REAL_SET, "encoder", "real"),
        features(GENERATED, "encoder", "made"),
    );
    write(
        root,
        "encode",
        super::super::encode::SMALL,
        &real.clone().tensors().unwrap(),
    );
    json_file::write(
        &root.join("encode/encoder.json"),
        &json!({"description": "the encoder"}),
    )
    .unwrap();
    let (ids, _) = IdentityTable::describe(&real, &config.statistics).unwrap();
    assert!(ids.center.is_none());
    std::fs::create_dir_all(root.join("statistics")).unwrap();
    ids.write(&root.join("statistics").join(super::super::statistics::SMALL))
        .unwrap();
    let stage = "reencode/fictional";
    write(
        root,
        stage,
        super::super::reencode::FEATURES,
        &made.clone().tensors().unwrap(),
    );
    let unit = unit_features(&made.feature.data, 8, None).unwrap();
    let identity: Vec<usize> = (0..made.feature.rows).map(|i| i / GENERATED.1).collect();
    let of = statistics::spread(&unit, 8, &identity, GENERATED.0, &config.statistics).unwrap();
    let mut centers = Tensors::new();
    centers.insert("mean", &[GENERATED.0, 8], of.mean).unwrap();
    centers.insert("kept", &[KEPT.len()], KEPT.to_vec()).unwrap();
    write(root, stage, super::super::reencode::CENTERS, &centers);
}

fn config(more: &str) -> RunConfig {
    toml::from_str(&RUN.replace("neighbours = 1", &format!("neighbours = 1, {more}"))).unwrap()
}

/// What the stage writes in a run folder that holds what came before.
fn measured(root: &Path, config: &RunConfig) -> AllMetrics {
    let host = RunHost::new(SEED, 1, true, Arc::default());
    let dir = root.join("metrics");
    std::fs::create_dir_all(&dir).unwrap();
    let place = Place {
        dir: dir.clone(),
        resume: root.join("resume"),
        root,
        plugins_lock: &PluginsLock::default(),
        registry: &Registry::default(),
        host: &host,
        seed: SEED,
        hashes: Mutex::default(),
    };
    let stage = stage(config, &super::super::generated_sets(config));
    (stage.work)(&place).unwrap();
    json_file::read(&dir.join(METRICS)).unwrap()
}

/// The numbers of `ficta metrics` on the features of an evaluator, against those of the run.
fn equal_the_command(all: &AllMetrics, evaluator: &str, pairs: usize) {
    let real = Identified::of(&features(REAL_SET, evaluator, "real"), None).unwrap();
    let made = features(GENERATED, evaluator, "made");
    let unit = unit_features(&made.feature.data, 8, None).unwrap();
    let kept: Vec<usize> = KEPT.iter().map(|k| *k as usize).collect();
    let (unit, labels) = of_kept(
        &Matrix::new(unit, made.feature.rows, 8).unwrap(),
        made.labels().unwrap(),
        &kept,
    );
    let made = Identified::new(unit, &labels).unwrap();
    let host = RunHost::new(SEED, 1, true, Arc::default());
    let how = Measure {
        neighbours: 1,
        pairs,
        seed: SEED,
        ..Measure::default()
    };
    let expected = measure(&made, &real, &how, "", &host.ctx()).unwrap().metrics;
    let mut compared = 0;
    for (set, name) in [("generated", "fictional"), ("real", PHOTOGRAPHS)] {
        let of = &all.sets[name];
        for (key, found) in [
            ("U", of.uniqueness),
            ("P", of.preservation),
            ("D_recall", of.recall),
            ("D_distance", of.distance),
            ("FDR", Some(of.separability.fdr)),
            ("EER", Some(of.separability.eer)),
            ("FMR100", Some(of.separability.fmr100)),
            ("impostor_mean", Some(of.separability.impostor_mean)),
        ] {
            let expected = expected.iter().find(|m| m.set == set && m.name == key).unwrap();
            let near = match (found, expected.value) {
                (Some(found), Some(expected)) => (found - expected).abs() < 1e-6,
                (found, expected) => found == expected,
            };
            assert!(near, "{name}, {key}: {found:?}, expected {:?}", expected.value);
            compared += usize::from(found.is_some());
        }
    }
    assert_eq!(compared, 14, "recall alone is undefined");
}

#[test]
fn a_run_measures_as_the_command_does() {
    let root = tempfile::tempdir().unwrap();
    let config = config("pairs = 1000");
    leave(root.path(), &config);
    let all = measured(root.path(), &config);
    assert_eq!(all.evaluator, "the encoder");
    let sets: Vec<_> = all
        .sets
        .iter()
        .map(|(name, s)| (name.as_str(), s.identities, s.images))
        .collect();
    assert_eq!(sets, [("fictional", 3, 9), (PHOTOGRAPHS, 6, 24)]);
    assert_eq!(
        all.sets["fictional"].pairs.to_string(),
        "all pairs: 9 genuine, 27 impostor"
    );
    equal_the_command(&all, "encoder", 1000);
}

#[test]
fn where_pairs_are_many_some_are_drawn_by_the_seed() {
    let root = tempfile::tempdir().unwrap();
    let config = config("pairs = 100");
    leave(root.path(), &config);
    let all = measured(root.path(), &config);
    let pairs = |name: &str| all.sets[name].pairs.to_string();
    assert_eq!(pairs(PHOTOGRAPHS), "pairs drawn: 36 genuine, 100 impostor");
    assert_eq!(pairs("fictional"), "all pairs: 9 genuine, 27 impostor");
    assert_eq!(
        (all.calibration.impostor_pairs, all.calibration.all_impostor_pairs),
        (100, false)
    );
    assert_eq!(all.sets[PHOTOGRAPHS].cosines["impostor"].len(), 100);
    equal_the_command(&all, "encoder", 100);
}

#[test]
fn dropped_identities_leave_the_metrics() {
    let unit = Matrix::new((0..8).map(|x| x as f32).collect(), 4, 2).unwrap();
    let (of_kept, labels) = of_kept(&unit, &[0, 1, 2, 2], &[0, 2]);
    assert_eq!(of_kept.data, [0.0, 1.0, 4.0, 5.0, 6.0, 7.0]);
    assert_eq!(labels, [0, 1, 1]);
}

#[test]
fn another_evaluator_measures_where_one_is_named() {
    let root = tempfile::tempdir().unwrap();
    let config = config(r#"pairs = 1000, encoder = { plugin = "another" }"#);
    leave(root.path(), &config);
    let (real, made) = (
        features(REAL_SET, "another", "real"),
        features(GENERATED, "another", "made"),
    );
    let (of_real, of_set) = (
        super::super::evaluator::REAL_FACES,
        super::super::evaluator::id("fictional"),
    );
    write(
        root.path(),
        of_real,
        super::super::encode::SMALL,
        &real.tensors().unwrap(),
    );
    write(
        root.path(),
        &of_set,
        super::super::reencode::FEATURES,
        &made.tensors().unwrap(),
    );
    json_file::write(
        &root.path().join(of_real).join("encoder.json"),
        &json!({"description": "another network"}),
    )
    .unwrap();
    let all = measured(root.path(), &config);
    assert_eq!(
        (all.evaluator.as_str(), all.also_conditions),
        ("another network, not centred", false)
    );
    equal_the_command(&all, "another", 1000);
}

#[test]
fn the_stages_of_another_evaluator_are_there_only_where_it_is_another() {
    let stages = |config: &RunConfig| {
        let sets = super::super::generated_sets(config);
        let of_evaluator = super::super::evaluator::stages(config, sets.iter());
        let names: Vec<String> = of_evaluator.iter().map(|s| s.id.clone()).collect();
        (names, stage(config, &sets))
    };
    let inputs = |stage: &Stage| stage.inputs.clone();
    let of_encoder = ["encode", "statistics", "reencode/fictional"];
    for more in ["pairs = 9", r#"pairs = 9, encoder = { plugin = "encoder" }"#] {
        let (names, metrics) = stages(&config(more));
        assert_eq!(
            (names, inputs(&metrics)),
            (Vec::new(), of_encoder.map(String::from).to_vec()),
            "{more}"
        );
    }
    let choose = |weights: &str| {
        config(&format!(
            r#"encoder = {{ plugin = "encoder", params = {{ weights = "{weights}" }} }}"#
        ))
    };
    let (names, metrics) = stages(&choose("a"));
    assert_eq!(names, ["encode-metrics", "reencode-metrics/fictional"]);
    assert_eq!(
        inputs(&metrics),
        ["encode-metrics", "reencode-metrics/fictional", "reencode/fictional"]
    );
    assert_ne!(
        metrics.params,
        stages(&choose("b")).1.params,
        "other weights are another measurement"
    );
    let sets = super::super::generated_sets(&choose("a"));
    for stage in super::super::evaluator::stages(&choose("a"), sets.iter()) {
        assert_eq!(stage.components[0].1.params["weights"], "a", "{}", stage.id);
    }
}
