//! PNG encoding.

use ficta_core::{Error, ErrorKind, Result};
use image::{
    ExtendedColorType, ImageEncoder,
    codecs::png::{CompressionType, FilterType, PngEncoder},
};

/// Encodes 8-bit pixels, row-major, of 1 (grey) or 3 (RGB) channels.
pub(super) fn encode(pixels: &[u8], width: u32, height: u32, channels: usize) -> Result<Vec<u8>> {
    let colour = match channels {
        1 => ExtendedColorType::L8,
        _ => ExtendedColorType::Rgb8,
    };
    let mut out = Vec::new();
    PngEncoder::new_with_quality(&mut out, CompressionType::Best, FilterType::Adaptive)
        .write_image(pixels, width, height, colour)
        .map_err(|e| {
            Error::wrap(
                ErrorKind::OTHER,
                format!("a {width}x{height} PNG for the report cannot be encoded"),
                &e,
            )
        })?;
    Ok(out)
}

/// RGB pixels `[height, width, 3]` made smaller by a whole factor that divides both sides, each the mean of those it stands
/// for: smooth lines and letters from a backend that smooths neither.
pub(super) fn reduced(pixels: &[u8], width: usize, height: usize, factor: usize) -> Vec<u8> {
    let (across, down) = (width / factor, height / factor);
    let count = (factor * factor) as u32;
    let mut out = Vec::with_capacity(across * down * 3);
    let mut sums = vec![0_u32; across * 3];
    for line in 0..down {
        sums.fill(0);
        for y in line * factor..(line + 1) * factor {
            let row = &pixels[y * width * 3..][..across * factor * 3];
            for (x, rgb) in row.chunks_exact(3).enumerate() {
                for (c, &v) in rgb.iter().enumerate() {
                    sums[x / factor * 3 + c] += u32::from(v);
                }
            }
        }
        out.extend(sums.iter().map(|s| ((s + count / 2) / count) as u8));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reduction_takes_means() {
        let pixels = [0, 0, 0, 100, 0, 0, 200, 8, 0, 255, 8, 1].repeat(2);
        assert_eq!(reduced(&pixels, 4, 2, 2), [50, 0, 0, 228, 8, 1]);
    }

    #[test]
    fn grey_and_colour_survive() {
        let png = encode(&[1, 2, 3, 4, 5, 6], 2, 1, 3).unwrap();
        assert_eq!(
            image::load_from_memory(&png).unwrap().to_rgb8().into_raw(),
            [1, 2, 3, 4, 5, 6]
        );
        let png = encode(&[9, 8], 1, 2, 1).unwrap();
        assert_eq!(image::load_from_memory(&png).unwrap().to_luma8().into_raw(), [9, 8]);
    }
}
