//! A linear model of images: x_0 given the condition c is normal with mean W c + b and a fixed spread. Its best estimate of x_0 from x_t is known in
//! closed form, and W and b are learnt by gradient descent. Replace it by a network of your own.

mod tensor_file;

use std::path::Path;

use ficta_core::{
    Configure, Ctx, Denoiser, DenoiserInfo, Error, Prediction, Result, SaveKind, TensorMut, TensorRef, random::Stream,
};
use tensor_file::Tensors;

/// Parameters in the run file. The comments become the schema that users see.
#[derive(Clone, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "MyDenoiser")]
pub struct Params {
    /// Height and width of the images in pixels, at least 1.
    #[schemars(range(min = 1))]
    pub resolution: usize,
    /// Channels of the images: 1 or 3.
    pub channels: usize,
    /// Standard deviation of a pixel around the mean of its identity, above 0.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub spread: f64,
    /// Probability of training without the condition, for classifier-free guidance; 0 to 1.
    #[schemars(range(min = 0, max = 1))]
    pub drop: f64,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            resolution: 16,
            channels: 1,
            spread: 0.3,
            drop: 0.1,
        }
    }
}

/// Time steps of the noise schedule.
const STEPS: usize = 1000;

/// See the crate's documentation.
pub struct MyDenoiser {
    params: Params,
    alpha_bar: Vec<f64>,
    /// Length of a condition; 0 before there are weights.
    dim: usize,
    /// W, row-major `[pixels, dim]`.
    weight: Vec<f32>,
    /// b, `[pixels]`.
    bias: Vec<f32>,
}

/// abar_t of the cosine schedule (Nichol and Dhariwal 2021).
fn cosine_schedule() -> Vec<f64> {
    let f = |t: usize| {
        ((t as f64 / STEPS as f64 + 0.008) / 1.008 * std::f64::consts::FRAC_PI_2)
            .cos()
            .powi(2)
    };
    let mut abar = 1.0;
    (0..STEPS)
        .map(|t| {
            abar *= (f(t + 1) / f(t)).max(0.001);
            abar
        })
        .collect()
}

impl Configure for MyDenoiser {
    type Params = Params;

    fn configure(params: Params) -> Result<Self> {
        if params.resolution == 0 || !matches!(params.channels, 1 | 3) {
            return Err(Error::config(format!(
                "resolution {} and channels {}: expected at least 1, and 1 or 3",
                params.resolution, params.channels
            )));
        }
        if !(params.spread > 0.0 && params.spread.is_finite()) || !(0.0..=1.0).contains(&params.drop) {
            return Err(Error::config(format!(
                "spread {} and drop {}: expected a number above 0, and 0 to 1",
                params.spread, params.drop
            )));
        }
        Ok(Self {
            params,
            alpha_bar: cosine_schedule(),
            dim: 0,
            weight: Vec::new(),
            bias: Vec::new(),
        })
    }
}

impl MyDenoiser {
    fn pixels(&self) -> usize {
        self.params.channels * self.params.resolution * self.params.resolution
    }

    fn image(&self, batch: usize) -> [usize; 4] {
        [
            batch,
            self.params.channels,
            self.params.resolution,
            self.params.resolution,
        ]
    }

    /// The elements of f32 `[B,...]`, all finite.
    fn finite<'a>(what: &str, tensor: &'a TensorRef<'_>) -> Result<&'a [f32]> {
        let (values, rows) = (tensor.as_slice::<f32>()?, tensor.shape()[0]);
        match values.iter().position(|x| !x.is_finite()) {
            None => Ok(values),
            Some(at) => Err(Error::data(format!("{what} {} holds {}", at * rows / values.len(), values[at]))),
        }
    }

    fn ready(&self) -> Result<()> {
        match self.dim {
            0 => Err(Error::config("the network has no weights yet").help("initialise it, or load a file")),
            _ => Ok(()),
        }
    }

    /// W c + b, or b without a condition.
    fn mean(&self, pixel: usize, condition: Option<&[f32]>) -> f64 {
        let row = &self.weight[pixel * self.dim..][..self.dim];
        let dot = condition.map_or(0.0, |c| row.iter().zip(c).map(|(w, c)| f64::from(w * c)).sum());
        f64::from(self.bias[pixel]) + dot
    }
}

impl Denoiser for MyDenoiser {
    fn info(&self) -> DenoiserInfo {
        DenoiserInfo {
            channels: self.params.channels,
            height: self.params.resolution,
            width: self.params.resolution,
            condition_dim: self.dim,
            prediction: Prediction::SAMPLE,
            alpha_bar: self.alpha_bar.clone().into(),
            parameters: (self.weight.len() + self.bias.len()) as u64,
        }
    }

    fn initialise(&mut self, condition_dim: usize, seed: u64, _: &Ctx<'_>) -> Result<()> {
        if condition_dim == 0 {
            return Err(Error::config("conditions of length 0"));
        }
        self.dim = condition_dim;
        self.weight = vec![0.0; self.pixels() * condition_dim];
        self.bias = vec![0.0; self.pixels()];
        Stream::new(seed, "denoiser.weights", 0, 0).fill_normal(&mut self.weight);
        self.weight.iter_mut().for_each(|w| *w *= 0.01);
        Ok(())
    }

