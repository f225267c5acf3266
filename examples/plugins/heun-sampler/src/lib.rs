//! Heun's method on the probability-flow ODE (Karras et al. 2022, "Elucidating the Design Space of Diffusion-Based Generative Models", algorithm 1
//! without churn), for a denoiser trained on x_t = sqrt(abar_t) x_0 + sqrt(1 - abar_t) eps.
//!
//! In y = x_t / sqrt(abar_t), with the noise level sigma = sqrt((1 - abar_t) / abar_t), the ODE is dy/dsigma = (y - D(y; sigma)) / sigma for the
//! estimate D of the clean image. That is the parametrisation of DDIM (Song et al. 2021), which is Euler's method on it.

mod grid;

use ficta_core::{
    Configure, Ctx, Denoiser, DenoiserInfo, Error, Prediction, Result, Sampler, TensorMut, TensorRef, random::Stream,
};
use grid::{Knot, knots};

/// Heun's second-order sampler (Karras et al. 2022).
#[derive(Clone, Debug, PartialEq, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Heun")]
pub struct Params {
    /// Number of time steps visited; the denoiser is asked twice at each but the last.
    #[schemars(range(min = 1))]
    pub steps: usize,
    /// How much denser the small noise levels are visited, above 0.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub rho: f64,
    /// Smallest noise level visited.
    #[schemars(range(min = 0))]
    pub sigma_min: f64,
    /// Largest noise level visited: where sampling starts.
    #[schemars(range(min = 0))]
    pub sigma_max: f64,
    /// Weight of classifier-free guidance, at least 0; 1 is off.
    #[schemars(range(min = 0))]
    pub guidance: f64,
    /// Clamp each estimate of the clean image to [-1, 1].
    pub clip: bool,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            steps: 18,
            rho: 7.0,
            sigma_min: 0.002,
            sigma_max: 80.0,
            guidance: 1.0,
            clip: true,
        }
    }
}

/// See the crate's documentation.
#[derive(Clone, Debug)]
pub struct Heun(Params);

impl Configure for Heun {
    type Params = Params;

    fn configure(params: Params) -> Result<Self> {
        let Params {
            steps,
            rho,
            sigma_min,
            sigma_max,
            guidance,
            ..
        } = params;
        let within = |what: &str, value: f64, ok: bool| match ok && value.is_finite() {
            true => Ok(()),
            false => Err(Error::config(format!("{what} cannot be {value}"))
                .help("steps >= 1, rho > 0, 0 <= sigma_min < sigma_max, guidance >= 0")),
        };
        within("steps", steps as f64, steps >= 1)?;
        within("rho", rho, rho > 0.0)?;
        within("sigma_min", sigma_min, sigma_min >= 0.0)?;
        within("sigma_max", sigma_max, sigma_max > sigma_min)?;
        within("guidance", guidance, guidance >= 0.0)?;
        Ok(Self(params))
    }
}

/// A batch on its way from noise to image.
struct Flow<'a> {
    params: &'a Params,
    denoiser: &'a mut dyn Denoiser,
    info: DenoiserInfo,
    shape: [usize; 4],
    conditions: TensorRef<'a>,
}

