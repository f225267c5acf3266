//! The whole network.

use ficta_core::Result;
use ficta_tch_bridge::{Conv2d, GroupNorm, Initialiser, Parameters, Start, TchResult, channels_last};
use tch::{Kind, Tensor};

use super::{
    Pass,
    condition::{Conditioning, Embedding},
    stage::Stage,
};
use crate::Params;

/// Down through the levels, the middle, and up again, each stage of the way up taking the output of its counterpart beside its input.
pub(crate) struct Unet {
    embedding: Embedding,
    input: Conv2d,
    down: Vec<Level>,
    middle: [Stage; 2],
    /// From the narrowest level to the widest.
    up: Vec<Vec<Stage>>,
    norm: GroupNorm,
    output: Conv2d,
    patch: i64,
}

struct Level {
    stages: Vec<Stage>,
    /// To half the size; none at the last level.
    shrink: Option<Conv2d>,
}

impl Unet {
    /// Adds the network's weights to `to`.
    pub(crate) fn new(to: &mut Parameters, draw: Initialiser, params: &Params, condition_dim: i64) -> Result<Self> {
        let widths = params.widths();
        let (base, patch) = (params.base_width as i64, params.patch as i64);
        let colours = params.channels as i64 * patch * patch;
        let attends = |level: usize| params.attention_levels.contains(&level);
        let embedding = Embedding::new(to, draw, base, condition_dim)?;
        let input = Conv2d::new(to, draw, "input", [colours, widths[0]], 3, 1, Start::FanIn)?;

        let mut down = Vec::new();
        let mut width = widths[0];
        for (level, next) in widths.iter().enumerate() {
            let mut stages = Vec::new();
            for i in 0..params.blocks {
                stages.push(Stage::new(
                    to,
                    draw,
                    params,
                    &format!("down.{level}.{i}"),
                    [width, *next],
                    attends(level),
                )?);
                width = *next;
            }
            let name = format!("down.{level}.shrink");
            let shrink =
                (level + 1 < widths.len()).then(|| Conv2d::new(to, draw, &name, [width, width], 3, 2, Start::FanIn));
            down.push(Level {
                stages,
                shrink: shrink.transpose()?,
            });
        }
        let middle = [
            Stage::new(to, draw, params, "middle.0", [width, width], params.middle_attention)?,
            Stage::new(to, draw, params, "middle.1", [width, width], false)?,
        ];
        let mut up = Vec::new();
        for (level, next) in widths.iter().enumerate().rev() {
            let mut stages = Vec::new();
            for i in 0..params.blocks {
                stages.push(Stage::new(
                    to,
                    draw,
                    params,
                    &format!("up.{level}.{i}"),
                    [width + next, *next],
                    attends(level),
                )?);
                width = *next;
            }
            up.push(stages);
        }
        Ok(Self {
            embedding,
            input,
            down,
            middle,
            up,
            norm: GroupNorm::new(to, draw, "norm", width, params.norm_groups as i64)?,
            output: Conv2d::new(to, draw, "output", [width, colours], 3, 1, Start::Zero)?,
            patch,
        })
    }

    /// Images f32 `[B,C,R,R]` to predictions of the same shape and type.
    pub(crate) fn forward(&self, pass: Pass<'_>, images: &Tensor, given: &Conditioning) -> TchResult {
        let Pass { weights, compute } = pass;
        let embedding = self.embedding.forward(pass, given)?;
        let patches = channels_last::copy(&images.f_pixel_unshuffle(self.patch)?, compute, images.device())?;
        let mut h = self.input.forward(weights, &patches, compute)?;
        let mut passed = Vec::new();
        for level in &self.down {
            for stage in &level.stages {
                h = stage.forward(pass, &h, &embedding)?;
                passed.push(h.shallow_clone());
            }
            if let Some(shrink) = &level.shrink {
                h = shrink.forward(weights, &h, compute)?;
            }
        }
        for stage in &self.middle {
            h = stage.forward(pass, &h, &embedding)?;
        }
        for (i, stages) in self.up.iter().enumerate() {
            if i > 0 {
                let (_, _, height, width) = h.size4()?;
                h = h.f_upsample_nearest2d([2 * height, 2 * width], None, None)?;
            }
            for stage in stages {
                let beside = passed.pop().expect("as many stages up as down");
                h = stage.forward(pass, &Tensor::f_cat(&[h, beside], 1)?, &embedding)?;
            }
        }
        let h = self.norm.forward(weights, &h)?.f_silu()?;
        self.output
            .forward(weights, &h, compute)?
            .f_to_kind(Kind::Float)?
            .f_pixel_shuffle(self.patch)
    }
}
