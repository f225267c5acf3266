//! `[data]` of a run file.

use std::path::PathBuf;

use ficta_core::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A rectangle of an image in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Crop {
    /// Leftmost column.
    pub x: usize,
    /// Topmost row.
    pub y: usize,
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

/// Width and height in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Size {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

/// `[data]`: aligned real faces, in any layout that `ficta data inspect` reads: a folder with one folder a person (`person/image.png`),
/// CelebA's, RecordIO, WebDataset, Parquet, zip.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataConfig {
    /// The folder or file.
    pub path: PathBuf,
    /// Fewest images of a person. The variance of an identity needs two; 1 lets single images in.
    #[serde(default = "two")]
    pub min_images: usize,
    /// Size that each file must have. By default any, but the images must agree after the crop unless `full_size` is given.
    #[serde(default)]
    pub expect_size: Option<Size>,
    /// Part of each image to use. By default all of it. It must be square.
    #[serde(default)]
    pub crop: Option<Crop>,
    /// Size that the encoder is given. By default that of the crop.
    #[serde(default)]
    pub full_size: Option<Size>,
    /// Side in pixels of the images to train on and to generate.
    #[serde(default = "thirty_two")]
    pub size: usize,
    /// Channels of the images to train on and to generate: 1 for grey, 3 for RGB.
    #[serde(default = "three")]
    #[schemars(range(min = 1, max = 3))]
    pub channels: usize,
    /// People kept out of everything that learns, for verification.
    #[serde(default = "ten")]
    pub held_out: usize,
}

fn two() -> usize {
    2
}
fn three() -> usize {
    3
}
fn ten() -> usize {
    10
}
fn thirty_two() -> usize {
    32
}

/// Longest side that is accepted, in pixels.
const LONGEST: usize = 1 << 14;

impl DataConfig {
    /// The default settings for the images in `path`.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            min_images: two(),
            expect_size: None,
            crop: None,
            full_size: None,
            size: thirty_two(),
            channels: three(),
            held_out: ten(),
        }
    }

    /// Checks what the types cannot say.
    ///
    /// # Errors
    /// [`ficta_core::ErrorKind::CONFIG`] with the key, the value and what is allowed.
    pub fn check(&self) -> Result<()> {
        let wrong = |key: &str, value: String, expected: &str| {
            Err(Error::config(format!("data.{key} is {value}, expected {expected}")))
        };
        let side = |n: usize| (1..=LONGEST).contains(&n);
        if self.min_images == 0 {
            return wrong("min_images", "0".into(), "at least 1");
        }
        if !matches!(self.channels, 1 | 3) {
            return wrong("channels", self.channels.to_string(), "1 (grey) or 3 (RGB)");
        }
        if !side(self.size) {
            return wrong("size", self.size.to_string(), "1 to 16384 pixels");
        }
        for (key, size) in [("expect_size", self.expect_size), ("full_size", self.full_size)] {
            if let Some(Size { width, height }) = size
                && !(side(width) && side(height))
            {
                return wrong(key, format!("{width}x{height}"), "1 to 16384 pixels each way");
            }
        }
        if let Some(Crop { x, y, width, height }) = self.crop {
            if !(side(width) && side(height) && x <= LONGEST && y <= LONGEST) {
                return wrong(
                    "crop",
                    format!("{width}x{height} at ({x}, {y})"),
                    "1 to 16384 pixels each way",
                );
            }
            if width != height {
                let error = Error::config(format!("data.crop is {width}x{height}, expected a square"));
                return Err(error.help("generated images are square: crop to the face, so that it is not stretched"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> DataConfig {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn defaults_are_the_documented_ones() {
        assert_eq!(parse("path = \"faces\""), DataConfig::at("faces"));
        DataConfig::at("faces").check().unwrap();
    }

    #[test]
    fn unknown_keys_are_refused() {
        let error = toml::from_str::<DataConfig>("path = \"faces\"\nsizes = 3")
            .unwrap_err()
            .to_string();
        assert!(error.contains("sizes"), "{error}");
        assert!(toml::from_str::<DataConfig>("path = \"f\"\ncrop = { x = 0, y = 0, width = 1, hight = 1 }").is_err());
    }

    #[test]
    fn values_out_of_range_are_named() {
        let cases = [
            ("min_images = 0", "data.min_images is 0, expected at least 1"),
            ("channels = 2", "data.channels is 2, expected 1 (grey) or 3 (RGB)"),
            ("size = 0", "data.size is 0, expected 1 to 16384 pixels"),
            (
                "expect_size = { width = 0, height = 3 }",
                "data.expect_size is 0x3, expected 1 to 16384 pixels each way",
            ),
            (
                "full_size = { width = 3, height = 99999 }",
                "data.full_size is 3x99999, expected 1 to 16384 pixels each way",
            ),
            (
                "crop = { x = 0, y = 14, width = 92, height = 90 }",
                "data.crop is 92x90, expected a square",
            ),
            (
                "crop = { x = 0, y = 0, width = 0, height = 0 }",
                "data.crop is 0x0 at (0, 0), expected 1 to 16384 pixels each way",
            ),
        ];
        for (line, message) in cases {
            assert_eq!(
                parse(&format!("path = \"faces\"\n{line}"))
                    .check()
                    .unwrap_err()
                    .message(),
                message
            );
        }
    }
}
