//! A denoiser whose exact answers are known.

use std::path::Path;

use crate::{Ctx, Denoiser, DenoiserInfo, Error, Prediction, Result, SaveKind, TensorMut, TensorRef};

/// The optimal denoiser of Gaussian data x_0 ~ N(mu(c), s^2 I), in closed form.
///
/// With x_t = a x_0 + b eps, a^2 = abar_t and b^2 = 1 - abar_t, the posterior mean is linear in x_t. For r = x_t - a mu and w = a^2 s^2 + b^2:
///
/// * E\[x_0\] = mu + a s^2 r / w
/// * E\[eps\] = b r / w
/// * E\[v\] = a E\[eps\] - b E\[x_0\]
///
/// mu is linear in the condition: element p of mu is the sum over k of `weights[p * d + k] * c[k]`; without a condition it is 0. A sampler that solves
/// the reverse process must therefore end at N(mu(c), s^2 I), and each of its steps can be computed by hand.
#[derive(Clone, Debug)]
pub struct ToyDenoiser {
    info: DenoiserInfo,
    /// Matrix `[C*H*W, d]` from a condition to mu.
    pub weights: Vec<f64>,
    /// Standard deviation s of the data given the condition.
    pub spread: f64,
    /// Standard deviation of the data without a condition.
    pub unconditional_spread: f64,
    /// How often [`Denoiser::predict`] was called with a condition.
    pub conditional_calls: usize,
    /// How often it was called without one.
    pub unconditional_calls: usize,
}

impl ToyDenoiser {
    /// Images of shape `[C,H,W]`, conditions of length `condition_dim`, s = `spread`, and 1 without a condition. Weight (p, k) is 0.5 cos(p + 2k).
    pub fn new(
        image: [usize; 3],
        condition_dim: usize,
        spread: f64,
        prediction: Prediction,
        alpha_bar: Vec<f64>,
    ) -> Self {
        let [channels, height, width] = image;
        let pixels = channels * height * width;
        let weight = |i: usize| 0.5 * libm::cos((i / condition_dim) as f64 + 2.0 * (i % condition_dim) as f64);
        Self {
            info: DenoiserInfo {
                channels,
                height,
                width,
                condition_dim,
                prediction,
                alpha_bar: alpha_bar.into(),
                parameters: 0,
            },
            weights: (0..pixels * condition_dim).map(weight).collect(),
            spread,
            unconditional_spread: 1.0,
            conditional_calls: 0,
            unconditional_calls: 0,
        }
    }

    /// The mean image `[C*H*W]` of a condition.
    pub fn mean(&self, condition: &[f32]) -> Vec<f64> {
        let rows = self.weights.chunks(self.info.condition_dim.max(1));
        rows.map(|row| row.iter().zip(condition).map(|(w, c)| w * f64::from(*c)).sum())
            .collect()
    }

    fn answer(&self, x: f64, mu: f64, spread: f64, alpha_bar: f64) -> f64 {
        let (a, b) = (alpha_bar.sqrt(), (1.0 - alpha_bar).sqrt());
        let scaled = (x - a * mu) / (alpha_bar * spread * spread + b * b);
        let (clean, noise) = (mu + a * spread * spread * scaled, b * scaled);
        match self.info.prediction {
            Prediction::EPSILON => noise,
            Prediction::SAMPLE => clean,
            _ => a * noise - b * clean,
        }
    }
}

impl Denoiser for ToyDenoiser {
    fn info(&self) -> DenoiserInfo {
        self.info.clone()
    }

    fn initialise(&mut self, _: usize, _: u64, _: &Ctx<'_>) -> Result<()> {
        Err(untrained("initialised"))
    }

