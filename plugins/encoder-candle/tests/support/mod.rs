//! What the tests of this crate share: pictures, and the weights, real and synthetic.
#![allow(dead_code)] // each test program uses its own part

pub mod assets;
pub mod pictures;
pub mod synthetic;

use ficta_core::{Configure, Ctx, Encoder, Result, TensorMut, TensorRef, testing::RecordingHost};
use ficta_encoder_candle::{DlibResnet, DlibResnetParams};
use std::path::Path;

/// Length of a feature.
pub const DIM: usize = 128;

/// The encoder with these weights.
pub fn encoder(weights: &Path, flip: bool) -> Result<DlibResnet> {
    DlibResnet::configure(DlibResnetParams {
        weights: weights.to_path_buf(),
        flip,
    })
}

/// The features of `count` pictures of `size`, one after the other.
pub fn encode(encoder: &mut dyn Encoder, pixels: &[u8], size: [usize; 2], threads: u32) -> Result<Vec<f32>> {
    let count = pixels.len() / (size[0] * size[1] * 3);
    let dim = encoder.info().dim;
    let mut out = vec![f32::NAN; count * dim];
    let host = RecordingHost::new(0).with_threads(threads);
    encoder.encode(
        TensorRef::new(pixels, &[count, size[0], size[1], 3])?,
        TensorMut::new(&mut out, &[count, dim])?,
        &Ctx::new(&host),
    )?;
    Ok(out)
}

/// Cosine of two features.
pub fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| -> f64 { a.iter().zip(b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum() };
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}
