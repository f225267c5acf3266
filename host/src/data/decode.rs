//! From the bytes of an encoded image to pixels.

use std::io::Cursor;

use ficta_core::{Error, ErrorKind, Result};
use image::{DynamicImage, ImageDecoder, ImageReader, Limits, metadata::Orientation};

use super::{jpeg, prepare::Rgb, source::limits};

/// Decodes PNG, JPEG, WebP, PGM or PPM to RGB. Grey becomes three equal channels, 16 bits become 8, an alpha channel is dropped, and a camera's
/// note of orientation is obeyed. `name` stands first in errors.
///
/// # Errors
/// [`ErrorKind::DATA`] for no bytes, for content that is no sound image, and for one beyond the [`limits`] (checked before its pixels are
/// allocated).
pub fn rgb(bytes: &[u8], name: &dyn std::fmt::Display) -> Result<Rgb> {
    if let Some(image) = jpeg::rgb(bytes) {
        return Ok(image);
    }
    let image = dynamic(bytes, name)?.into_rgb8();
    let (width, height) = (image.width() as usize, image.height() as usize);
    Ok(Rgb {
        pixels: image.into_raw(),
        height,
        width,
    })
}

/// [`rgb`], but in the colour type that the file has.
///
/// # Errors
/// As for [`rgb`].
pub(crate) fn dynamic(bytes: &[u8], name: &dyn std::fmt::Display) -> Result<DynamicImage> {
    if bytes.is_empty() {
        return Err(Error::data(format!("{name} is empty (0 bytes)")).help("copy the image again, or remove it"));
    }
    limits::check_encoded(bytes.len() as u64, name)?;
    let unsound = |e: image::ImageError| {
        Error::wrap(ErrorKind::DATA, format!("{name} is not a sound image"), &e)
            .help("open it in a viewer; replace or remove it")
    };
    let mut decoder = decoder(bytes).map_err(unsound)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > limits::PIXELS {
        return Err(Error::data(format!(
            "{name} says that it is {width}x{height} pixels, expected at most {} in all",
            limits::PIXELS
        ))
        .help("no image of a face is that large: the file is damaged, or made to exhaust memory"));
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(unsound)?;
    image.apply_orientation(orientation);
    Ok(image)
}

fn decoder(bytes: &[u8]) -> image::ImageResult<impl ImageDecoder + '_> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(limits::SIDE);
    limits.max_image_height = Some(limits::SIDE);
    limits.max_alloc = Some(limits::PIXELS * 8);
    reader.limits(limits);
    reader.into_decoder()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A PNG whose header says that it has these sides, with a right checksum.
    fn claims(width: u32, height: u32) -> Vec<u8> {
        let mut png = crate::data::png::encode(&[0; 3], 1, 1, 3).unwrap();
        png[16..20].copy_from_slice(&width.to_be_bytes());
        png[20..24].copy_from_slice(&height.to_be_bytes());
        let sum = crc32(&png[12..29]);
        png[29..33].copy_from_slice(&sum.to_be_bytes());
        png
    }

    /// CRC-32 of ISO 3309, as PNG uses it.
    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0u32, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |c, _| {
                if c & 1 == 1 { 0xedb8_8320 ^ (c >> 1) } else { c >> 1 }
            })
        })
    }

    #[test]
    fn a_decompression_bomb_is_refused_before_its_pixels_exist() {
        assert!(rgb(&claims(1, 1), &"a.png").is_ok());
        let message = rgb(&claims(60_000, 60_000), &"a.png").unwrap_err().to_string();
        assert!(
            message.contains("a.png says that it is 60000x60000 pixels"),
            "{message}"
        );
        let message = rgb(&claims(1, u32::MAX >> 1), &"a.png").unwrap_err().to_string();
        assert!(message.contains("a.png is not a sound image"), "{message}");
    }

    #[test]
    fn no_bytes_and_too_many_are_errors() {
        assert_eq!(rgb(&[], &"a.png").unwrap_err().message(), "a.png is empty (0 bytes)");
        let large = vec![0; limits::ENCODED as usize + 1];
        let message = rgb(&large, &"a.png").unwrap_err().to_string();
        assert!(message.contains("67108865 bytes long"), "{message}");
    }

    /// Against what Pillow reads; of a lossy file libwebp and the crate round colours apart by a level or two.
    #[test]
    fn webp_is_read_as_pillow_reads_it() {
        for (name, apart) in [("lossless", 0), ("lossy", 2)] {
            let read = |ending: &str| {
                let path = format!("{}/tests/fixtures/webp/{name}.{ending}", env!("CARGO_MANIFEST_DIR"));
                rgb(&std::fs::read(&path).unwrap(), &path).unwrap()
            };
            let (ours, theirs) = (read("webp"), read("png"));
            assert_eq!((ours.height, ours.width), (40, 33));
            let differences = ours.pixels.iter().zip(&theirs.pixels).map(|(a, b)| a.abs_diff(*b));
            assert!(differences.max().unwrap() <= apart, "{name}");
        }
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_and_mutated_bytes_never_panic(
            noise in proptest::collection::vec(proptest::num::u8::ANY, 0..300),
            at in 0usize..2000,
            byte: u8,
            cut in 0usize..2000,
        ) {
            let _ = rgb(&noise, &"noise");
            let pixels: Vec<u8> = (0..16 * 16 * 3).map(|i| (i * 37 % 251) as u8).collect();
            let png = crate::data::png::encode(&pixels, 16, 16, 3).unwrap();
            let mut jpeg = Vec::new();
            let encoder = image::codecs::jpeg::JpegEncoder::new(&mut jpeg);
            image::ImageEncoder::write_image(encoder, &pixels, 16, 16, image::ExtendedColorType::Rgb8).unwrap();
            let mut pgm = b"P5\n16 16\n255\n".to_vec();
            pgm.extend_from_slice(&pixels[..256]);
            let webp = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/webp/lossy.webp")).unwrap();
            for mut file in [png, jpeg, pgm, webp] {
                let place = at % file.len();
                file[place] = byte;
                let _ = rgb(&file, &"mutated");
                let _ = rgb(&file[..cut % file.len()], &"cut");
            }
        }
    }
}