    fn predict(
        &mut self,
        x_t: TensorRef<'_>,
        t: TensorRef<'_>,
        condition: Option<TensorRef<'_>>,
        mut out: TensorMut<'_>,
        _: &Ctx<'_>,
    ) -> Result<()> {
        let DenoiserInfo {
            channels,
            height,
            width,
            condition_dim,
            ..
        } = self.info;
        let [batch] = t.dims("t")?;
        let image = [batch, channels, height, width];
        x_t.expect_shape("x_t", &image)?;
        out.expect_shape("out", &image)?;
        if let Some(condition) = &condition {
            condition.expect_shape("condition", &[batch, condition_dim])?;
            self.conditional_calls += 1;
        } else {
            self.unconditional_calls += 1;
        }
        let (x_t, out) = (x_t.as_slice::<f32>()?, out.as_mut_slice::<f32>()?);
        let pixels = channels * height * width;
        for (i, t) in t.as_slice::<i64>()?.iter().enumerate() {
            let alpha_bar = usize::try_from(*t)
                .ok()
                .and_then(|t| self.info.alpha_bar.get(t).copied())
                .ok_or_else(|| {
                    Error::data(format!(
                        "t of row {i} is {t}, but there are {} steps",
                        self.info.alpha_bar.len()
                    ))
                })?;
            let (mean, spread) = match &condition {
                Some(c) => (
                    self.mean(&c.as_slice::<f32>()?[i * condition_dim..][..condition_dim]),
                    self.spread,
                ),
                None => (vec![0.0; pixels], self.unconditional_spread),
            };
            for (p, mu) in (i * pixels..).zip(mean) {
                out[p] = self.answer(f64::from(x_t[p]), mu, spread, alpha_bar) as f32;
            }
        }
        Ok(())
    }

    fn train_step(&mut self, _: TensorRef<'_>, _: TensorRef<'_>, _: TensorRef<'_>, _: f64, _: &Ctx<'_>) -> Result<f64> {
        Err(untrained("trained"))
    }
    fn save(&self, _: &Path, _: SaveKind, _: &Ctx<'_>) -> Result<()> {
        Err(untrained("saved"))
    }
    fn load(&mut self, _: &Path, _: &Ctx<'_>) -> Result<()> {
        Err(untrained("loaded"))
    }
}

fn untrained(what: &str) -> Error {
    Error::unsupported(format!("the toy denoiser is a formula: it cannot be {what}"))
}

