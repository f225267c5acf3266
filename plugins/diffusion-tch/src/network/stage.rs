//! Blocks of one resolution.

use ficta_core::Result;
use ficta_tch_bridge::{Initialiser, Parameters, TchResult};
use tch::Tensor;

use super::{Pass, attention::Attention, residual::Residual};
use crate::Params;

/// A residual block, with attention behind it at some levels.
pub(super) struct Stage {
    block: Residual,
    attention: Option<Attention>,
}

impl Stage {
    pub(super) fn new(
        to: &mut Parameters,
        draw: Initialiser,
        params: &Params,
        name: &str,
        widths: [i64; 2],
        attends: bool,
    ) -> Result<Self> {
        let block = Residual::new(to, draw, params, name, widths)?;
        let attention = attends.then(|| Attention::new(to, draw, params, &format!("{name}.attention"), widths[1]));
        Ok(Self {
            block,
            attention: attention.transpose()?,
        })
    }

    pub(super) fn forward(&self, pass: Pass<'_>, x: &Tensor, embedding: &Tensor) -> TchResult {
        let h = self.block.forward(pass, x, embedding)?;
        match &self.attention {
            Some(attention) => attention.forward(pass, &h),
            None => Ok(h),
        }
    }
}
