//! How a network is trained and run, whatever its kind.

use ficta_core::{Error, Result};
use ficta_tch_bridge::Precision;

/// The parameters that all backbones share, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    /// Share of the last feature map's values that training drops.
    pub dropout: f64,
    /// Momentum of SGD.
    pub momentum: f64,
    /// Weight decay of SGD.
    pub weight_decay: f64,
    /// Largest norm of the embedder's gradient; infinite for none.
    pub clip_limit: f64,
    /// Arithmetic in training.
    pub precision: Precision,
    /// Arithmetic in `embed`.
    pub embed_precision: Precision,
    /// Images of a piece of work in `embed`.
    pub micro_batch: usize,
    /// Images of a piece of a training step; 0 for the whole batch.
    pub train_micro_batch: usize,
    /// Share of the classes that a step judges.
    pub sample_rate: f64,
    /// Decay of the average of the weights; 0 for none.
    pub ema_decay: f64,
}

/// Defines a family's parameters: its own, and those that all share.
macro_rules! params_with_recipe {
    (
        $(#[$meta:meta])* pub struct $name:ident {
            $($(#[$field_meta:meta])* pub $field:ident: $type:ty = $default:expr,)*
        }
    ) => {
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        $(#[$meta])*
        pub struct $name {
            $($(#[$field_meta])* pub $field: $type,)*
            /// Momentum of SGD.
            #[schemars(range(min = 0.0, max = 0.999))]
            pub momentum: f64,
            /// Weight decay of SGD, for the embedder and the head, as an L2 penalty added to the gradient.
            #[schemars(range(min = 0.0))]
            pub weight_decay: f64,
            /// Largest Euclidean norm of the embedder's gradient; a larger one is scaled down to it. 0 for none.
            #[schemars(range(min = 0.0))]
            pub clip_norm: f64,
            /// Arithmetic of the convolutions in training. Norms, the linear layer, the head and all weights are f32.
            pub precision: ficta_tch_bridge::Precision,
            /// Arithmetic of the convolutions in `embed`. With `f32`, other programs that read the weights get the same embeddings.
            pub embed_precision: ficta_tch_bridge::Precision,
            /// Images that each thread of `embed` computes at a time. Fewer are padded to it, so that a row depends on its image alone.
            #[schemars(range(min = 1, max = 1024))]
            pub micro_batch: usize,
            /// Most images that a training step computes at a time, so that a batch of 1,024 fits a small memory; 0 for the whole batch. The loss
            /// still sees all cosines of the batch at once; batch normalisation sees the pieces, as it does on as many GPUs in `arcface_torch`, and
            /// each piece moves the running statistics. A split step computes each embedding twice, a third more work.
            #[schemars(range(min = 0, max = 65536))]
            pub train_micro_batch: usize,
            /// Share of the classes that each step judges: those of the batch, and others drawn at random up to this share (Partial FC, An et al.
            /// 2022). 1 for all.
            #[schemars(range(min = 0.001, max = 1.0))]
            pub sample_rate: f64,
            /// Decay of an exponential moving average of the embedder's weights and running statistics, which then stands in place of the weights in
            /// `embed` and in saved weights; at step n at most (1 + n)/(10 + n). 0 for none. The training itself goes on with the weights as they are.
            #[schemars(range(min = 0.0, max = 0.999999))]
            pub ema_decay: f64,
        }

        impl Default for $name {
            fn default() -> Self {
                Self {
                    $($field: $default,)*
                    momentum: 0.9,
                    weight_decay: 5e-4,
                    clip_norm: 5.0,
                    precision: ficta_tch_bridge::Precision::Auto,
                    embed_precision: ficta_tch_bridge::Precision::F32,
                    micro_batch: 16,
                    train_micro_batch: 0,
                    sample_rate: 1.0,
                    ema_decay: 0.0,
                }
            }
        }

        impl $name {
            /// The shared parameters, checked.
            pub(crate) fn shared(&self, component: &str, dropout: f64) -> ficta_core::Result<$crate::recipe::Recipe> {
                let recipe = $crate::recipe::Recipe {
                    dropout,
                    momentum: self.momentum,
                    weight_decay: self.weight_decay,
                    clip_limit: if self.clip_norm == 0.0 { f64::INFINITY } else { self.clip_norm },
                    precision: self.precision,
                    embed_precision: self.embed_precision,
                    micro_batch: self.micro_batch,
                    train_micro_batch: self.train_micro_batch,
                    sample_rate: self.sample_rate,
                    ema_decay: self.ema_decay,
                };
                recipe.check(component, self.clip_norm)?;
                Ok(recipe)
            }
        }
    };
}
pub(crate) use params_with_recipe;

impl Recipe {
    pub(crate) fn check(&self, component: &str, clip_norm: f64) -> Result<()> {
        whole(component, "micro_batch", self.micro_batch, 1, 1024)?;
        whole(component, "train_micro_batch", self.train_micro_batch, 0, 65_536)?;
        if self.train_micro_batch == 1 {
            return Err(Error::config(format!("{component}: train_micro_batch = 1"))
                .help("batch normalisation needs at least 2 images at a time"));
        }
        real(component, "dropout", self.dropout, 0.0, 0.99)?;
        real(component, "momentum", self.momentum, 0.0, 0.999)?;
        real(component, "weight_decay", self.weight_decay, 0.0, 1.0)?;
        real(component, "clip_norm", clip_norm, 0.0, f64::MAX)?;
        real(component, "sample_rate", self.sample_rate, 0.001, 1.0)?;
        real(component, "ema_decay", self.ema_decay, 0.0, 0.999_999)
    }

    /// First image and number of images of each piece of a step: as equal as can be, none of a single image.
    pub fn pieces(&self, batch: usize) -> Vec<(usize, usize)> {
        let most = if self.train_micro_batch == 0 {
            batch
        } else {
            self.train_micro_batch
        };
        let count = batch.div_ceil(most.max(1)).min(batch / 2).max(1);
        (0..count)
            .map(|i| (i * batch / count, (i + 1) * batch / count - i * batch / count))
            .collect()
    }
}

/// Accepts `low` ..= `high`.
pub(crate) fn whole(component: &str, key: &str, value: usize, low: usize, high: usize) -> Result<()> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    Err(Error::config(format!(
        "{component}: {key} = {value}, but it is {low} to {high}"
    )))
}

/// Accepts `low` ..= `high`.
pub(crate) fn real(component: &str, key: &str, value: f64, low: f64, high: f64) -> Result<()> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    Err(Error::config(format!(
        "{component}: {key} = {value}, but it is {low} to {high:e}"
    )))
}

#[cfg(test)]
mod tests {
    use crate::Params;

    #[test]
    fn pieces_cover_the_batch_and_none_is_a_single_image() {
        for most in [0, 2, 3, 7, 64] {
            let params = Params {
                train_micro_batch: most,
                ..Params::default()
            };
            let recipe = params.shared("iresnet", 0.0).unwrap();
            for batch in 2..70 {
                let pieces = recipe.pieces(batch);
                let mut next = 0;
                for (first, count) in &pieces {
                    assert_eq!(*first, next);
                    assert!(
                        *count >= 2 && (most == 0 || *count <= most.max(3)),
                        "{batch} by {most}: {pieces:?}"
                    );
                    next += count;
                }
                assert_eq!(next, batch);
            }
        }
    }
}
