//! Batch normalisation (Ioffe and Szegedy 2015).

use ficta_core::Result;
use ficta_tch_bridge::{ParameterId, Parameters, TchResult};
use tch::Tensor;

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
}
