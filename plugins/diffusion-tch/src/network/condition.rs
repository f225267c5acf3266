//! Time and ID feature as one embedding.

use ficta_core::Result;
use ficta_tch_bridge::{Initialiser, Linear, ParameterId, Parameters, Start, TchResult};
use tch::{Kind, Tensor};

use super::Pass;

/// What a batch is conditioned on, on the host.
pub(crate) struct Conditioning {
    /// Sinusoids of the timesteps, f32 `[B, time_features]`.
    pub time: Tensor,
    /// ID features, f32 `[B,d]`, of unit length.
    pub feature: Tensor,
    /// f32 `[B,1]`: 1 where the feature counts, 0 where the learned "no condition" does.
    pub present: Tensor,
}

/// Length of the sinusoids for this base width: one sine and one cosine of each frequency.
fn time_features(base: i64) -> i64 {
    2 * half(base)
}

fn half(base: i64) -> i64 {
    (base + 1) / 2
}

/// cos(t f_i), then sin(t f_i), for f_i = 10000^(-i/half), row by row (Vaswani et al. 2017). t is scaled to 0..1000, whatever T is.
pub(crate) fn sinusoids(t: &[i64], steps: usize, base: usize) -> Vec<f32> {
    let half = half(base as i64);
    let frequencies: Vec<f64> = (0..half)
        .map(|i| libm::pow(10_000.0, -(i as f64) / half as f64))
        .collect();
    let mut out = Vec::with_capacity(2 * frequencies.len() * t.len());
    for t in t {
        let t = *t as f64 * 1000.0 / steps as f64;
        out.extend(frequencies.iter().map(|f| libm::cos(t * f) as f32));
        out.extend(frequencies.iter().map(|f| libm::sin(t * f) as f32));
    }
    out
}

/// Sinusoidal time embedding through an MLP, plus the ID feature through another.
pub(super) struct Embedding {
    time: [Linear; 2],
    feature: [Linear; 2],
    absent: ParameterId,
    scale: f64,
}

impl Embedding {
    /// Width of the embedding, in base widths.
    const WIDENING: i64 = 4;

    pub(super) fn width(base: i64) -> i64 {
        Self::WIDENING * base
    }

    pub(super) fn new(to: &mut Parameters, draw: Initialiser, base: i64, condition_dim: i64) -> Result<Self> {
        let width = Self::width(base);
        let mut layer = |name: &str, inputs| Linear::new(to, draw, name, [inputs, width], Start::FanIn);
        let time = [layer("time.0", time_features(base))?, layer("time.1", width)?];
        let feature = [layer("condition.0", condition_dim)?, layer("condition.1", width)?];
        let absent = to.add("condition.absent", draw.constant(&[width], 0.0)?)?;
        // A unit vector's elements shrink with its length; scaled, they have unit variance like any other input.
        Ok(Self {
            time,
            feature,
            absent,
            scale: (condition_dim as f64).sqrt(),
        })
    }

    /// The embedding after its activation, f32 `[B, width]`: small, so never in bf16.
    pub(super) fn forward(&self, pass: Pass<'_>, given: &Conditioning) -> TchResult {
        let mlp = |layers: &[Linear; 2], x: &Tensor| {
            let hidden = layers[0].forward(pass.weights, x, Kind::Float)?.f_silu()?;
            layers[1].forward(pass.weights, &hidden, Kind::Float)
        };
        let time = mlp(&self.time, &given.time)?;
        let feature = mlp(&self.feature, &given.feature.f_mul_scalar(self.scale)?)?.f_mul(&given.present)?;
        let missing = given.present.f_neg()?.f_add_scalar(1.0)?;
        let absent = self.absent.of(pass.weights).f_mul(&missing)?;
        time.f_add(&feature)?.f_add(&absent)?.f_silu()
    }
}
