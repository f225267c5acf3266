//! A small network and data for it.

use ficta_core::{Configure, Ctx, Denoiser, Result, TensorMut, TensorRef, random::Stream, testing::RecordingHost};
use ficta_diffusion_tch::{Params, UnetDenoiser};
use ficta_tch_bridge::Precision;

/// Length of the conditions.
pub const DIM: usize = 8;
/// Numbers of an image.
pub const PIXELS: usize = 16 * 16;

/// One with every kind of layer, at 16 px grey.
pub fn params() -> Params {
    Params {
        resolution: 16,
        channels: 1,
        base_width: 16,
        multipliers: vec![1, 2],
        attention_levels: vec![1],
        micro_batch: 4,
        precision: Precision::F32,
        ..Params::default()
    }
}

/// Configured and initialised with seed 1.
pub fn unet(params: Params) -> UnetDenoiser {
    let mut unet = UnetDenoiser::configure(params).unwrap();
    unet.initialise(DIM, 1, &Ctx::new(&RecordingHost::new(0).with_threads(1)))
        .unwrap();
    unet
}

/// `count` images in [-1,1] and their unit conditions.
pub fn data(count: usize) -> (Vec<f32>, Vec<f32>) {
    let mut images = vec![0f32; count * PIXELS];
    let mut conditions = vec![0f32; count * DIM];
    for (i, (image, condition)) in images.chunks_mut(PIXELS).zip(conditions.chunks_mut(DIM)).enumerate() {
        let mut stream = Stream::new(3, "test/data", i as u64, 0);
        stream.fill_normal(condition);
        let norm = condition.iter().map(|v| v * v).sum::<f32>().sqrt();
        condition.iter_mut().for_each(|v| *v /= norm);
        // Smooth, as faces are: two waves.
        let [fx, fy, phase] = std::array::from_fn(|_| stream.uniform() * 0.8);
        for (p, v) in image.iter_mut().enumerate() {
            *v = (0.8 * ((p % 16) as f64 * fx + (p / 16) as f64 * fy + 8.0 * phase).sin()) as f32;
        }
    }
    (images, conditions)
}

/// One step on all of `images`, with seeds counted from `first_seed`.
pub fn train(
    unet: &mut UnetDenoiser,
    images: &[f32],
    conditions: &[f32],
    first_seed: u64,
    rate: f64,
    host: &RecordingHost,
) -> Result<f64> {
    let count = images.len() / PIXELS;
    let seeds: Vec<u64> = (0..count as u64).map(|i| first_seed + i).collect();
    unet.train_step(
        TensorRef::new(images, &[count, 1, 16, 16])?,
        TensorRef::new(conditions, &[count, DIM])?,
        TensorRef::new(&seeds, &[count])?,
        rate,
        &Ctx::new(host),
    )
}

/// Steps `range` of a training on `data`.
pub fn train_steps(unet: &mut UnetDenoiser, range: std::ops::Range<u64>, host: &RecordingHost) {
    let (images, conditions) = data(10);
    for step in range {
        train(unet, &images, &conditions, 100 * step, 2e-3, host).unwrap();
    }
}

/// The prediction for these rows.
pub fn predict(
    unet: &mut UnetDenoiser,
    x: &[f32],
    t: &[i64],
    condition: Option<&[f32]>,
    host: &RecordingHost,
) -> Result<Vec<f32>> {
    let mut out = vec![f32::NAN; x.len()];
    let shape = [t.len(), 1, 16, 16];
    let condition = condition.map(|c| TensorRef::new(c, &[t.len(), DIM])).transpose()?;
    unet.predict(
        TensorRef::new(x, &shape)?,
        TensorRef::new(t, &[t.len()])?,
        condition,
        TensorMut::new(&mut out, &shape)?,
        &Ctx::new(host),
    )?;
    Ok(out)
}

/// The numbers bit by bit, for comparisons.
pub fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|v| v.to_bits()).collect()
}