    fn predict(
        &mut self,
        x_t: TensorRef<'_>,
        t: TensorRef<'_>,
        condition: Option<TensorRef<'_>>,
        mut out: TensorMut<'_>,
        ctx: &Ctx<'_>,
    ) -> Result<()> {
        self.ready()?;
        let [batch] = t.dims("t")?;
        x_t.expect_shape("x_t", &self.image(batch))?;
        out.expect_shape("out", &self.image(batch))?;
        if let Some(condition) = &condition {
            condition.expect_shape("condition", &[batch, self.dim])?;
        }
        let conditions = condition.as_ref().map(|c| Self::finite("condition", c)).transpose()?;
        let (x, out, pixels) = (Self::finite("x_t", &x_t)?, out.as_mut_slice::<f32>()?, self.pixels());
        for (i, t) in t.as_slice::<i64>()?.iter().enumerate() {
            ctx.check_cancelled()?;
            let abar = usize::try_from(*t)
                .ok()
                .and_then(|t| self.alpha_bar.get(t).copied())
                .ok_or_else(|| Error::data(format!("t of row {i} is {t}, expected 0 to {}", STEPS - 1)))?;
            // E[x_0 | x_t] for x_0 ~ N(mu, s^2) and x_t = a x_0 + b eps: mu + a s^2 / (a^2 s^2 + b^2) (x_t - a mu).
            let (a, s2) = (abar.sqrt(), self.params.spread.powi(2));
            let gain = a * s2 / (abar * s2 + 1.0 - abar);
            let own = conditions.map(|c| &c[i * self.dim..][..self.dim]);
            for p in 0..pixels {
                let mu = self.mean(p, own);
                out[i * pixels + p] = (mu + gain * (f64::from(x[i * pixels + p]) - a * mu)) as f32;
            }
        }
        Ok(())
    }

    fn train_step(
        &mut self,
        images: TensorRef<'_>,
        conditions: TensorRef<'_>,
        seeds: TensorRef<'_>,
        learning_rate: f64,
        ctx: &Ctx<'_>,
    ) -> Result<f64> {
        self.ready()?;
        let ([batch], pixels, dim) = (seeds.dims("seeds")?, self.pixels(), self.dim);
        images.expect_shape("images", &self.image(batch))?;
        conditions.expect_shape("conditions", &[batch, dim])?;
        if batch == 0 {
            return Err(Error::shape("a batch of no images"));
        }
        let (images, conditions) = (Self::finite("image", &images)?, Self::finite("condition", &conditions)?);
        // Which rows train without their condition is drawn from their own seeds.
        let dropped: Vec<bool> = seeds
            .as_slice::<u64>()?
            .iter()
            .map(|seed| Stream::new(*seed, "denoiser.drop", 0, 0).uniform() < self.params.drop)
            .collect();
        let mut loss = 0.0;
        for p in 0..pixels {
            if p % 256 == 0 {
                ctx.check_cancelled()?;
            }
            let (mut by_bias, mut by_weight) = (0.0, vec![0.0; dim]);
            for i in 0..batch {
                let condition = (!dropped[i]).then_some(&conditions[i * dim..][..dim]);
                let error = self.mean(p, condition) - f64::from(images[i * pixels + p]);
                loss += error * error / (batch * pixels) as f64;
                by_bias += 2.0 * error / batch as f64;
                for (sum, c) in by_weight.iter_mut().zip(condition.into_iter().flatten()) {
                    *sum += 2.0 * error * f64::from(*c) / batch as f64;
                }
            }
            self.bias[p] -= (learning_rate * by_bias) as f32;
            for (w, g) in self.weight[p * dim..][..dim].iter_mut().zip(by_weight) {
                *w -= (learning_rate * g) as f32;
            }
        }
        match loss.is_finite() {
            true => Ok(loss),
            false => Err(Error::data(format!("the loss is {loss}")).help("lower the learning rate")),
        }
    }

    fn save(&self, path: &Path, _: SaveKind, _: &Ctx<'_>) -> Result<()> {
        self.ready()?;
        // Plain gradient descent has no state of its own: a checkpoint holds what weights do.
        let mut all = Tensors::new();
        all.insert("weight".into(), (vec![self.pixels(), self.dim], self.weight.clone()));
        all.insert("bias".into(), (vec![self.pixels()], self.bias.clone()));
        tensor_file::write(path, &all)
    }

    fn load(&mut self, path: &Path, _: &Ctx<'_>) -> Result<()> {
        let mut all = tensor_file::read(path)?;
        let pixels = Some(self.pixels());
        let (shape, weight) = tensor_file::take(&mut all, path, "weight", &[pixels, None])?;
        let (_, bias) = tensor_file::take(&mut all, path, "bias", &[pixels])?;
        (self.dim, self.weight, self.bias) = (shape[1], weight, bias);
        Ok(())
    }
}

ficta_core::register_denoiser!(MyDenoiser, "my-denoiser", "Linear model of images given the condition");
ficta_core::export_plugin!();
