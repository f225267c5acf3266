//! PNG images.

use std::path::Path;

use ficta_core::{Error, ErrorKind, Result};
use image::{
    ExtendedColorType, ImageEncoder,
    codecs::png::{CompressionType, FilterType, PngEncoder},
};

use super::{convert::luma, decode, prepare::Rgb, source::read_image_file};
use crate::storage::atomic;

/// The bytes of a PNG file: grey with one channel, else RGB. `rgb` is `[height,width,3]`. The same pixels give the same bytes.
///
/// # Errors
/// Another number of pixels; no pixels; channels other than 1 and 3.
pub fn encode(rgb: &[u8], height: usize, width: usize, channels: usize) -> Result<Vec<u8>> {
    let sides = (u32::try_from(width), u32::try_from(height));
    let (Ok(w @ 1..), Ok(h @ 1..)) = sides else {
        return Err(Error::shape(format!(
            "an image of {width}x{height} pixels cannot be a PNG"
        )));
    };
    if rgb.len() != height * width * 3 {
        return Err(Error::shape(format!(
            "{} bytes for an RGB image of {width}x{height}",
            rgb.len()
        )));
    }
    let mut bytes = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut bytes, CompressionType::Default, FilterType::Adaptive);
    let written = match channels {
        1 => {
            let grey: Vec<u8> = rgb.as_chunks::<3>().0.iter().map(|pixel| luma(*pixel)).collect();
            encoder.write_image(&grey, w, h, ExtendedColorType::L8)
        }
        3 => encoder.write_image(rgb, w, h, ExtendedColorType::Rgb8),
        other => return Err(Error::shape(format!("{other} channels, expected 1 (grey) or 3 (RGB)"))),
    };
    written.map_err(|e| Error::wrap(ErrorKind::OTHER, "cannot make a PNG", &e))?;
    Ok(bytes)
}

/// Writes [`encode`]'s bytes to a file, whole or not at all.
///
/// # Errors
/// As for [`encode`]; [`ErrorKind::IO`] with the path.
pub fn write(path: &Path, rgb: &[u8], height: usize, width: usize, channels: usize) -> Result<()> {
    let bytes = encode(rgb, height, width, channels).map_err(|e| e.context(path.display()))?;
    atomic::write_bytes(path, &bytes)
}

/// Reads an image file as RGB, whatever its name says: PNG, JPEG, WebP, PGM or PPM, as [`decode::rgb`] does.
///
/// # Errors
/// [`ErrorKind::IO`] with the path; [`ErrorKind::DATA`] with path and reason where the content is no sound image.
pub fn read(path: &Path) -> Result<Rgb> {
    decode::rgb(&read_image_file(path)?, &path.display())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn checks(height: usize, width: usize) -> Vec<u8> {
        (0..height * width * 3).map(|i| (i * 37 % 251) as u8).collect()
    }

    #[test]
    fn colours_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b.png");
        write(&path, &checks(5, 7), 5, 7, 3).unwrap();
        assert_eq!(
            read(&path).unwrap(),
            Rgb {
                pixels: checks(5, 7),
                height: 5,
                width: 7
            }
        );
    }

    #[test]
    fn grey_is_stored_as_one_channel_and_comes_back_as_three() {
        let grey: Vec<u8> = (0..35).flat_map(|i| [i * 7; 3]).collect();
        let bytes = encode(&grey, 5, 7, 1).unwrap();
        assert_eq!(decode::dynamic(&bytes, &"a.png").unwrap().color(), image::ColorType::L8);
        assert_eq!(decode::rgb(&bytes, &"a.png").unwrap().pixels, grey);
    }

    #[test]
    fn equal_pixels_give_equal_bytes_without_a_time() {
        let bytes = encode(&checks(5, 7), 5, 7, 3).unwrap();
        assert_eq!(encode(&checks(5, 7), 5, 7, 3).unwrap(), bytes);
        let mut kinds = Vec::new();
        let mut rest = &bytes[8..];
        while let [a, b, c, d, kind @ ..] = rest {
            kinds.push(String::from_utf8_lossy(&kind[..4]).into_owned());
            rest = &kind[4 + u32::from_be_bytes([*a, *b, *c, *d]) as usize + 4..];
        }
        assert_eq!(kinds, ["IHDR", "IDAT", "IEND"]);
    }

    #[test]
    fn impossible_images_are_refused() {
        assert!(encode(&[], 0, 0, 3).is_err());
        assert!(encode(&[0; 5], 1, 2, 3).is_err());
        assert!(encode(&[0; 6], 1, 2, 2).is_err());
    }

    #[test]
    fn files_that_are_no_sound_images_are_named_with_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        let whole = encode(&checks(40, 40), 40, 40, 3).unwrap();
        let mut flipped = whole.clone();
        flipped[60] ^= 255;
        for content in [
            &whole[..whole.len() / 2],
            &whole[..20],
            b"<html>not found</html>",
            &flipped,
        ] {
            fs::write(&path, content).unwrap();
            let error = read(&path).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::DATA);
            assert!(
                error.message().ends_with("a.png is not a sound image") && error.causes().count() > 0,
                "{error}"
            );
        }
        fs::write(&path, "").unwrap();
        assert!(read(&path).unwrap_err().message().ends_with("is empty (0 bytes)"));
        assert_eq!(read(&folder.path().join("none.png")).unwrap_err().kind(), ErrorKind::IO);
    }

    #[test]
    fn pgm_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.pgm");
        fs::write(&path, b"P5\n2 1\n255\n\x05\xff").unwrap();
        assert_eq!(
            read(&path).unwrap(),
            Rgb {
                pixels: vec![5, 5, 5, 255, 255, 255],
                height: 1,
                width: 2
            }
        );
    }
}