impl Flow<'_> {
    /// The guided output of the denoiser.
    fn predict(&mut self, x: &[f32], t: usize, ctx: &Ctx<'_>) -> Result<Vec<f32>> {
        let times = vec![t as i64; self.shape[0]];
        let mut ask = |condition: Option<TensorRef<'_>>| {
            let mut out = vec![0f32; x.len()];
            let (x_t, t) = (TensorRef::new(x, &self.shape)?, TensorRef::new(&times, &[times.len()])?);
            self.denoiser
                .predict(x_t, t, condition, TensorMut::new(&mut out, &self.shape)?, ctx)?;
            Ok::<_, Error>(out)
        };
        let weight = self.params.guidance;
        if weight == 0.0 {
            return ask(None);
        }
        let mut out = ask(Some(self.conditions))?;
        if weight != 1.0 {
            for (c, u) in out.iter_mut().zip(ask(None)?) {
                *c = (f64::from(u) + weight * (f64::from(*c) - f64::from(u))) as f32;
            }
        }
        Ok(out)
    }

    /// dy/dsigma at `knot`.
    fn slope(&mut self, y: &[f64], knot: Knot, ctx: &Ctx<'_>) -> Result<Vec<f64>> {
        let abar = self.info.alpha_bar[knot.t];
        let (a, b) = (abar.sqrt(), (1.0 - abar).sqrt());
        let x: Vec<f32> = y.iter().map(|y| (a * y) as f32).collect();
        let output = self.predict(&x, knot.t, ctx)?;
        let clean = |y: f64, output: f64| match self.info.prediction {
            Prediction::V => Ok(a * a * y - b * output),
            Prediction::EPSILON => Ok(y - knot.sigma * output),
            Prediction::SAMPLE => Ok(output),
            other => Err(Error::unsupported(format!("a denoiser that predicts {other:?}"))),
        };
        let mut slope = Vec::with_capacity(y.len());
        for (y, output) in y.iter().zip(output) {
            if !output.is_finite() {
                return Err(
                    Error::data(format!("the denoiser's output at t = {} is {output}", knot.t))
                        .help("its weights have diverged, or its checkpoint is damaged"),
                );
            }
            let clean = clean(*y, f64::from(output))?;
            let clean = if self.params.clip {
                clean.clamp(-1.0, 1.0)
            } else {
                clean
            };
            slope.push((y - clean) / knot.sigma);
        }
        Ok(slope)
    }
}

fn moved(y: &[f64], by: f64, slope: &[f64]) -> Vec<f64> {
    y.iter().zip(slope).map(|(y, s)| y + by * s).collect()
}

impl Sampler for Heun {
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
        let shape = [batch, info.channels, info.height, info.width];
        out.expect_shape("out", &shape)?;
        let params = &self.0;
        let knots = knots(&info, params.steps, params.rho, (params.sigma_min, params.sigma_max))?;

        // y = x_t / sqrt(abar) with x_t standard normal, drawn from the row's seed alone.
        let mut noise = vec![0f32; out.len()];
        let length: usize = shape[1..].iter().product();
        for (seed, row) in seeds.as_slice::<u64>()?.iter().zip(noise.chunks_mut(length.max(1))) {
            Stream::new(*seed, "sampler.noise", 0, 0).fill_normal(row);
        }
        let start = (1.0 + knots[0].sigma.powi(2)).sqrt();
        let mut y: Vec<f64> = noise.iter().map(|z| start * f64::from(*z)).collect();

        let mut flow = Flow {
            params,
            denoiser,
            info,
            shape,
            conditions,
        };
        for (i, knot) in knots.iter().enumerate() {
            ctx.progress(i as u64, knots.len() as u64, "denoising steps")?;
            let slope = flow.slope(&y, *knot, ctx)?;
            let Some(next) = knots.get(i + 1) else {
                // To noise level 0 Euler's step is the estimate of the clean image itself.
                y = moved(&y, -knot.sigma, &slope);
                break;
            };
            let by = next.sigma - knot.sigma;
            let ahead = flow.slope(&moved(&y, by, &slope), *next, ctx)?;
            y = moved(&moved(&y, by / 2.0, &slope), by / 2.0, &ahead);
        }
        if let Some(at) = y.iter().position(|y| !y.is_finite()) {
            return Err(Error::data(format!("the image of row {} is not finite", at / length)).help("switch clip on"));
        }
        for (out, y) in out.as_mut_slice::<f32>()?.iter_mut().zip(&y) {
            *out = y.clamp(-1.0, 1.0) as f32;
        }
        ctx.progress(knots.len() as u64, knots.len() as u64, "denoising steps")
    }
}

ficta_core::register_sampler!(Heun, "heun", "Heun's second-order sampler (Karras et al. 2022)");
ficta_core::export_plugin!();
