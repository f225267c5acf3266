//! encode: ID features of the real faces, at full size and at the size of generated images.

use ficta_core::{Encoder, Kind, Result};
use serde_json::json;

use crate::{
    config::RunConfig,
    features::FeatureTable,
    pipeline::{Place, Stage, encoding::encode, images::Images, matrix::Matrix},
    storage::json as json_file,
};

/// Features of the images at full size.
pub const FULL: &str = "features.safetensors";
/// Features of the same images scaled down to the size of generated ones: real and generated faces are compared at one resolution.
pub const SMALL: &str = "features-generated-size.safetensors";

/// What the encoder is.
const ENCODER: &str = "encoder.json";

pub fn stage(config: &RunConfig) -> Stage {
    let choice = config.encoder.clone();
    let work = move |place: &Place<'_>| {
        let mut encoder = place.registry.encoder(&choice.plugin, &choice.params)?;
        for (images, file) in [("full", FULL), ("small", SMALL)] {
            let images = Images::read(&place.file("data", "learn.safetensors"), images)?;
            let features = encode(&mut *encoder, &images, &place.ctx())
                .map_err(|e| e.context(format!("encoder `{}`", choice.plugin)))?;
            write(place, &features, &images.labels, file)?;
        }
        describe(place, &*encoder)
    };
    Stage::new("encode", vec!["data".into()], json!({}), Box::new(work)).with(Kind::ENCODER, &config.encoder)
}

/// Writes what the encoder is.
///
/// # Errors
/// Writing failed.
pub fn describe(place: &Place<'_>, encoder: &dyn Encoder) -> Result<()> {
    let info = encoder.info();
    json_file::write(
        &place.dir.join(ENCODER),
        &json!({"description": info.description.as_str(), "dim": info.dim}),
    )
}

/// What the encoder of a finished stage is, in words.
///
/// # Errors
/// Reading failed.
pub fn description(place: &Place<'_>, stage: &str) -> Result<String> {
    let encoder: serde_json::Value = json_file::read(&place.file(stage, ENCODER))?;
    Ok(encoder["description"].as_str().unwrap_or_default().to_owned())
}

/// Writes features as a features file.
///
/// # Errors
/// Writing failed.
pub fn write(place: &Place<'_>, features: &Matrix, labels: &[i64], file: &str) -> Result<()> {
    let file = place.dir.join(file);
    FeatureTable::new(features.clone(), labels.to_vec())?
        .tensors()?
        .write(&file)
}
