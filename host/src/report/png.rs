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
