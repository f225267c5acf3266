//! encode-metrics and reencode-metrics/SET: real faces and generated images, at the size of the latter, through the network that measures, where
//! the run names another than the one that conditions the generator.

use ficta_core::{Encoder, Kind, Result};
use serde_json::json;

use crate::{
    config::{ComponentChoice, RunConfig},
    data::ImageSource,
    pipeline::{
        Place, Stage,
        encoding::{encode, encode_small},
        images::Images,
        matrix::Matrix,
    },
};

/// The stage of the real faces.
pub const REAL_FACES: &str = "encode-metrics";

/// The stage of a generated set.
pub fn id(ids: &str) -> String {
    format!("reencode-metrics/{ids}")
}

/// The stages that the metrics need, none where the run's encoder measures.
pub fn stages<'a>(config: &RunConfig, sets: impl Iterator<Item = (&'a String, &'a usize)>) -> Vec<Stage> {
    let Some(choice) = config.evaluator() else {
        return Vec::new();
    };
    let of_set = |(ids, images): (&String, &usize)| generated(choice, ids, *images);
    std::iter::once(real_faces(choice)).chain(sets.map(of_set)).collect()
}

fn real_faces(choice: &ComponentChoice) -> Stage {
    let owned = choice.clone();
    let work = move |place: &Place<'_>| {
        let images = Images::read(&place.file("data", "learn.safetensors"), "small")?;
        let work = |network: &mut dyn Encoder| encode(network, &images, &place.ctx());
        features(place, &owned, work, &images.labels, super::encode::SMALL)
    };
    Stage::new(REAL_FACES, vec!["data".into()], json!({}), Box::new(work)).with(Kind::ENCODER, choice)
}

fn generated(choice: &ComponentChoice, ids: &str, images: usize) -> Stage {
    let (owned, ids_name) = (choice.clone(), ids.to_owned());
    let work = move |place: &Place<'_>| {
        let faces = super::reencode::faces(place, &ids_name, images)?;
        let labels: Vec<_> = (0..faces.len()).map(|i| faces.label(i)).collect();
        let work = |network: &mut dyn Encoder| encode_small(network, &faces, place.host);
        features(place, &owned, work, &labels, super::reencode::FEATURES)
    };
    let (inputs, params) = (vec![format!("generate/{ids}")], json!({"images": images}));
    Stage::new(id(ids), inputs, params, Box::new(work)).with(Kind::ENCODER, choice)
}

/// Writes the raw features that `work` computes by the network, and what the network is.
fn features(
    place: &Place<'_>,
    choice: &ComponentChoice,
    work: impl FnOnce(&mut dyn Encoder) -> Result<Matrix>,
    labels: &[i64],
    file: &str,
) -> Result<()> {
    let mut network = place.registry.encoder(&choice.plugin, &choice.params)?;
    let features = work(&mut *network).map_err(|e| e.context(format!("encoder `{}` of [metrics]", choice.plugin)))?;
    super::encode::write(place, &features, labels, file)?;
    super::encode::describe(place, &*network)
}
