//! train-backbone/ARM/seed-N: a face-recognition network on one training set.

use ficta_core::{Kind, Result, random::derive_seed};
use serde_json::{Value, json};

use crate::{
    config::{Arm, REAL, RunConfig},
    pipeline::{
        Place, Stage,
        arm_images::{ArmImages, Generated, TrainingSet},
        face_training::FaceTraining,
        held_out::HeldOut,
        images::Images,
        training_evaluation::TrainingEvaluation,
        training_images::HELD,
    },
};

pub use crate::pipeline::face_training::{SET, SetSize, WEIGHTS};

/// The stage of one training.
pub fn id(arm: &str, seed: usize) -> String {
    format!("train-backbone/{arm}/seed-{seed}")
}

fn run_seed(seed: u64, training: usize) -> u64 {
    derive_seed(seed, "backbone", training as u64, 0)
}

/// What the weights of training number `training` start from.
pub fn weights_seed(seed: u64, training: usize) -> u64 {
    derive_seed(run_seed(seed, training), "backbone.weights", 0, 0)
}

/// One training of an arm; `sets` is the content of `training.evaluation.sets`.
pub fn stage(config: &RunConfig, name: &str, arm: &Arm, seed: usize, sets: &Value) -> Stage {
    let (backbone, loss) = (config.backbone.clone(), config.loss.clone());
    let (training, arm_owned) = (config.training.of(arm), arm.clone());
    let mut t = training.clone();
    (t.checkpoint_every, t.seeds) = (1, 1); // neither changes what one training gives
    let verification = config.evaluation.clone();
    let work = move |place: &Place<'_>| {
        let set = training_set(place, &arm_owned, HELD)?;
        let evaluation = training.evaluation.as_ref().map(|evaluation| {
            let held_out = evaluation
                .held_out
                .then(|| HeldOut::read(place, &verification))
                .transpose()?
                .flatten();
            TrainingEvaluation::open(evaluation, held_out)
        });
        let evaluation = evaluation.transpose()?;
        FaceTraining {
            backbone: &backbone,
            loss: &loss,
            training: &training,
            images: set.images(),
            weights_seed: weights_seed(place.seed, seed),
            order_seed: derive_seed(run_seed(place.seed, seed), "backbone.order", 0, 0),
            start: None,
            evaluation: evaluation.as_ref(),
        }
        .run(place)
    };
    let mut inputs = Vec::new();
    let evaluation = config.training.evaluation.as_ref();
    if arm.real || evaluation.is_some_and(|e| e.held_out) {
        inputs.push("data".into());
    }
    if let Some(ids) = &arm.ids {
        inputs.extend([format!("generate/{ids}"), format!("reencode/{ids}")]);
    }
    let mut params =
        json!({"arm": {"real": arm.real, "ids": arm.ids, "images": arm.images}, "training": t, "seed": seed});
    if evaluation.is_some() {
        params["training"]["evaluation"]["sets"] = sets.clone();
        params["verification"] = json!([config.evaluation.folds, config.evaluation.rounds]);
    }
    Stage::new(id(name, seed), inputs, params, Box::new(work))
        .with(Kind::BACKBONE, &config.backbone)
        .with(Kind::LOSS, &config.loss)
}

/// The images of an arm with labels from 0, of which so many bytes are held. Generated images of real people bear those people's labels.
fn training_set(place: &Place<'_>, arm: &Arm, most: usize) -> Result<TrainingSet> {
    let photographs = match arm.real {
        true => Images::read(&place.file("data", "learn.safetensors"), "small")?,
        false => Images::default(),
    };
    let generated = match &arm.ids {
        Some(ids) => {
            let offset = photographs.identities();
            let label = |(place, identity): (usize, usize)| match ids == REAL {
                true => (identity, identity as i64),
                false => (identity, (place + offset) as i64),
            };
            let kept = super::reencode::kept(place, ids)?;
            let labelled = kept.into_iter().enumerate().map(label).collect();
            Generated::new(&place.input(&format!("generate/{ids}")), labelled, arm.images)
        }
        None => Generated::default(),
    };
    ArmImages::new(photographs, generated)?.to_train(most, &place.ctx())
}

#[cfg(test)]
mod tests;
