//! encode: ID features of the real faces, at full size and at the size of generated images.

use ficta_core::{Encoder, Kind, Result, TensorMut};
use serde_json::json;

use crate::{
    config::RunConfig,
    pipeline::{Place, Stage, images::Images, matrix::Matrix},
    storage::Tensors,
};

/// Images handed to the encoder in one call.
const CALL: usize = 1024;

/// Features of the images at full size.
pub const FULL: &str = "features.safetensors";
/// Features of the same images scaled down to the size of generated ones: real and generated faces are compared at one resolution.
pub const SMALL: &str = "features-generated-size.safetensors";

pub fn stage(config: &RunConfig) -> Stage {
    let choice = config.encoder.clone();
    let work = move |place: &Place<'_>| {
        let mut encoder = place.registry.encoder(&choice.plugin, &choice.params)?;
        for (images, file) in [("full", FULL), ("small", SMALL)] {
            let images = Images::read(&place.file("data", "learn.safetensors"), images)?;
            let features =
                encode(&mut *encoder, &images, place).map_err(|e| e.context(format!("encoder `{}`", choice.plugin)))?;
            write(place, &features, &images.labels, file)?;
        }
        crate::storage::json::write(
            &place.dir.join("encoder.json"),
            &json!({"description": encoder.info().description.as_str(), "dim": encoder.info().dim}),
        )
    };
    Stage::new("encode", vec!["data".into()], json!({}), Box::new(work)).with(Kind::ENCODER, &config.encoder)
}

/// Raw features of images.
///
/// # Errors
/// The encoder's; features that are not finite, with the image.
pub fn encode(encoder: &mut dyn Encoder, images: &Images, place: &Place<'_>) -> Result<Matrix> {
    let dim = encoder.info().dim;
    let mut features = Matrix::zeros(images.len(), dim);
    let view = images.view()?;
    for start in (0..images.len()).step_by(CALL) {
        let count = CALL.min(images.len() - start);
        let out = &mut features.data[start * dim..][..count * dim];
        encoder.encode(
            view.rows(start, count)?,
            TensorMut::new(out, &[count, dim])?,
            &place.ctx(),
        )?;
    }
    if let Some(at) = features.data.iter().position(|x| !x.is_finite()) {
        return Err(ficta_core::Error::data(format!(
            "the encoder gave {} in the feature of image {}",
            features.data[at],
            at / dim
        ))
        .help("look at that image; mend or leave out the encoder"));
    }
    Ok(features)
}

/// Writes features as a features file.
///
/// # Errors
/// Writing failed.
pub fn write(place: &Place<'_>, features: &Matrix, labels: &[i64], file: &str) -> Result<()> {
    let mut tensors = Tensors::new();
    tensors.insert("feature", &[features.rows, features.cols], features.data.clone())?;
    tensors.insert("label", &[labels.len()], labels.to_vec())?;
    tensors.write(&place.dir.join(file))
}
