//! The run's held-out people, and their verification by a backbone.

use ficta_core::{Backbone, Result, TensorMut, TensorRef, random::derive_seed};

use super::{Place, images::Images, matrix::Matrix};
use crate::{
    config::EvaluationConfig,
    evaluation::{Pairs, distances, flip_sum, make_pairs},
};

/// The held-out people and their pairs.
pub struct HeldOut {
    /// Their images.
    pub images: Images,
    /// Which are compared, in folds.
    pub pairs: Pairs,
}

/// What a backbone makes of them.
pub struct Verified {
    /// Raw embeddings of the images.
    pub plain: Matrix,
    /// Of their mirror images.
    pub mirrored: Matrix,
    /// Squared distance of each pair.
    pub distances: Vec<f64>,
}

impl HeldOut {
    /// Those of a run whose stage `data` is finished; `None` where nobody is held out.
    ///
    /// # Errors
    /// Reading failed; too few people for pairs.
    pub fn read(place: &Place<'_>, settings: &EvaluationConfig) -> Result<Option<Self>> {
        let images = Images::read(&place.file("data", "held-out.safetensors"), "small")?;
        if images.is_empty() {
            return Ok(None);
        }
        let seed = derive_seed(place.seed, "evaluation.pairs", 0, 0);
        let pairs = make_pairs(&images.labels, settings.folds, settings.rounds, seed)?;
        Ok(Some(Self { images, pairs }))
    }

    /// Embeds every image and its mirror image, and compares the pairs.
    ///
    /// # Errors
    /// The backbone's; embeddings without a direction.
    pub fn verify(&self, network: &mut dyn Backbone, place: &Place<'_>) -> Result<Verified> {
        let plain = embed(network, &self.images, false, place)?;
        let mirrored = embed(network, &self.images, true, place)?;
        let unit = flip_sum(&plain.data, &mirrored.data, plain.cols)?;
        Ok(Verified {
            distances: distances(&unit, plain.cols, &self.pairs.pairs),
            plain,
            mirrored,
        })
    }
}

/// Images handed to the backbone in one call.
const CALL: usize = 512;

fn embed(network: &mut dyn Backbone, images: &Images, mirrored: bool, place: &Place<'_>) -> Result<Matrix> {
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