/// abar_t for t = 0 .. `steps` - 1 of the cosine schedule (Nichol and Dhariwal 2021): betas of cos^2((t/T + 0.008)/1.008 * pi/2), at most 0.999.
pub fn cosine_alpha_bar(steps: usize) -> Vec<f64> {
    let f = |t: f64| libm::cos((t / steps as f64 + 0.008) / 1.008 * std::f64::consts::FRAC_PI_2).powi(2);
    let alphas = (0..steps).map(|t| (f(t as f64 + 1.0) / f(t as f64)).max(0.001));
    alphas
        .scan(1.0, |product, alpha| {
            *product *= alpha;
            Some(*product)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{NullHost, random::Stream, testing::assert_close};

    fn predict(kind: Prediction, x: &[f32], t: i64, condition: Option<&[f32]>) -> Vec<f32> {
        let mut toy = ToyDenoiser::new([1, 2, 2], 3, 0.3, kind, cosine_alpha_bar(10));
        let (batch, host) = (x.len() / 4, NullHost::default());
        let (steps, mut out) = (vec![t; batch], vec![f32::NAN; x.len()]);
        let condition = condition.map(|c| c.repeat(batch));
        toy.predict(
            TensorRef::new(x, &[batch, 1, 2, 2]).unwrap(),
            TensorRef::new(&steps, &[batch]).unwrap(),
            condition.as_ref().map(|c| TensorRef::new(c, &[batch, 3]).unwrap()),
            TensorMut::new(&mut out, &[batch, 1, 2, 2]).unwrap(),
            &Ctx::new(&host),
        )
        .unwrap();
        out
    }

    /// The prediction minimises the squared error, so its error must be uncorrelated with x_t and have mean 0.
    #[test]
    fn predictions_are_the_least_squares_estimate() {
        let (c, t) = ([0.6f32, 0.0, -0.8], 6);
        let toy = ToyDenoiser::new([1, 2, 2], 3, 0.3, Prediction::V, cosine_alpha_bar(10));
        let mean = toy.mean(&c);
        let alpha_bar = toy.info().alpha_bar[t];
        let (a, b) = (alpha_bar.sqrt(), (1.0 - alpha_bar).sqrt());
        let n = 20_000;
        let mut draws = vec![0f32; 8 * n];
        Stream::new(5, "toy", 0, 0).fill_normal(&mut draws);
        let pairs = || draws.chunks(2).enumerate();
        let clean: Vec<f64> = pairs().map(|(i, z)| mean[i % 4] + 0.3 * f64::from(z[0])).collect();
        let x: Vec<f32> = pairs()
            .map(|(i, z)| (a * clean[i] + b * f64::from(z[1])) as f32)
            .collect();
        for kind in [Prediction::V, Prediction::EPSILON, Prediction::SAMPLE] {
            let out = predict(kind, &x, t as i64, Some(&c));
            let error = |i: usize| {
                let noise = f64::from(draws[2 * i + 1]);
                let truth = match kind {
                    Prediction::V => a * noise - b * clean[i],
                    Prediction::EPSILON => noise,
                    _ => clean[i],
                };
                f64::from(out[i]) - truth
            };
            let bias = (0..4 * n).map(error).sum::<f64>() / (4 * n) as f64;
            let slope = (0..4 * n)
                .map(|i| error(i) * (f64::from(x[i]) - a * mean[i % 4]))
                .sum::<f64>()
                / (4 * n) as f64;
            assert!(
                bias.abs() < 0.01 && slope.abs() < 0.01,
                "{kind:?}: bias {bias}, slope {slope}"
            );
        }
    }

    #[test]
    fn without_a_condition_the_data_are_standard_normal() {
        // x_0 and eps then have the same variance, so that E[x_0] = a x_t and E[eps] = b x_t, and v is 0.
        let x = [0.5, -1.0, 2.0, 0.0];
        let a = cosine_alpha_bar(10)[3].sqrt() as f32;
        assert_close(&predict(Prediction::V, &x, 3, None), &[0f32; 4], 0.0, 1e-6);
        assert_close(&predict(Prediction::SAMPLE, &x, 3, None), &x.map(|x| a * x), 1e-6, 0.0);
    }

    #[test]
    fn the_cosine_schedule_falls_from_one_to_zero() {
        let schedule = cosine_alpha_bar(1000);
        assert!(schedule.windows(2).all(|w| w[1] < w[0]) && schedule[0] > 0.9999 && schedule[999] < 1e-6);
        // Nichol and Dhariwal's formula at t = 499 (the product telescopes): cos^2((0.5 + 0.008)/1.008 pi/2) / cos^2(0.008/1.008 pi/2).
        assert!((schedule[499] - 0.493_919_86).abs() < 1e-3, "{}", schedule[499]);
    }

    #[test]
    fn wrong_inputs_are_refused() {
        let mut toy = ToyDenoiser::new([1, 1, 1], 1, 0.5, Prediction::V, cosine_alpha_bar(10));
        let (host, mut out) = (NullHost::default(), [0f32]);
        let mut ask = |t: i64, shape: &[usize]| {
            let x = TensorRef::new(&[0.5f32], shape)?;
            let out = TensorMut::new(&mut out, &[1, 1, 1, 1])?;
            toy.predict(x, TensorRef::new(&[t], &[1])?, None, out, &Ctx::new(&host))
        };
        assert!(ask(9, &[1, 1, 1, 1]).is_ok());
        assert!(ask(10, &[1, 1, 1, 1]).is_err() && ask(-1, &[1, 1, 1, 1]).is_err() && ask(0, &[1, 1]).is_err());
    }
}
