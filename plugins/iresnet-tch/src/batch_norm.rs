//! Batch normalisation (Ioffe and Szegedy 2015).

use ficta_core::Result;
use ficta_tch_bridge::{Normalised, ParameterId, Parameters, TchResult, batch_norm_prelu};
use tch::{Device, Tensor};

use crate::layout::{Mode, id};

/// Weight of the newest batch in the running statistics.
const STATISTICS_MOMENTUM: f64 = 0.1;

/// Normalises each channel: by the batch's statistics in training, which also move the running ones, else by the running ones.
#[derive(Clone, Copy, Debug)]
pub struct BatchNorm {
    scale: ParameterId,
    shift: ParameterId,
    mean: ParameterId,
    variance: ParameterId,
    batches: ParameterId,
    eps: f64,
}

impl BatchNorm {
    /// The one called `name`.
    pub fn find(among: &Parameters, name: &str, eps: f64) -> Result<Self> {
        let part = |part: &str| id(among, &format!("{name}.{part}"));
        Ok(Self {
            scale: part("weight")?,
            shift: part("bias")?,
            mean: part("running_mean")?,
            variance: part("running_var")?,
            batches: part("num_batches_tracked")?,
            eps,
        })
    }

    /// `x` `[B,C,..]` to the same shape and type. Statistics are computed and kept in f32.
    pub fn forward(&self, weights: &[Tensor], x: &Tensor, mode: &Mode) -> TchResult {
        if mode.training && mode.track {
            let _ = self.batches.of(weights).shallow_clone().f_add_scalar_(1)?;
        }
        x.f_batch_norm(
            Some(self.scale.of(weights)),
            Some(self.shift.of(weights)),
            Some(self.mean.of(weights)),
            Some(self.variance.of(weights)),
            mode.training,
            if mode.track { STATISTICS_MOMENTUM } else { 0.0 },
            self.eps,
            false,
        )
    }

    /// PReLU of the same: `x` `[B,C,H,W]`, `slopes` `[C]`.
    pub fn forward_prelu(&self, weights: &[Tensor], x: &Tensor, slopes: &Tensor, mode: &Mode) -> TchResult {
        if !mode.training || x.device() != Device::Cpu {
            return self.forward(weights, x, mode)?.f_prelu(&slopes.f_to_kind(x.kind())?);
        }
        let parameters = [self.scale.of(weights), self.shift.of(weights), slopes];
        let Normalised { y, mean, variance } = batch_norm_prelu(x, parameters, self.eps)?;
        if mode.track {
            tch::no_grad(|| self.follow(weights, &mean, &variance, x.numel() as f64 / mean.numel() as f64))?;
        }
        Ok(y)
    }

    /// Moves the running statistics towards those of a batch with `count` values a channel.
    fn follow(&self, weights: &[Tensor], mean: &Tensor, variance: &Tensor, count: f64) -> TchResult<()> {
        let of = |id: ParameterId| id.of(weights).shallow_clone();
        let _ = of(self.batches).f_add_scalar_(1)?;
        let _ = of(self.mean).f_lerp_(mean, STATISTICS_MOMENTUM)?;
        // Without bias, as PyTorch keeps it.
        let unbiased = variance.f_mul_scalar(count / (count - 1.0))?;
        let _ = of(self.variance).f_lerp_(&unbiased, STATISTICS_MOMENTUM)?;
        Ok(())
    }
}
