//! Residual block with adaptive group norm.

use ficta_core::Result;
use ficta_tch_bridge::{Conv2d, GroupNorm, Initialiser, Linear, Parameters, Start, TchResult};
use tch::{Kind, Tensor};

use super::{Pass, condition::Embedding};
use crate::Params;

/// x + conv(silu(adapt(norm(conv(silu(norm(x))))))), where `adapt` scales and shifts each feature map as the embedding says. The last convolution
/// starts at zero, so that the block starts as the identity (or as its 1x1 shortcut where the widths differ).
pub(super) struct Residual {
    norm: [GroupNorm; 2],
    conv: [Conv2d; 2],
    adapt: Linear,
    shortcut: Option<Conv2d>,
}

impl Residual {
    pub(super) fn new(
        to: &mut Parameters,
        draw: Initialiser,
        params: &Params,
        name: &str,
        [inputs, outputs]: [i64; 2],
    ) -> Result<Self> {
        let groups = params.norm_groups as i64;
        let embedding = Embedding::width(params.base_width as i64);
        Ok(Self {
            norm: [
                GroupNorm::new(to, draw, &format!("{name}.norm.0"), inputs, groups)?,
                GroupNorm::new(to, draw, &format!("{name}.norm.1"), outputs, groups)?,
            ],
            conv: [
                Conv2d::new(
                    to,
                    draw,
                    &format!("{name}.conv.0"),
                    [inputs, outputs],
                    3,
                    1,
                    Start::FanIn,
                )?,
                Conv2d::new(
                    to,
                    draw,
                    &format!("{name}.conv.1"),
                    [outputs, outputs],
                    3,
                    1,
                    Start::Zero,
                )?,
            ],
            adapt: Linear::new(
                to,
                draw,
                &format!("{name}.adapt"),
                [embedding, 2 * outputs],
                Start::FanIn,
            )?,
            shortcut: (inputs != outputs)
                .then(|| {
                    Conv2d::new(
                        to,
                        draw,
                        &format!("{name}.shortcut"),
                        [inputs, outputs],
                        1,
                        1,
                        Start::FanIn,
                    )
                })
                .transpose()?,
        })
    }

    /// `x` `[B,in,H,W]` and the activated embedding `[B,e]` to `[B,out,H,W]`.
    pub(super) fn forward(&self, pass: Pass<'_>, x: &Tensor, embedding: &Tensor) -> TchResult {
        let Pass { weights, compute } = pass;
        let h = self.norm[0].forward(weights, x)?.f_silu()?;
        let h = self.conv[0].forward(weights, &h, compute)?;
        let adapt = self
            .adapt
            .forward(weights, embedding, Kind::Float)?
            .f_unsqueeze(2)?
            .f_unsqueeze(3)?;
        let adapt = adapt.f_to_kind(h.kind())?.f_chunk(2, 1)?;
        let h = self.norm[1].forward(weights, &h)?;
        let h = h.f_mul(&adapt[0].f_add_scalar(1.0)?)?.f_add(&adapt[1])?.f_silu()?;
        let h = self.conv[1].forward(weights, &h, compute)?;
        match &self.shortcut {
            Some(shortcut) => shortcut.forward(weights, x, compute)?.f_add(&h),
            None => h.f_add(x),
        }
    }
}
