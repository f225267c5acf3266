//! Deterministic DDIM (Song et al. 2021): replace it by a sampler of your own.
//!
//! With abar of the denoiser's schedule, x_t = sqrt(abar) x_0 + sqrt(1 - abar) eps. From the denoiser's answer come estimates of x_0 and eps; the next x is
//! sqrt(abar') x_0 + sqrt(1 - abar') eps, down to abar' = 1.

use ficta_core::{Configure, Ctx, Denoiser, Error, Prediction, Result, Sampler, TensorMut, TensorRef, random::Stream};

/// Parameters in the run file. The comments become the schema that users see.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "MySampler")]
pub struct Params {
    /// Time steps visited, at least 1; as many as the denoiser has where it has fewer.
    #[schemars(range(min = 1))]
    pub steps: usize,
}

impl Default for Params {
    fn default() -> Self {
        Self { steps: 20 }
    }
}

/// See [`Params`].
pub struct MySampler(Params);

impl Configure for MySampler {
    type Params = Params;

    fn configure(params: Params) -> Result<Self> {
        if params.steps == 0 {
            return Err(Error::config("steps: expected at least 1, got 0").help("15 to 50 are usual"));
        }
        Ok(Self(params))
    }
}

impl MySampler {
    /// The visited time steps, from the last one down.
    fn time_steps(&self, total: usize) -> Vec<usize> {
        let steps = self.0.steps.min(total);
        (1..=steps).rev().map(|i| i * total / steps - 1).collect()
    }
}

/// The estimate of x_0, clamped to the range of images, and the noise that goes with it.
fn estimate(kind: Prediction, x: f64, answer: f64, abar: f64) -> Result<(f64, f64)> {
    let (a, b) = (abar.sqrt(), (1.0 - abar).sqrt());
    let clean = match kind {
        Prediction::V => a * x - b * answer,
        Prediction::EPSILON => (x - b * answer) / a,
        Prediction::SAMPLE => answer,
        other => return Err(Error::unsupported(format!("a denoiser that predicts {other:?}"))),
    };
    let clean = clean.clamp(-1.0, 1.0);
    Ok((clean, (x - a * clean) / b))
}

impl Sampler for MySampler {
    fn sample(
        &mut self,
        denoiser: &mut dyn Denoiser,
        conditions: TensorRef<'_>,
        seeds: TensorRef<'_>,
        mut out: TensorMut<'_>,
        ctx: &Ctx<'_>,
    ) -> Result<()> {
        let info = denoiser.info();
        let [batch] = seeds.dims("seeds")?;
        conditions.expect_shape("conditions", &[batch, info.condition_dim])?;
        conditions.as_slice::<f32>()?;
        let shape = [batch, info.channels, info.height, info.width];
        out.expect_shape("out", &shape)?;
        let schedule = info.alpha_bar.as_slice();
        if !schedule.iter().all(|abar| (0.0..1.0).contains(abar)) {
            return Err(Error::data("the denoiser's alpha_bar leaves [0, 1)"));
        }

        // The noise of a row comes from its own seed, so that an image does not depend on the batch it is made in.
        let mut x = vec![0f32; out.len()];
        let length = x.len() / batch.max(1);
        for (seed, row) in seeds.as_slice::<u64>()?.iter().zip(x.chunks_mut(length.max(1))) {
            Stream::new(*seed, "sampler.noise", 0, 0).fill_normal(row);
        }
        let visited = self.time_steps(schedule.len());
        let mut answer = vec![0f32; x.len()];
        for (i, t) in visited.iter().enumerate() {
            ctx.progress(i as u64, visited.len() as u64, "denoising steps")?;
            let times = vec![*t as i64; batch];
            denoiser.predict(
                TensorRef::new(&x, &shape)?,
                TensorRef::new(&times, &[batch])?,
                Some(conditions),
                TensorMut::new(&mut answer, &shape)?,
                ctx,
            )?;
            let next = visited.get(i + 1).map_or(1.0, |t| schedule[*t]);
            for (x, answer) in x.iter_mut().zip(&answer) {
                if !answer.is_finite() {
                    return Err(Error::data(format!("the denoiser's answer at t = {t} is {answer}")));
                }
                let (clean, noise) = estimate(info.prediction, f64::from(*x), f64::from(*answer), schedule[*t])?;
                *x = (next.sqrt() * clean + (1.0 - next).sqrt() * noise) as f32;
            }
        }
        out.as_mut_slice::<f32>()?.copy_from_slice(&x);
        ctx.progress(visited.len() as u64, visited.len() as u64, "denoising steps")
    }

    fn predictions(&self, timesteps: usize) -> Option<u64> {
        Some(self.0.steps.min(timesteps) as u64)
    }
}

ficta_core::register_sampler!(MySampler, "my-sampler", "Deterministic DDIM");
ficta_core::export_plugin!();
