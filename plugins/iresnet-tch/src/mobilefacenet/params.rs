//! Parameters in the run file.

use ficta_core::{Error, Result};

use super::Plan;
use crate::recipe::{params_with_recipe, real, whole};

params_with_recipe! {
    /// Parameters of `mobilefacenet`. The defaults are arcface_torch's `get_mbf`; its `get_mbf_large` has `blocks` 2, 8, 12, 4 and `scale` 4.
    #[schemars(rename = "MobileFaceNet")]
    pub struct MobileFaceNetParams {
        /// Bottlenecks of each stage, at least 1 each. With 1 in the first it is a plain grouped convolution.
        #[schemars(inner(range(min = 1)))]
        pub blocks: [usize; 4] = [1, 4, 6, 2],
        /// Factor on the channels between bottlenecks.
        #[schemars(range(min = 1, max = 16))]
        pub scale: usize = 2,
        /// Base number of channels.
        #[schemars(range(min = 1, max = 1024))]
        pub width: usize = 64,
        /// Height and width of the images in pixels.
        #[schemars(range(min = 16, max = 1024))]
        pub input_size: usize = 112,
        /// Channels of the images.
        #[schemars(range(min = 1))]
        pub channels: usize = 3,
        /// Length of an embedding.
        #[schemars(range(min = 1))]
        pub dim: usize = 512,
        /// Added to a batch normalisation's variance.
        pub bn_eps: f64 = 1e-5,
    }
}

impl MobileFaceNetParams {
    /// The network that the parameters ask for.
    ///
    /// # Errors
    /// [`ficta_core::ErrorKind::CONFIG`] for each value that cannot be honoured.
    pub fn plan(&self) -> Result<Plan> {
        const NAME: &str = "mobilefacenet";
        if self.blocks.iter().any(|b| !(1..=1000).contains(b)) {
            return Err(Error::config(format!(
                "{NAME}: blocks = {:?}, but each stage has 1 to 1000",
                self.blocks
            )));
        }
        whole(NAME, "scale", self.scale, 1, 16)?;
        whole(NAME, "width", self.width, 1, 1024)?;
        whole(NAME, "input_size", self.input_size, 16, 1024)?;
        whole(NAME, "channels", self.channels, 1, 4096)?;
        whole(NAME, "dim", self.dim, 1, 65_536)?;
        real(NAME, "bn_eps", self.bn_eps, 1e-12, 1.0)?;
        self.shared(NAME, 0.0)?;
        Ok(Plan {
            blocks: self.blocks,
            scale: self.scale,
            width: self.width,
            input_size: self.input_size,
            channels: self.channels,
            dim: self.dim,
            bn_eps: self.bn_eps,
        })
    }
}
