//! Self-attention over positions.

use ficta_core::Result;
use ficta_tch_bridge::{Conv2d, GroupNorm, Initialiser, Parameters, Start, TchResult};
use tch::Tensor;

use super::Pass;
use crate::Params;

/// x + out(attention(norm(x))) with several heads over the H*W positions. The last projection starts at zero.
pub(super) struct Attention {
    norm: GroupNorm,
    project: Conv2d,
    out: Conv2d,
    heads: i64,
}

impl Attention {
    pub(super) fn new(to: &mut Parameters, draw: Initialiser, params: &Params, name: &str, width: i64) -> Result<Self> {
        Ok(Self {
            norm: GroupNorm::new(to, draw, &format!("{name}.norm"), width, params.norm_groups as i64)?,
            project: Conv2d::new(
                to,
                draw,
                &format!("{name}.project"),
                [width, 3 * width],
                1,
                1,
                Start::FanIn,
            )?,
            out: Conv2d::new(to, draw, &format!("{name}.out"), [width, width], 1, 1, Start::Zero)?,
            heads: params.attention_heads as i64,
        })
    }

    /// `x` `[B,C,H,W]` to the same shape.
    pub(super) fn forward(&self, pass: Pass<'_>, x: &Tensor) -> TchResult {
        let Pass { weights, compute } = pass;
        let (b, c, h, w) = x.size4()?;
        let projected = self
            .project
            .forward(weights, &self.norm.forward(weights, x)?, compute)?;
        // Queries, keys and values one after another, each by head, each [B, heads, positions, C/heads].
        let heads = [b, 3, self.heads, c / self.heads, h * w];
        let parts = projected
            .f_reshape(heads)?
            .f_permute([1, 0, 2, 4, 3])?
            .f_contiguous()?
            .f_unbind(0)?;
        let none = None::<&Tensor>;
        let mixed =
            Tensor::f_scaled_dot_product_attention(&parts[0], &parts[1], &parts[2], none, 0.0, false, None, false)?;
        // Back to [B,C,H,W] with the channels innermost in memory.
        let mixed = mixed
            .f_permute([0, 2, 1, 3])?
            .f_reshape([b, h, w, c])?
            .f_permute([0, 3, 1, 2])?;
        self.out.forward(weights, &mixed, compute)?.f_add(x)
    }
}
