//! Labelled face images, as stages hold them.

use std::path::Path;

use ficta_core::{Error, Result, TensorRef};

use crate::{data::convert, storage::Tensors};

/// N labelled RGB images of one size.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Images {
    /// u8 `[N,H,W,3]`.
    pub pixels: Vec<u8>,
    /// Identity of each image.
    pub labels: Vec<i64>,
    /// H in pixels.
    pub height: usize,
    /// W in pixels.
    pub width: usize,
}

impl Images {
    /// Reads the tensor `name` (u8 `[N,H,W,3]`) and `label` of a safetensors file.
    ///
    /// # Errors
    /// Reading failed; another shape.
    pub fn read(path: &Path, name: &str) -> Result<Self> {
        let file = Tensors::read(path)?;
        let (pixels, [n, height, width, colours]) = file.get::<u8, 4>(name)?;
        let labels = file.get_shaped::<i64>("label", &[n])?.to_vec();
        if colours != 3 {
            return Err(Error::data(format!(
                "{}: `{name}` has {colours} colours, expected 3",
                path.display()
            )));
        }
        Ok(Self {
            pixels: pixels.to_vec(),
            labels,
            height,
            width,
        })
    }

    /// N.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Bytes of one image.
    pub fn stride(&self) -> usize {
        self.height * self.width * 3
    }

    /// The pixels of one image, `[H,W,3]`.
    pub fn one(&self, i: usize) -> &[u8] {
        &self.pixels[i * self.stride()..][..self.stride()]
    }

    /// How many identities there are, if labels run from 0.
    pub fn identities(&self) -> usize {
        self.labels.iter().max().map_or(0, |m| *m as usize + 1)
    }

    /// A view for an encoder.
    ///
    /// # Errors
    /// None that well-formed images can give.
    pub fn view(&self) -> Result<TensorRef<'_>> {
        TensorRef::new(&self.pixels, &[self.len(), self.height, self.width, 3])
    }

    /// The chosen images as f32 `[B,C,H,W]` in [-1,1], mirrored where asked for.
    ///
    /// # Errors
    /// A number of channels other than 1 and 3.
    pub fn batch(&self, chosen: &[(usize, bool)], channels: usize) -> Result<Vec<f32>> {
        let mut pixels = Vec::with_capacity(chosen.len() * self.stride());
        for (i, flip) in chosen {
            let image = self.one(*i);
            if *flip {
                for row in image.chunks_exact(self.width * 3) {
                    pixels.extend(row.chunks_exact(3).rev().flatten());
                }
            } else {
                pixels.extend_from_slice(image);
            }
        }
        convert::to_f32(&pixels, chosen.len(), self.height, self.width, channels)
    }

    /// The images side by side, `columns` in a row: pixels `[H,W,3]`, H, W.
    pub fn grid(&self, columns: usize) -> (Vec<u8>, usize, usize) {
        let (rows, columns) = (self.len().div_ceil(columns.max(1)), columns.max(1));
        let (height, width, line) = (rows * self.height, columns * self.width, self.width * 3);
        let mut pixels = vec![0; height * width * 3];
        for i in 0..self.len() {
            for (y, from) in self.one(i).chunks_exact(line).enumerate() {
                let at = ((i / columns * self.height + y) * width + i % columns * self.width) * 3;
                pixels[at..at + line].copy_from_slice(from);
            }
        }
        (pixels, height, width)
    }

    /// Puts other images behind these.
    ///
    /// # Errors
    /// Another size.
    pub fn append(&mut self, other: &Self) -> Result<()> {
        if self.is_empty() {
            (self.height, self.width) = (other.height, other.width);
        }
        if (self.height, self.width) != (other.height, other.width) {
            return Err(Error::data(format!(
                "images of {}x{} and of {}x{} in one training set",
                self.height, self.width, other.height, other.width
            )));
        }
        self.pixels.extend_from_slice(&other.pixels);
        self.labels.extend_from_slice(&other.labels);
        Ok(())
    }
}
