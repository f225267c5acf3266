//! evaluate/ARM and evaluate-untrained: verification of the held-out people, and on the sets of `[evaluation.sets]`, by each backbone of an arm and by
//! untrained ones.

use std::collections::BTreeMap;

use ficta_core::{Backbone, Kind, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    config::{EvaluationConfig, RunConfig},
    evaluation::{Measures, Roc, Verification, VerificationSet, measure, roc, verify},
    pipeline::{
        Place, Stage,
        held_out::{HeldOut, Verified},
        training_evaluation::Selected,
        verification_sets::{self, PROTOCOL, VAL_FAR},
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
    /// Where people are held out.
    #[serde(flatten)]
    pub held_out: Option<OnHeldOut>,
    /// By name of `[evaluation.sets]`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sets: BTreeMap<String, OnSet>,
}

/// What one backbone achieves on the held-out people.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct OnHeldOut {
    /// InsightFace's protocol.
    pub verification: Verification,
    /// Operating points.
    pub roc: Roc,
    /// Squared distance of each pair.
    pub distances: Vec<f64>,
}

/// What one backbone achieves on a verification set.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct OnSet {
    /// InsightFace's protocol.
    pub measures: Measures,
    /// Operating points.
    pub roc: Roc,
    /// Squared distance of each pair.
    pub distances: Vec<f64>,
    /// Images that were scaled to the network's size.
    pub scaled_images: usize,
}

/// The stage of an arm.
pub fn id(arm: &str) -> String {
    format!("evaluate/{arm}")
}

/// The stage of the same backbone with the weights that it starts from.
pub const UNTRAINED: &str = "evaluate-untrained";

///
/// `sets` is the content of `evaluation.sets`.
pub fn stage(config: &RunConfig, arm: &str, sets: &Value) -> Stage {
    let (choice, settings, seeds) = (
        config.backbone.clone(),
        config.evaluation.clone(),
        config.training.seeds,
    );
    let arm_name = arm.to_owned();
    let work = move |place: &Place<'_>| {
        let verified = Verifiable::open(place, &settings)?;
        let mut out = ArmResult::default();
        for seed in 0..seeds {
            let training = super::train_backbone::id(&arm_name, seed);
            let set: super::train_backbone::SetSize =
                json_file::read(&place.file(&training, super::train_backbone::SET))?;
            (out.classes, out.images) = (set.classes, set.images);
            out.selected.extend(set.selected);
            let mut network = place.registry.backbone(&choice.plugin, &choice.params)?;
            network.load(&place.file(&training, super::train_backbone::WEIGHTS), &place.ctx())?;
            let result = verified.by(&mut *network, seed, place);
            out.seeds
                .push(result.map_err(|e| e.context(format!("backbone of {training}")))?);
        }
        json_file::write(&place.dir.join(RESULT), &out)
    };
    let mut inputs = vec!["data".into()];
    inputs.extend((0..seeds).map(|seed| super::train_backbone::id(arm, seed)));
    Stage::new(id(arm), inputs, params(config, sets), Box::new(work)).with(Kind::BACKBONE, &config.backbone)
}

/// What the backbone achieves before it has learnt anything: the floor that a training set must lift it from. It may lie far above
/// one half, since photographs of one sitting resemble each other in any embedding.
pub fn untrained(config: &RunConfig, sets: &Value) -> Stage {
    let (choice, settings, seeds) = (
        config.backbone.clone(),
        config.evaluation.clone(),
        config.training.seeds,
    );
    let work = move |place: &Place<'_>| {
        let verified = Verifiable::open(place, &settings)?;
        let mut out = ArmResult::default();
        for seed in 0..seeds {
            let mut network = place.registry.backbone(&choice.plugin, &choice.params)?;
            let classes = 2; // of the head, which verification does not use
            network.initialise(
                classes,
                super::train_backbone::weights_seed(place.seed, seed),
                &place.ctx(),
            )?;
            let result = verified.by(&mut *network, seed, place);
            out.seeds.push(result.map_err(|e| e.context("untrained backbone"))?);
        }
        json_file::write(&place.dir.join(RESULT), &out)
    };
    let params = params(config, sets);
    Stage::new(UNTRAINED, vec!["data".into()], params, Box::new(work)).with(Kind::BACKBONE, &config.backbone)
}

fn params(config: &RunConfig, sets: &Value) -> Value {
    let e = &config.evaluation;
    let mut params = json!({"folds": e.folds, "rounds": e.rounds, "seeds": config.training.seeds});
    if !e.sets.is_empty() {
        params["sets"] = sets.clone();
    }
    params
}

/// All that a backbone is verified on.
struct Verifiable {
    held_out: Option<HeldOut>,
    sets: Vec<(String, VerificationSet)>,
}

impl Verifiable {
    fn open(place: &Place<'_>, settings: &EvaluationConfig) -> Result<Self> {
        Ok(Self {
            held_out: HeldOut::read(place, settings)?,
            sets: verification_sets::open(&settings.sets)?,
        })
    }

    /// Verifies with `network`, and leaves its embeddings of the held-out people.
    fn by(&self, network: &mut dyn Backbone, seed: usize, place: &Place<'_>) -> Result<SeedResult> {
        let held_out = self.held_out.as_ref();
        let held_out = held_out
            .map(|people| on_held_out(people, network, seed, place))
            .transpose()?;
        let named = |(name, set): &(String, VerificationSet)| {
            let of_set = on_set(set, &mut *network, place);
            Ok((
                name.clone(),
                of_set.map_err(|e| e.context(format!("evaluation set {name}")))?,
            ))
        };
        let sets = self.sets.iter().map(named).collect::<Result<_>>()?;
        Ok(SeedResult { held_out, sets })
    }
}

fn on_held_out(people: &HeldOut, network: &mut dyn Backbone, seed: usize, place: &Place<'_>) -> Result<OnHeldOut> {
    let Verified {
        plain,
        mirrored,
        distances,
    } = people.verify(network, place)?;
    let (labels, pairs) = (&people.images.labels, &people.pairs);
    let mut tensors = Tensors::new();
    tensors.insert("embedding", &[plain.rows, plain.cols], plain.data)?;
    tensors.insert("mirrored", &[mirrored.rows, mirrored.cols], mirrored.data)?;
    tensors.insert("label", &[labels.len()], labels.clone())?;
    tensors.write(&place.dir.join(format!("embeddings-seed-{seed}.safetensors")))?;
    let ones = vec![1.0; distances.len()];
    Ok(OnHeldOut {
        verification: verify(&distances, pairs, &ones),
        roc: roc(&distances, &pairs.pairs, &ones),
        distances,
    })
}

fn on_set(set: &VerificationSet, network: &mut dyn Backbone, place: &Place<'_>) -> Result<OnSet> {
    let (distances, scaled_images) = verification_sets::distances(set, network, place)?;
    let (measures, roc) = measure(&distances, set.answers(), PROTOCOL, VAL_FAR)?;
    Ok(OnSet {
        measures,
        roc,
        distances,
        scaled_images,
    })
}
