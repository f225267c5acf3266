//! Parameters in the run file.

use ficta_core::{Error, Result};
use ficta_tch_bridge::Precision;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Architecture, Depth};

/// Parameters of `iresnet`. The defaults train iresnet50 as `arcface_torch` does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "IResNet")]
pub struct Params {
    /// A network by name: 18, 34, 50, 100 or 200. Default 50, unless `blocks` is given. Not both.
    pub depth: Option<Depth>,
    /// Residual blocks of each of the four layers, instead of `depth`; at least 1 each.
    #[schemars(inner(range(min = 1)))]
    pub blocks: Option<[usize; 4]>,
    /// Channels of the stem and of the four layers.
    #[schemars(inner(range(min = 1)))]
    pub widths: [usize; 5],
    /// Height and width of the images in pixels.
    #[schemars(range(min = 8, max = 1024))]
    pub input_size: usize,
    /// Channels of the images.
    #[schemars(range(min = 1))]
    pub channels: usize,
    /// Length of an embedding.
    #[schemars(range(min = 1))]
    pub dim: usize,
    /// Share of the last feature map's values that training drops before the linear layer.
    #[schemars(range(min = 0.0, max = 0.99))]
    pub dropout: f64,
    /// Added to a batch normalisation's variance; 1e-5 in `arcface_torch`, 2e-5 in ports from MXNet.
    pub bn_eps: f64,
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
    pub precision: Precision,
    /// Arithmetic of the convolutions in `embed`. With `f32`, other programs that read the weights get the same embeddings.
    pub embed_precision: Precision,
    /// Images that each thread of `embed` computes at a time. Fewer are padded to it, so that a row depends on its image alone.
    #[schemars(range(min = 1, max = 1024))]
    pub micro_batch: usize,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            depth: None,
            blocks: None,
            widths: [64, 64, 128, 256, 512],
            input_size: 112,
            channels: 3,
            dim: 512,
            dropout: 0.0,
            bn_eps: 1e-5,
            momentum: 0.9,
            weight_decay: 5e-4,
            clip_norm: 5.0,
            precision: Precision::Auto,
            embed_precision: Precision::F32,
            micro_batch: 16,
        }
    }
}

impl Params {
    /// The network that the parameters ask for.
    ///
    /// # Errors
    /// [`ficta_core::ErrorKind::CONFIG`] for each value that cannot be honoured.
    pub fn architecture(&self) -> Result<Architecture> {
        self.check()?;
        let blocks = match (self.depth, self.blocks) {
            (Some(_), Some(_)) => {
                return Err(Error::config("iresnet: both `depth` and `blocks` are given").help("keep one of the two"));
            }
            (depth, None) => depth.unwrap_or(Depth::R50).blocks(),
            (None, Some(blocks)) => blocks,
        };
        if blocks.iter().any(|b| !(1..=1000).contains(b)) {
            return Err(Error::config(format!(
                "iresnet: blocks = {blocks:?}, but each layer has 1 to 1000 blocks"
            )));
        }
        Ok(Architecture {
            blocks,
            widths: self.widths,
            input_size: self.input_size,
            channels: self.channels,
            dim: self.dim,
            bn_eps: self.bn_eps,
        })
    }

    fn check(&self) -> Result<()> {
        if self.widths.iter().any(|w| !(1..=16_384).contains(w)) {
            return Err(Error::config(format!(
                "iresnet: widths = {:?}, but each is 1 to 16384",
                self.widths
            )));
        }
        for (key, value, low, high) in [
            ("input_size", self.input_size, 8, 1024),
            ("channels", self.channels, 1, 4096),
            ("dim", self.dim, 1, 65_536),
            ("micro_batch", self.micro_batch, 1, 1024),
        ] {
            if !(low..=high).contains(&value) {
                return Err(Error::config(format!(
                    "iresnet: {key} = {value}, but it is {low} to {high}"
                )));
            }
        }
        for (key, value, low, high) in [
            ("dropout", self.dropout, 0.0, 0.99),
            ("bn_eps", self.bn_eps, 1e-12, 1.0),
            ("momentum", self.momentum, 0.0, 0.999),
            ("weight_decay", self.weight_decay, 0.0, 1.0),
            ("clip_norm", self.clip_norm, 0.0, f64::MAX),
        ] {
            if !(low..=high).contains(&value) {
                return Err(Error::config(format!(
                    "iresnet: {key} = {value}, but it is {low} to {high:e}"
                )));
            }
        }
        Ok(())
    }

    /// The limit on the gradient's norm; infinite where there is none.
    pub fn clip_limit(&self) -> f64 {
        if self.clip_norm == 0.0 {
            f64::INFINITY
        } else {
            self.clip_norm
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<Architecture> {
        serde_json::from_str::<Params>(json)
            .map_err(|e| Error::config(e.to_string()))?
            .architecture()
    }

    #[test]
    fn nothing_given_is_iresnet50() {
        let found = parse("{}").expect("the defaults");
        assert_eq!((found.blocks, found.input_size, found.dim), ([3, 4, 14, 3], 112, 512));
    }

    #[test]
    fn blocks_stand_in_for_a_name() {
        let found = parse(r#"{"blocks":[1,1,2,1],"widths":[16,32,64,128,128],"input_size":32,"dim":128}"#)
            .expect("a small net");
        assert_eq!((found.blocks, found.tail_size()), ([1, 1, 2, 1], 2));
    }

    #[test]
    fn values_that_cannot_be_built_are_named() {
        let cases = [
            (r#"{"depth":"50","blocks":[1,1,1,1]}"#, "both `depth` and `blocks`"),
            (r#"{"depth":"51"}"#, "18, 34, 50, 100, 200"),
            (r#"{"blocks":[1,0,1,1]}"#, "[1, 0, 1, 1]"),
            (r#"{"widths":[64,64,0,256,512]}"#, "widths"),
            (r#"{"input_size":4}"#, "input_size = 4"),
            (r#"{"dim":0}"#, "dim = 0"),
            (r#"{"dropout":1.0}"#, "dropout = 1"),
            (r#"{"clip_norm":-1.0}"#, "clip_norm = -1"),
            (r#"{"bn_eps":0.0}"#, "bn_eps = 0"),
            (r#"{"micro_batch":0}"#, "micro_batch = 0"),
            (r#"{"width":[64]}"#, "unknown field `width`"),
        ];
        for (json, part) in cases {
            let error = parse(json).expect_err(json);
            assert!(error.message().contains(part), "{json}: {error}");
        }
    }
}
