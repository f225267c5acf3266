//! A loss and a sampler, built against variants of ficta-core by the tests of version skew.

use ficta_core::{
    Configure, Ctx, Denoiser, Loss, LossGradient, LossInput, Result, Sampler, TensorMut, TensorRef, random::Stream,
    softmax::softmax_cross_entropy,
};

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoParams {}

/// Softmax on cosines times 16.
pub struct Flat;

impl Configure for Flat {
    type Params = NoParams;
    fn configure(_: NoParams) -> Result<Self> {
        Ok(Self)
    }
}

impl Loss for Flat {
    fn evaluate(&mut self, input: &LossInput<'_>, mut gradient: LossGradient<'_>, ctx: &Ctx<'_>) -> Result<f64> {
        softmax_cross_entropy(input, &mut gradient, 16.0, ctx, |_row| {})
    }
}

/// One prediction from noise, squashed into [-1, 1].
pub struct OneLook;

impl Configure for OneLook {
    type Params = NoParams;
    fn configure(_: NoParams) -> Result<Self> {
        Ok(Self)
    }
}

impl Sampler for OneLook {
    fn sample(
        &mut self,
        denoiser: &mut dyn Denoiser,
        conditions: TensorRef<'_>,
        seeds: TensorRef<'_>,
        mut out: TensorMut<'_>,
        ctx: &Ctx<'_>,
    ) -> Result<()> {
        let last = denoiser.info().alpha_bar.len() as i64 - 1;
        let seeds = seeds.as_slice::<u64>()?;
        let mut noise = vec![0f32; out.len()];
        let length = noise.len() / seeds.len().max(1);
        for (seed, row) in seeds.iter().zip(noise.chunks_mut(length.max(1))) {
            Stream::new(*seed, "sampler.noise", 0, 0).fill_normal(row);
        }
        let times = vec![last; seeds.len()];
        let shape = out.shape().to_vec();
        let (x, t) = (TensorRef::new(&noise, &shape)?, TensorRef::new(&times, &[times.len()])?);
        denoiser.predict(x, t, Some(conditions), out.reborrow(), ctx)?;
        out.as_mut_slice::<f32>()?.iter_mut().for_each(|x| *x = x.tanh());
        Ok(())
    }
}

ficta_core::register_loss!(Flat, "flat-VARIANT", "Softmax on cosines");
ficta_core::register_sampler!(OneLook, "one-look-VARIANT", "One prediction from noise");
ficta_core::export_plugin!(backend = "BACKEND");
