//! The usual JPEG in one pass.
//!
//! The `image` crate reads the header of a JPEG three times, each time with its Huffman tables: for its size, for a note of orientation and for the
//! pixels. For a face of 112x112 that is a third of the whole time. Its decoder is zune-jpeg; here it is called once, with the same settings, so that
//! pixels are the same.

use zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};
use zune_jpeg::JpegDecoder;

use super::{prepare::Rgb, source::limits};

/// The pixels of a sound JPEG, grey or YCbCr, that has no metadata of a camera. `None` for whatever else: [`super::decode`] knows what to do with it.
pub(super) fn rgb(bytes: &[u8]) -> Option<Rgb> {
    if !bytes.starts_with(&[0xff, 0xd8, 0xff]) || limits::check_encoded(bytes.len() as u64, &"").is_err() {
        return None;
    }
    let options = DecoderOptions::default()
        .set_strict_mode(false)
        .set_max_width(limits::SIDE as usize)
        .set_max_height(limits::SIDE as usize);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().ok()?;
    let (width, height) = decoder.dimensions()?;
    if width as u64 * height as u64 > limits::PIXELS || decoder.exif().is_some() {
        return None;
    }
    let (space, channels) = match decoder.input_colorspace()? {
        ColorSpace::YCbCr => (ColorSpace::RGB, 3),
        ColorSpace::Luma => (ColorSpace::Luma, 1),
        _ => return None,
    };
    decoder.set_options(decoder.options().jpeg_set_out_colorspace(space));
    let mut decoded = vec![0; width * height * channels];
    decoder.decode_into(&mut decoded).ok()?;
    let pixels = match channels {
        1 => decoded.iter().flat_map(|grey| [*grey; 3]).collect(),
        _ => decoded,
    };
    Some(Rgb { pixels, height, width })
}

#[cfg(test)]
mod tests {
    use image::{ExtendedColorType, ImageEncoder, codecs::jpeg::JpegEncoder};

    use super::*;
    use crate::data::decode;

    fn jpeg(width: u32, height: u32, colour: ExtendedColorType, quality: u8, exif: bool) -> Vec<u8> {
        let channels = u32::from(colour.channel_count());
        let pixels: Vec<u8> = (0..width * height * channels)
            .map(|i| (i * 37 % 251 / 3 + i / width % 150) as u8)
            .collect();
        let mut out = Vec::new();
        let mut encoder = JpegEncoder::new_with_quality(&mut out, quality);
        if exif {
            // Orientation 6: turned right by 90 degrees.
            let mut tiff = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0".to_vec();
            tiff.extend([0; 4]);
            encoder.set_exif_metadata(tiff).unwrap();
        }
        encoder.write_image(&pixels, width, height, colour).unwrap();
        out
    }

    #[test]
    fn pixels_are_those_of_the_image_crate() {
        for (width, height) in [(112, 112), (1, 1), (17, 9), (96, 112)] {
            for colour in [ExtendedColorType::Rgb8, ExtendedColorType::L8] {
                for quality in [30, 75, 100] {
                    let file = jpeg(width, height, colour, quality, false);
                    let expected = decode::dynamic(&file, &"a.jpg").unwrap().into_rgb8();
                    let got = rgb(&file).unwrap();
                    assert_eq!((got.width as u32, got.height as u32), (width, height));
                    assert_eq!(got.pixels, expected.into_raw(), "{width}x{height} {colour:?} {quality}");
                }
            }
        }
    }

    #[test]
    fn what_needs_more_is_left_to_the_image_crate() {
        let turned = jpeg(8, 4, ExtendedColorType::Rgb8, 90, true);
        assert_eq!(rgb(&turned), None);
        let image = decode::rgb(&turned, &"a.jpg").unwrap();
        assert_eq!((image.width, image.height), (4, 8));
        let whole = jpeg(8, 4, ExtendedColorType::Rgb8, 90, false);
        assert_eq!(rgb(&whole[..whole.len() / 3]), None);
        assert_eq!(rgb(b"\xff\xd8\xff no image"), None);
        assert_eq!(rgb(b""), None);
    }
}
