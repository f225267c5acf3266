//! Labelled face images, as stages hold them.

use std::{ops::Deref, path::Path};

use ficta_core::{Error, Result, TensorRef};

use crate::{
    data::convert,
    storage::mapped_tensors::{MappedBytes, MappedTensors},
};

/// The bytes of images: held in memory, or read where they lie in a file.
#[derive(Clone, Debug)]
pub struct Pixels(Bytes);

#[derive(Clone, Debug)]
enum Bytes {
    Held(Vec<u8>),
    Mapped(MappedBytes),
}

impl Deref for Pixels {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        match &self.0 {
            Bytes::Held(bytes) => bytes,
            Bytes::Mapped(bytes) => bytes,
        }
    }
}

impl From<Vec<u8>> for Pixels {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Bytes::Held(bytes))
    }
}

impl Default for Pixels {
    fn default() -> Self {
        Vec::new().into()
    }
}

impl PartialEq for Pixels {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

/// N labelled RGB images of one size.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Images {
    /// u8 `[N,H,W,3]`.
    pub pixels: Pixels,
    /// Identity of each image.
    pub labels: Vec<i64>,
    /// H in pixels.
    pub height: usize,
    /// W in pixels.
    pub width: usize,
}

impl Images {
    /// The tensor `name` (u8 `[N,H,W,3]`) and `label` of a safetensors file. The pixels stay in the file, and the system reads them as they are needed.
    ///
    /// # Errors
    /// Reading failed; another shape.
    pub fn read(path: &Path, name: &str) -> Result<Self> {
        let file = MappedTensors::open(path)?;
        let (pixels, [n, height, width, colours]) = file.bytes(name)?;
        let labels = file.copied(&["label"])?.get_shaped::<i64>("label", &[n])?.to_vec();
        if colours != 3 {
            return Err(Error::data(format!(
                "{}: `{name}` has {colours} colours, expected 3",
                path.display()
            )));
        }
        Ok(Self {
            pixels: Pixels(Bytes::Mapped(pixels)),
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
        TensorRef::new(&self.pixels[..], &[self.len(), self.height, self.width, 3])
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
}
