//! The loop that all samplers share.

use ficta_core::{Ctx, Denoiser, DenoiserInfo, Error, Result, TensorMut, TensorRef};

use crate::{
    guidance::Guidance,
    noise,
    prediction::Conversion,
    schedule::{Spacing, check_alpha_bar, time_steps},
};

/// One move to a less noisy time step: x' = clean * D + current * x_t + noise * z, with z standard normal and D = x_0 + extrapolation * (x_0 - e) for
/// the estimates x_0 of this move and e of the move before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Transition {
    /// Weight of D.
    pub clean: f64,
    /// Weight of x_t.
    pub current: f64,
    /// Standard deviation of the fresh noise.
    pub noise: f64,
    /// How far D lies beyond x_0, seen from e. 0 where there is no e.
    pub extrapolation: f64,
}

impl Transition {
    fn extrapolate(self, clean: f64, earlier: f64) -> f64 {
        if self.extrapolation == 0.0 {
            return clean;
        }
        clean + self.extrapolation * (clean - earlier)
    }

    fn apply(self, clean: f64, current: f64, z: f64) -> f64 {
        self.clean * clean + self.current * current + self.noise * z
    }
}

/// How to go from noise to image.
pub(crate) struct Plan<R: Fn(Option<f64>, f64, f64) -> Transition> {
    /// Visited time steps; all of the denoiser's where `None`.
    pub steps: Option<usize>,
    pub spacing: Spacing,
    pub guidance: f64,
    /// Clamp each estimate of x_0 to [-1, 1].
    pub clip: bool,
    /// From abar of the time step visited before (at the start there is none), abar of this one and abar of the next one, which is 1 at the end.
    pub rule: R,
}

impl<R: Fn(Option<f64>, f64, f64) -> Transition> Plan<R> {
    /// What [`ficta_core::Sampler::sample`] promises.
    pub(crate) fn run(
        &self,
        denoiser: &mut dyn Denoiser,
        conditions: TensorRef<'_>,
        seeds: TensorRef<'_>,
        mut out: TensorMut<'_>,
        ctx: &Ctx<'_>,
    ) -> Result<()> {
        let info = denoiser.info();
        check_alpha_bar(&info)?;
        let total = info.alpha_bar.len();
        let steps = time_steps(total, self.steps.unwrap_or(total), self.spacing)?;
        let shape = check_shapes(&info, &conditions, &seeds, &out)?;
        let seeds = seeds.as_slice::<u64>()?;
        let out = out.as_mut_slice::<f32>()?;
        if out.is_empty() {
            return Ok(());
        }

        let mut x = vec![0f32; out.len()];
        noise::fill(seeds, 0, &mut x, ctx.threads());
        let mut fresh = vec![0f32; out.len()];
        let mut output = vec![0f32; out.len()];
        // The estimate of x_0 of the move before.
        let mut earlier = vec![0f32; out.len()];
        let mut guidance = Guidance::new(self.guidance, out.len());
        for (i, &t) in steps.iter().enumerate() {
            ctx.progress(i as u64, steps.len() as u64, "denoising steps")?;
            let before = i.checked_sub(1).map(|i| info.alpha_bar[steps[i]]);
            let next = steps.get(i + 1).map_or(1.0, |t| info.alpha_bar[*t]);
            let conversion = Conversion::new(info.prediction, info.alpha_bar[t])?;
            let transition = (self.rule)(before, info.alpha_bar[t], next);
            let times = vec![t as i64; seeds.len()];
            let times = TensorRef::new(&times, &[seeds.len()])?;
            guidance.predict(
                denoiser,
                TensorRef::new(&x, &shape)?,
                times,
                conditions,
                &mut output,
                ctx,
            )?;
            check_finite("the denoiser's output", &output, seeds.len(), t)
                .map_err(|e| e.help("its weights have diverged, or its checkpoint is damaged"))?;
            if transition.noise > 0.0 {
                noise::fill(seeds, i as u64 + 1, &mut fresh, ctx.threads());
            }
            for (((x, earlier), output), z) in x.iter_mut().zip(&mut earlier).zip(&output).zip(&fresh) {
                let clean = conversion.clean(f64::from(*x), f64::from(*output));
                let clean = if self.clip { clean.clamp(-1.0, 1.0) } else { clean };
                let towards = transition.extrapolate(clean, f64::from(*earlier));
                *earlier = clean as f32;
                *x = transition.apply(towards, f64::from(*x), f64::from(*z)) as f32;
            }
            check_finite("the image", &x, seeds.len(), t).map_err(|e| e.help("switch clip on, or lower guidance"))?;
        }
        for (out, x) in out.iter_mut().zip(&x) {
            *out = x.clamp(-1.0, 1.0);
        }
        ctx.progress(steps.len() as u64, steps.len() as u64, "denoising steps")
    }
}

fn check_finite(what: &str, values: &[f32], rows: usize, t: usize) -> Result<()> {
    match values.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(at) => {
            let row = at / (values.len() / rows);
            Err(Error::data(format!(
                "{what} for row {row} at t = {t} is {}",
                values[at]
            )))
        }
    }
}

fn check_shapes(
    info: &DenoiserInfo,
    conditions: &TensorRef<'_>,
    seeds: &TensorRef<'_>,
    out: &TensorMut<'_>,
) -> Result<[usize; 4]> {
    if info.condition_dim == 0 {
        return Err(Error::config("the denoiser has no weights yet").help("train it or load it before sampling"));
    }
    let [batch, _] = conditions.dims("conditions")?;
    conditions.expect_shape("conditions", &[batch, info.condition_dim])?;
    seeds.expect_shape("seeds", &[batch])?;
    let shape = [batch, info.channels, info.height, info.width];
    out.expect_shape("out", &shape)?;
    let values = conditions.as_slice::<f32>()?;
    if let Some(bad) = values.iter().position(|value| !value.is_finite()) {
        return Err(Error::data(format!(
            "condition of row {} holds {}",
            bad / info.condition_dim,
            values[bad]
        ))
        .help("the ID features are invalid: look at the encoder's output"));
    }
    Ok(shape)
}
