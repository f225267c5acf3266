//! From pictures to what a network sees.

use candle_core::{Device, Tensor};
use ficta_core::{Error, Result};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::backend::backend;
use crate::resize::bilinear;

/// The order of an image's channels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ChannelOrder {
    /// Red, green, blue: InsightFace.
    #[default]
    Rgb,
    /// Blue, green, red: AdaFace, and networks trained on what OpenCV reads.
    Bgr,
}

/// One number for all channels, or one for each.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum PerChannel {
    /// The same for all.
    All(f32),
    /// In the order that the network sees.
    Each([f32; 3]),
}

impl PerChannel {
    /// For each channel.
    pub fn values(self) -> [f32; 3] {
        match self {
            Self::All(value) => [value; 3],
            Self::Each(values) => values,
        }
    }
}

/// How pictures are prepared.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// Height and width that the network sees.
    pub size: [usize; 2],
    /// 3, or 1 for grey.
    pub channels: usize,
    /// Order of the channels.
    pub order: ChannelOrder,
    /// Subtracted from a pixel's 0 to 255.
    pub mean: [f32; 3],
    /// What the difference is divided by.
    pub std: [f32; 3],
}

impl Input {
    /// Checks the values that users set.
    ///
    /// # Errors
    /// `CONFIG` for a deviation of 0 and for what is no number.
    pub fn check(&self) -> Result<()> {
        if !self.mean.iter().chain(&self.std).all(|v| v.is_finite()) || self.std.iter().any(|s| *s <= 0.0) {
            return Err(Error::config(format!(
                "mean = {:?}, std = {:?}, expected finite numbers and std above 0",
                self.mean, self.std
            ))
            .help("a pixel of 0 to 255 becomes (pixel - mean) / std; 127.5 and 127.5 give -1 to 1"));
        }
        Ok(())
    }

    /// In a few words, for a report.
    pub fn describe(&self) -> String {
        let number = |v: [f32; 3]| match v {
            [a, b, c] if a == b && b == c => format!("{a}"),
            _ => format!("{v:?}"),
        };
        let colours = match (self.channels, self.order) {
            (1, _) => "grey",
            (_, ChannelOrder::Rgb) => "RGB",
            (_, ChannelOrder::Bgr) => "BGR",
        };
        format!("{colours}, mean {}, std {}", number(self.mean), number(self.std))
    }

    /// Pictures u8 RGB `[N, from.0, from.1, 3]` as `[N, height, width, channels]`, on the threads of the current pool.
    pub fn tensor(&self, pictures: &[u8], from: [usize; 2], mirrored: bool) -> Result<Tensor> {
        let [height, width] = self.size;
        let (picture, prepared) = (from[0] * from[1] * 3, height * width * self.channels);
        let count = pictures.len() / picture;
        let mut out = vec![0.0; count * prepared];
        out.par_chunks_mut(prepared)
            .zip(pictures.par_chunks(picture))
            .for_each(|(out, picture)| self.prepare(&bilinear(picture, from, self.size), mirrored, out));
        backend(
            "taking pictures up",
            Tensor::from_vec(out, (count, height, width, self.channels), &Device::Cpu),
        )
    }

    fn prepare(&self, picture: &[f32], mirrored: bool, out: &mut [f32]) {
        let width = self.size[1];
        let lines = picture
            .chunks_exact(width * 3)
            .zip(out.chunks_exact_mut(width * self.channels));
        for (line, out) in lines {
            let pixels = line.as_chunks::<3>().0;
            for (x, out) in out.chunks_exact_mut(self.channels).enumerate() {
                let [r, g, b] = pixels[if mirrored { width - 1 - x } else { x }];
                let colours = match self.order {
                    _ if self.channels == 1 => [luma([r, g, b]); 3],
                    ChannelOrder::Rgb => [r, g, b],
                    ChannelOrder::Bgr => [b, g, r],
                };
                for (channel, out) in out.iter_mut().enumerate() {
                    *out = (colours[channel] - self.mean[channel]) / self.std[channel];
                }
            }
        }
    }
}

/// Luma of ITU-R BT.601, with the weights and the rounding of the host's conversion to grey (Pillow's `convert("L")`), so that a network
/// trained on the host's grey images sees the same here.
fn luma(rgb: [f32; 3]) -> f32 {
    let [r, g, b] = rgb;
    if r == g && g == b {
        return r;
    }
    ((r * 19595.0 + g * 38470.0 + b * 7471.0) / 65536.0).round()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(input: &Input, pictures: &[u8], mirrored: bool) -> Vec<f32> {
        let tensor = input.tensor(pictures, input.size, mirrored).unwrap();
        tensor.flatten_all().unwrap().to_vec1().unwrap()
    }

    #[test]
    fn order_normalisation_and_mirror() {
        let rgb = Input {
            size: [1, 2],
            channels: 3,
            order: ChannelOrder::Rgb,
            mean: [10.0, 20.0, 30.0],
            std: [1.0, 2.0, 4.0],
        };
        let picture = [10, 24, 38, 12, 20, 30];
        assert_eq!(values(&rgb, &picture, false), [0.0, 2.0, 2.0, 2.0, 0.0, 0.0]);
        assert_eq!(values(&rgb, &picture, true), [2.0, 0.0, 0.0, 0.0, 2.0, 2.0]);
        let bgr = Input {
            order: ChannelOrder::Bgr,
            ..rgb.clone()
        };
        assert_eq!(values(&bgr, &picture, false), [28.0, 2.0, -5.0, 20.0, 0.0, -4.5]);
    }

    #[test]
    fn grey_is_luma() {
        let grey = Input {
            size: [1, 2],
            channels: 1,
            order: ChannelOrder::Rgb,
            mean: [0.0; 3],
            std: [1.0; 3],
        };
        assert_eq!(values(&grey, &[0, 255, 51, 77, 77, 77], false), [156.0, 77.0]);
    }

    #[test]
    fn a_deviation_of_nothing_is_refused() {
        let input = Input {
            size: [1, 1],
            channels: 3,
            order: ChannelOrder::Rgb,
            mean: [0.0; 3],
            std: [1.0, 0.0, 1.0],
        };
        assert!(input.check().unwrap_err().to_string().contains("std"));
    }
}
