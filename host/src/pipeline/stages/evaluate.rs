//! evaluate/ARM: verification of the held-out people by each backbone of an arm.

use ficta_core::{Kind, Result, TensorMut, TensorRef, random::derive_seed};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    config::RunConfig,
    evaluation::{Pairs, Roc, Verification, distances, flip_sum, make_pairs, roc, verify},
    pipeline::{Place, Stage, images::Images, matrix::Matrix},
    storage::{Tensors, json as json_file},
};

pub const RESULT: &str = "result.json";

/// What the backbones of an arm achieve.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ArmResult {
    /// Classes of the training set.
    pub classes: usize,
    /// Images of the training set.
    pub images: usize,
    /// One result for each training.
    pub seeds: Vec<SeedResult>,
}

/// What one backbone achieves.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct SeedResult {
    /// InsightFace's protocol.
    pub verification: Verification,
    /// Operating points.
    pub roc: Roc,
    /// Squared distance of each pair.
    pub distances: Vec<f64>,
}

pub fn stage(config: &RunConfig, arm: &str) -> Stage {
    let (choice, folds, seeds) = (config.backbone.clone(), config.evaluation.folds, config.training.seeds);
    let arm_name = arm.to_owned();
    let work = move |place: &Place<'_>| {
        let images = Images::read(&place.file("data", "held-out.safetensors"), "small")?;
        let pairs = pairs(place, &images, folds)?;
        let ones = vec![1.0; pairs.pairs.len()];
        let mut out = ArmResult {
            classes: 0,
            images: 0,
            seeds: Vec::new(),
        };
        for seed in 0..seeds {
            let training = super::train_backbone::id(&arm_name, seed);
            let set: serde_json::Value = json_file::read(&place.file(&training, super::train_backbone::SET))?;
            let count = |key: &str| set[key].as_u64().unwrap_or(0) as usize;
            (out.classes, out.images) = (count("classes"), count("images"));
            let mut network = place.registry.backbone(&choice.plugin, &choice.params)?;
            network.load(&place.file(&training, super::train_backbone::WEIGHTS), &place.ctx())?;
            let plain = embed(&mut *network, &images, false, place)?;
            let mirrored = embed(&mut *network, &images, true, place)?;
            let unit = flip_sum(&plain.data, &mirrored.data, plain.cols)
                .map_err(|e| e.context(format!("backbone of {training}")))?;
            let mut tensors = Tensors::new();
            tensors.insert("embedding", &[plain.rows, plain.cols], plain.data)?;
            tensors.insert("mirrored", &[mirrored.rows, mirrored.cols], mirrored.data)?;
            tensors.insert("label", &[images.len()], images.labels.clone())?;
            tensors.write(&place.dir.join(format!("embeddings-seed-{seed}.safetensors")))?;
            let distances = distances(&unit, plain.cols, &pairs.pairs);
            out.seeds.push(SeedResult {
                verification: verify(&distances, &pairs.pairs, pairs.folds, &ones),
                roc: roc(&distances, &pairs.pairs, &ones),
                distances,
            });
        }
        json_file::write(&place.dir.join(RESULT), &out)
    };
    let mut inputs = vec!["data".into()];
    inputs.extend((0..seeds).map(|seed| super::train_backbone::id(arm, seed)));
    Stage::new(
        format!("evaluate/{arm}"),
        inputs,
        json!({"folds": folds, "seeds": seeds}),
        Box::new(work),
    )
    .with(Kind::BACKBONE, &config.backbone)
}

/// The run's verification pairs.
pub fn pairs(place: &Place<'_>, images: &Images, folds: usize) -> Result<Pairs> {
    make_pairs(&images.labels, folds, derive_seed(place.seed, "evaluation.pairs", 0, 0))
}

/// Images handed to the backbone in one call.
const CALL: usize = 512;

fn embed(network: &mut dyn ficta_core::Backbone, images: &Images, mirrored: bool, place: &Place<'_>) -> Result<Matrix> {
    let info = network.info();
    let mut out = Matrix::zeros(images.len(), info.dim);
    let rows: Vec<_> = (0..images.len()).map(|i| (i, mirrored)).collect();
    for (call, chunk) in rows.chunks(CALL).enumerate() {
        let pixels = images.batch(chunk, info.channels)?;
        network.embed(
            TensorRef::new(&pixels, &[chunk.len(), info.channels, images.height, images.width])?,
            TensorMut::new(
                &mut out.data[call * CALL * info.dim..][..chunk.len() * info.dim],
                &[chunk.len(), info.dim],
            )?,
            &place.ctx(),
        )?;
    }
    Ok(out)
}
