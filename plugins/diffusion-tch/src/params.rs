//! What a run file can set.

use ficta_core::{Error, Prediction, Result};
use ficta_tch_bridge::Precision;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Schedule;

/// What the network predicts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PredictionTarget {
    /// v = sqrt(abar) eps - sqrt(1 - abar) x_0.
    #[default]
    V,
    /// The noise eps. Needs far more training than v in our trials.
    Epsilon,
    /// The clean image x_0.
    Sample,
}

impl From<PredictionTarget> for Prediction {
    fn from(target: PredictionTarget) -> Self {
        match target {
            PredictionTarget::V => Self::V,
            PredictionTarget::Epsilon => Self::EPSILON,
            PredictionTarget::Sample => Self::SAMPLE,
        }
    }
}

/// Parameters of the UNet and of its training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Height and width of the images in pixels: a multiple of patch * 2^(levels - 1).
    #[schemars(range(min = 1, max = 1024))]
    pub resolution: usize,
    /// 1 for grey images, 3 for colour.
    #[schemars(range(min = 1, max = 3))]
    pub channels: usize,
    /// Feature maps at the first level, before the multipliers. Multiples of 16 are fastest.
    #[schemars(range(min = 1, max = 1024))]
    pub base_width: usize,
    /// One entry a level, each half the size of the one before: feature maps there, as multiples of base_width.
    pub multipliers: Vec<usize>,
    /// Residual blocks at each level, on the way down and on the way up.
    #[schemars(range(min = 1, max = 16))]
    pub blocks: usize,
    /// Levels, from 0, that have self-attention after each block.
    pub attention_levels: Vec<usize>,
    /// Whether the narrowest place has self-attention.
    pub middle_attention: bool,
    /// Heads of each self-attention; must divide its feature maps.
    #[schemars(range(min = 1, max = 64))]
    pub attention_heads: usize,
    /// Groups of each group norm; must divide all feature maps.
    #[schemars(range(min = 1, max = 256))]
    pub norm_groups: usize,
    /// Side of the square of pixels that becomes one position of the network (pixel-unshuffle): 1, 2 or 4. Larger is faster and coarser.
    #[schemars(range(min = 1, max = 4))]
    pub patch: usize,
    /// Share of training rows whose condition is replaced by the learned "no condition", for classifier-free guidance.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub condition_dropout: f64,
    /// Steps T of the diffusion.
    #[schemars(range(min = 1, max = 100000))]
    pub timesteps: usize,
    /// Noise schedule.
    pub schedule: Schedule,
    /// What the network predicts.
    pub prediction: PredictionTarget,
    /// Decay of the average of the weights that is used for generation; at step n at most (1 + n)/(10 + n).
    #[schemars(range(min = 0.0, max = 1.0))]
    pub ema_decay: f64,
    /// AdamW's decay rates of the first and second moments.
    pub betas: [f64; 2],
    /// AdamW's decoupled weight decay.
    #[schemars(range(min = 0.0))]
    pub weight_decay: f64,
    /// Largest Euclidean norm of the gradient; 0 does not clip.
    #[schemars(range(min = 0.0))]
    pub clip_norm: f64,
    /// Arithmetic of the convolutions.
    pub precision: Precision,
    /// Images that one thread computes together. Batches are cut into pieces of this size; in generation the last one is filled up, so that an
    /// image does not depend on its neighbours: ask for multiples of it.
    #[schemars(range(min = 1, max = 4096))]
    pub micro_batch: usize,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            resolution: 32,
            channels: 3,
            base_width: 48,
            multipliers: vec![1, 2, 2],
            blocks: 1,
            attention_levels: Vec::new(),
            middle_attention: true,
            attention_heads: 4,
            norm_groups: 8,
            patch: 2,
            condition_dropout: 0.15,
            timesteps: 1000,
            schedule: Schedule::default(),
            prediction: PredictionTarget::default(),
            ema_decay: 0.995,
            betas: [0.9, 0.999],
            weight_decay: 0.01,
            clip_norm: 1.0,
            precision: Precision::default(),
            micro_batch: 16,
        }
    }
}

impl Params {
    /// Feature maps of each level.
    pub(crate) fn widths(&self) -> Vec<i64> {
        self.multipliers.iter().map(|m| (m * self.base_width) as i64).collect()
    }

