//! evaluate/ARM and evaluate-untrained: verification of the held-out people by each backbone of an arm, and by untrained ones.

use ficta_core::{Backbone, Kind, Result};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    config::RunConfig,
    evaluation::{Roc, Verification, roc, verify},
    pipeline::{
        Place, Stage,
        held_out::{HeldOut, Verified},
        training_evaluation::Selected,
    },
    storage::{Tensors, json as json_file},
};

pub const RESULT: &str = "result.json";

/// What the backbones of an arm achieve.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct ArmResult {
    /// Classes of the training set.
    pub classes: usize,
    /// Images of the training set.
    pub images: usize,
    /// One result for each training.
    pub seeds: Vec<SeedResult>,
    /// Which evaluation chose the weights of each training, where the run file asks for that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub selected: Vec<Selected>,
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

/// The stage of an arm.
pub fn id(arm: &str) -> String {
    format!("evaluate/{arm}")
}

/// The stage of the same backbone with the weights that it starts from.
pub const UNTRAINED: &str = "evaluate-untrained";

pub fn stage(config: &RunConfig, arm: &str) -> Stage {
    let (choice, settings, seeds) = (
        config.backbone.clone(),
        config.evaluation.clone(),
        config.training.seeds,
    );
    let arm_name = arm.to_owned();
    let work = move |place: &Place<'_>| {
        let held_out = HeldOut::read(place, &settings)?;
        let mut out = ArmResult::default();
        for seed in 0..seeds {
            let training = super::train_backbone::id(&arm_name, seed);
            let set: super::train_backbone::SetSize =
                json_file::read(&place.file(&training, super::train_backbone::SET))?;
            (out.classes, out.images) = (set.classes, set.images);
            out.selected.extend(set.selected);
            let mut network = place.registry.backbone(&choice.plugin, &choice.params)?;
            network.load(&place.file(&training, super::train_backbone::WEIGHTS), &place.ctx())?;
            let result = evaluate(&held_out, &mut *network, seed, place);
            out.seeds
                .push(result.map_err(|e| e.context(format!("backbone of {training}")))?);
        }
        json_file::write(&place.dir.join(RESULT), &out)
    };
    let mut inputs = vec!["data".into()];
    inputs.extend((0..seeds).map(|seed| super::train_backbone::id(arm, seed)));
    Stage::new(id(arm), inputs, params(config), Box::new(work)).with(Kind::BACKBONE, &config.backbone)
}

/// What the backbone achieves before it has learnt anything: the floor that a training set must lift it from. It may lie far above
/// one half, since photographs of one sitting resemble each other in any embedding.
pub fn untrained(config: &RunConfig) -> Stage {
    let (choice, settings, seeds) = (
        config.backbone.clone(),
        config.evaluation.clone(),
        config.training.seeds,
    );
    let work = move |place: &Place<'_>| {
        let held_out = HeldOut::read(place, &settings)?;
        let mut out = ArmResult::default();
        for seed in 0..seeds {
            let mut network = place.registry.backbone(&choice.plugin, &choice.params)?;
            let classes = 2; // of the head, which verification does not use
            network.initialise(
                classes,
                super::train_backbone::weights_seed(place.seed, seed),
                &place.ctx(),
            )?;
            let result = evaluate(&held_out, &mut *network, seed, place);
            out.seeds.push(result.map_err(|e| e.context("untrained backbone"))?);
        }
        json_file::write(&place.dir.join(RESULT), &out)
    };
    Stage::new(UNTRAINED, vec!["data".into()], params(config), Box::new(work)).with(Kind::BACKBONE, &config.backbone)
}

fn params(config: &RunConfig) -> serde_json::Value {
    let e = &config.evaluation;
    json!({"folds": e.folds, "rounds": e.rounds, "seeds": config.training.seeds})
}

/// Verifies with `network`, and leaves its embeddings.
fn evaluate(held_out: &HeldOut, network: &mut dyn Backbone, seed: usize, place: &Place<'_>) -> Result<SeedResult> {
    let Verified {
        plain,
        mirrored,
        distances,
    } = held_out.verify(network, place)?;
    let (labels, pairs) = (&held_out.images.labels, &held_out.pairs);
    let mut tensors = Tensors::new();
    tensors.insert("embedding", &[plain.rows, plain.cols], plain.data)?;
    tensors.insert("mirrored", &[mirrored.rows, mirrored.cols], mirrored.data)?;
    tensors.insert("label", &[labels.len()], labels.clone())?;
    tensors.write(&place.dir.join(format!("embeddings-seed-{seed}.safetensors")))?;
    let ones = vec![1.0; distances.len()];
    Ok(SeedResult {
        verification: verify(&distances, pairs, &ones),
        roc: roc(&distances, &pairs.pairs, &ones),
        distances,
    })
}
