//! Small images for the report's figures.

use ficta_core::{Error, Result};

/// An 8-bit image, row-major, grey `[H, W]` or RGB `[H, W, 3]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    width: u32,
    height: u32,
    channels: usize,
    pixels: Vec<u8>,
}

impl Picture {
    /// A grey image, `pixels` is `[height, width]`.
    ///
    /// # Errors
    /// When a side is 0 or above 4096, or the number of bytes is not `width * height`.
    pub fn grey(width: u32, height: u32, pixels: Vec<u8>) -> Result<Self> {
        Self::new(width, height, 1, pixels)
    }

    /// A colour image, `pixels` is `[height, width, 3]` in the order red, green, blue.
    ///
    /// # Errors
    /// When a side is 0 or above 4096, or the number of bytes is not `width * height * 3`.
    pub fn rgb(width: u32, height: u32, pixels: Vec<u8>) -> Result<Self> {
        Self::new(width, height, 3, pixels)
    }

    fn new(width: u32, height: u32, channels: usize, pixels: Vec<u8>) -> Result<Self> {
        const LARGEST: u32 = 4096;
        if width == 0 || height == 0 || width > LARGEST || height > LARGEST {
            return Err(Error::shape(format!(
                "a picture for the report is {width}x{height} pixels; each side must be 1 to {LARGEST}"
            )));
        }
        let expected = width as usize * height as usize * channels;
        if pixels.len() != expected {
            return Err(Error::shape(format!(
                "a picture for the report has {} bytes; {width}x{height} with {channels} channel(s) needs {expected}",
                pixels.len()
            ))
            .help("hand over bytes in the order [height, width, channel], without padding"));
        }
        Ok(Self {
            width,
            height,
            channels,
            pixels,
        })
    }

    /// Width in pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Whether the image is grey: of one channel, or of three that are equal everywhere.
    pub fn is_grey(&self) -> bool {
        self.channels == 1 || self.pixels.chunks_exact(3).all(|p| p[0] == p[1] && p[1] == p[2])
    }

    /// Red, green and blue of the pixel at column `x`, row `y` (both inside the image).
    pub(super) fn rgb_at(&self, x: u32, y: u32) -> [u8; 3] {
        let at = (y as usize * self.width as usize + x as usize) * self.channels;
        match self.channels {
            1 => [self.pixels[at]; 3],
            _ => [self.pixels[at], self.pixels[at + 1], self.pixels[at + 2]],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Picture;

    #[test]
    fn wrong_sizes_are_refused() {
        let e = Picture::grey(4, 3, vec![0; 11]).unwrap_err();
        assert!(e.message().contains("has 11 bytes"), "{e}");
        assert!(e.message().contains("needs 12"), "{e}");
        assert!(Picture::rgb(4, 3, vec![0; 12]).is_err());
        assert!(Picture::grey(0, 3, vec![]).is_err());
        assert!(Picture::grey(5000, 1, vec![0; 5000]).is_err());
    }

    #[test]
    fn pixels_are_row_major() {
        let p = Picture::rgb(2, 1, vec![1, 2, 3, 4, 5, 6]).unwrap();
        assert_eq!(p.rgb_at(1, 0), [4, 5, 6]);
        let p = Picture::grey(1, 2, vec![7, 8]).unwrap();
        assert_eq!(p.rgb_at(0, 1), [8, 8, 8]);
        assert!(p.is_grey());
        assert!(Picture::rgb(1, 2, vec![7, 7, 7, 8, 8, 8]).unwrap().is_grey());
        assert!(!Picture::rgb(1, 2, vec![7, 7, 7, 8, 8, 9]).unwrap().is_grey());
    }
}
