//! Parameters in the run file.

use ficta_core::{Error, Result};

use crate::{
    Architecture, Depth,
    recipe::{params_with_recipe, real, whole},
};

params_with_recipe! {
    /// Parameters of `iresnet`. The defaults train iresnet50 as `arcface_torch` does.
    #[schemars(rename = "IResNet")]
    pub struct Params {
        /// A network by name: 18, 34, 50, 100 or 200. Default 50, unless `blocks` is given. Not both.
        pub depth: Option<Depth> = None,
        /// Residual blocks of each of the four layers, instead of `depth`; at least 1 each.
        #[schemars(inner(range(min = 1)))]
        pub blocks: Option<[usize; 4]> = None,
        /// Channels of the stem and of the four layers.
        #[schemars(inner(range(min = 1)))]
        pub widths: [usize; 5] = [64, 64, 128, 256, 512],
        /// Height and width of the images in pixels.
        #[schemars(range(min = 8, max = 1024))]
        pub input_size: usize = 112,
        /// Channels of the images.
        #[schemars(range(min = 1))]
        pub channels: usize = 3,
        /// Length of an embedding.
        #[schemars(range(min = 1))]
        pub dim: usize = 512,
        /// Share of the last feature map's values that training drops before the linear layer.
        #[schemars(range(min = 0.0, max = 0.99))]
        pub dropout: f64 = 0.0,
        /// Added to a batch normalisation's variance; 1e-5 in `arcface_torch`, 2e-5 in ports from MXNet.
        pub bn_eps: f64 = 1e-5,
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
        whole("iresnet", "input_size", self.input_size, 8, 1024)?;
        whole("iresnet", "channels", self.channels, 1, 4096)?;
        whole("iresnet", "dim", self.dim, 1, 65_536)?;
        real("iresnet", "bn_eps", self.bn_eps, 1e-12, 1.0)?;
        self.shared("iresnet", self.dropout).map(drop)
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
            (r#"{"train_micro_batch":1}"#, "train_micro_batch = 1"),
            (r#"{"sample_rate":0.0}"#, "sample_rate = 0"),
            (r#"{"ema_decay":1.0}"#, "ema_decay = 1"),
            (r#"{"width":[64]}"#, "unknown field `width`"),
        ];
        for (json, part) in cases {
            let error = parse(json).expect_err(json);
            assert!(error.message().contains(part), "{json}: {error}");
        }
    }
}
