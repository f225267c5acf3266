//! A sampler called with owned buffers.

use ficta_core::{Ctx, Denoiser, NullHost, Result, Sampler, TensorMut, TensorRef, static_components};
use ficta_samplers as _;

/// The sampler of this name, built from JSON parameters.
pub fn sampler(name: &str, params: &str) -> Result<Box<dyn Sampler>> {
    static_components()
        .into_iter()
        .find(|r| r.name == name)
        .expect("a registered sampler")
        .make_sampler(params)
}

/// One image for each seed; conditions `[B,d]`.
pub fn sample(
    sampler: &mut dyn Sampler,
    denoiser: &mut dyn Denoiser,
    conditions: &[f32],
    seeds: &[u64],
) -> Result<Vec<f32>> {
    let (info, host) = (denoiser.info(), NullHost::default());
    let shape = [seeds.len(), info.channels, info.height, info.width];
    let mut images = vec![f32::NAN; shape.iter().product()];
    sampler.sample(
        denoiser,
        TensorRef::new(conditions, &[seeds.len(), info.condition_dim])?,
        TensorRef::new(seeds, &[seeds.len()])?,
        TensorMut::new(&mut images, &shape)?,
        &Ctx::new(&host),
    )?;
    Ok(images)
}