    /// Checks what the types cannot.
    ///
    /// # Errors
    /// [`ficta_core::ErrorKind::CONFIG`] with the key, the value and what is allowed.
    pub fn check(&self) -> Result<()> {
        let levels = self.multipliers.len();
        within("resolution", self.resolution, 1, 1024)?;
        within("base_width", self.base_width, 1, 1024)?;
        within("blocks", self.blocks, 1, 16)?;
        within("attention_heads", self.attention_heads, 1, 64)?;
        within("norm_groups", self.norm_groups, 1, 256)?;
        within("timesteps", self.timesteps, 1, 100_000)?;
        within("micro_batch", self.micro_batch, 1, 4096)?;
        require([1, 3].contains(&self.channels), "channels", self.channels, "1 or 3")?;
        require([1, 2, 4].contains(&self.patch), "patch", self.patch, "1, 2 or 4")?;
        let multipliers = (1..=8).contains(&levels) && self.multipliers.iter().all(|m| (1..=64).contains(m));
        require(
            multipliers,
            "multipliers",
            format!("{:?}", self.multipliers),
            "1 to 8 numbers from 1 to 64",
        )?;
        let step = self.patch << (levels - 1);
        require(
            self.resolution.is_multiple_of(step),
            "resolution",
            self.resolution,
            &format!(
                "a multiple of {step} (patch {} times 2 for each of {} halvings)",
                self.patch,
                levels - 1
            ),
        )?;
        let allowed = format!("levels below {levels}");
        let known = self.attention_levels.iter().all(|l| *l < levels);
        require(
            known,
            "attention_levels",
            format!("{:?}", self.attention_levels),
            &allowed,
        )?;
        self.check_widths()?;
        self.check_training()
    }

    fn check_widths(&self) -> Result<()> {
        for (level, width) in self.multipliers.iter().map(|m| m * self.base_width).enumerate() {
            let allowed = format!("a divisor of the {width} feature maps of level {level}");
            require(
                width.is_multiple_of(self.norm_groups),
                "norm_groups",
                self.norm_groups,
                &allowed,
            )?;
            let last = level + 1 == self.multipliers.len();
            if self.attention_levels.contains(&level) || self.middle_attention && last {
                require(
                    width.is_multiple_of(self.attention_heads),
                    "attention_heads",
                    self.attention_heads,
                    &allowed,
                )?;
            }
        }
        Ok(())
    }

    fn check_training(&self) -> Result<()> {
        require(
            (0.0..=1.0).contains(&self.condition_dropout),
            "condition_dropout",
            self.condition_dropout,
            "0 to 1",
        )?;
        require(
            (0.0..1.0).contains(&self.ema_decay),
            "ema_decay",
            self.ema_decay,
            "0 to below 1",
        )?;
        let betas = self.betas.iter().all(|b| (0.0..1.0).contains(b));
        require(
            betas,
            "betas",
            format!("{:?}", self.betas),
            "two numbers from 0 to below 1",
        )?;
        let weight_decay = self.weight_decay.is_finite() && self.weight_decay >= 0.0;
        require(weight_decay, "weight_decay", self.weight_decay, "0 or more")?;
        let clip_norm = self.clip_norm.is_finite() && self.clip_norm >= 0.0;
        require(clip_norm, "clip_norm", self.clip_norm, "0 (no clipping) or more")
    }
}

fn within(key: &str, value: usize, low: usize, high: usize) -> Result<()> {
    require((low..=high).contains(&value), key, value, &format!("{low} to {high}"))
}

fn require(holds: bool, key: &str, value: impl std::fmt::Display, allowed: &str) -> Result<()> {
    if holds {
        return Ok(());
    }
    Err(Error::config(format!("`{key}` is {value}, allowed: {allowed}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(change: impl FnOnce(&mut Params)) -> String {
        let mut params = Params::default();
        change(&mut params);
        params.check().expect_err("bad parameters").to_string()
    }

    #[test]
    fn defaults_are_allowed() {
        Params::default().check().unwrap();
    }

    #[test]
    fn bad_values_are_named_with_what_is_allowed() {
        for (text, wanted) in [
            (
                message(|p| p.resolution = 36),
                "`resolution` is 36, allowed: a multiple of 8",
            ),
            (message(|p| p.channels = 2), "`channels` is 2, allowed: 1 or 3"),
            (message(|p| p.patch = 3), "`patch` is 3"),
            (message(|p| p.multipliers = vec![]), "`multipliers` is []"),
            (message(|p| p.multipliers = vec![1; 9]), "`multipliers`"),
            (
                message(|p| p.attention_levels = vec![3]),
                "`attention_levels` is [3], allowed: levels below 3",
            ),
            (
                message(|p| p.norm_groups = 7),
                "`norm_groups` is 7, allowed: a divisor of the 48 feature maps of level 0",
            ),
            (message(|p| p.attention_heads = 5), "`attention_heads` is 5"),
            (
                message(|p| p.condition_dropout = f64::NAN),
                "`condition_dropout` is NaN",
            ),
            (message(|p| p.ema_decay = 1.0), "`ema_decay` is 1"),
            (message(|p| p.betas = [0.9, 1.0]), "`betas` is [0.9, 1.0]"),
            (message(|p| p.clip_norm = -1.0), "`clip_norm` is -1"),
            (message(|p| p.weight_decay = f64::INFINITY), "`weight_decay` is inf"),
            (message(|p| p.timesteps = 0), "`timesteps` is 0"),
            (message(|p| p.micro_batch = 0), "`micro_batch` is 0"),
        ] {
            assert!(text.contains(wanted), "{text}");
        }
    }
}
