//! What there is to know of one image.

use ficta_core::ErrorKind;
use sha2::{Digest, Sha256};

use super::dhash;
use crate::data::{Rgb, source::ImageSource};

/// What is wrong with an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No bytes.
    Empty,
    /// Cannot be read or decoded; why.
    Corrupt(String),
}

/// An image, looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// Bytes of the encoded image.
    pub bytes: u32,
    /// First half of the SHA-256 of its bytes.
    pub hash: [u8; 16],
    /// See [`dhash`].
    pub sight: u128,
    /// Width and height in pixels; 0 where it is broken.
    pub size: (u16, u16),
    /// Encoding by its first bytes.
    pub encoding: &'static str,
    /// Mean of red minus blue in the middle half of a coloured image; none for a grey one.
    pub red_over_blue: Option<f32>,
    /// What is wrong with it.
    pub fault: Option<Box<Fault>>,
}

/// The encoding by the first bytes.
fn encoding(bytes: &[u8]) -> &'static str {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => "png",
        [0xff, 0xd8, ..] => "jpeg",
        [b'P', b'2' | b'5', ..] => "pgm",
        [b'P', b'3' | b'6', ..] => "ppm",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "webp",
        _ => "unknown",
    }
}

/// A JPEG that was cut still decodes, with a grey rest: only its end shows it.
fn is_cut_jpeg(bytes: &[u8]) -> bool {
    let end = bytes.iter().rposition(|b| *b != 0).map_or(0, |at| at + 1);
    encoding(bytes) == "jpeg"
        && !bytes[..end]
            .windows(2)
            .rev()
            .take(1 << 16)
            .any(|pair| pair == [0xff, 0xd9])
}

fn red_over_blue(image: &Rgb) -> Option<f32> {
    let (rows, columns) = (
        image.height / 4..image.height - image.height / 4,
        image.width / 4..image.width - image.width / 4,
    );
    let (mut sum, mut coloured) = (0i64, 0i64);
    for row in rows.clone() {
        for column in columns.clone() {
            let [r, g, b] = [0, 1, 2].map(|c| i64::from(image.pixels[(row * image.width + column) * 3 + c]));
            sum += r - b;
            coloured += (r - g).abs() + (b - g).abs();
        }
    }
    let count = (rows.len() * columns.len()) as i64;
    (count > 0 && coloured > count).then(|| sum as f32 / count as f32)
}

/// Looks at an image. Whatever is wrong with it stands in the outcome.
pub fn look(source: &dyn ImageSource, index: usize) -> Look {
    let mut out = Look {
        bytes: 0,
        hash: [0; 16],
        sight: 0,
        size: (0, 0),
        encoding: "unknown",
        red_over_blue: None,
        fault: None,
    };
    let broken = |e: &ficta_core::Error| {
        let causes: Vec<&str> = e.causes().collect();
        let text = match causes.is_empty() {
            true => e.message().to_owned(),
            false => format!("{}: {}", e.message(), causes.join(": ")),
        };
        Some(Box::new(Fault::Corrupt(text)))
    };
    let bytes = match source.bytes(index) {
        Ok(bytes) => bytes,
        Err(e) => {
            out.fault = broken(&e);
            return out;
        }
    };
    out.bytes = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    out.encoding = encoding(&bytes);
    out.hash.copy_from_slice(&Sha256::digest(&bytes)[..16]);
    if bytes.is_empty() {
        out.fault = Some(Box::new(Fault::Empty));
        return out;
    }
    match crate::data::decode::rgb(&bytes, &source.name(index)) {
        Err(e) => out.fault = broken(&e),
        Ok(_) if is_cut_jpeg(&bytes) => {
            let e = ficta_core::Error::new(
                ErrorKind::DATA,
                format!("{}: the JPEG is cut: it has no end marker", source.name(index)),
            );
            out.fault = broken(&e);
        }
        Ok(image) => {
            out.size = (image.width as u16, image.height as u16);
            out.sight = dhash(&image);
            out.red_over_blue = red_over_blue(&image);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_jpeg_is_seen() {
        let pixels: Vec<u8> = (0..48 * 48 * 3).map(|i| (i * 37 % 251) as u8).collect();
        let mut jpeg = Vec::new();
        let encoder = image::codecs::jpeg::JpegEncoder::new(&mut jpeg);
        image::ImageEncoder::write_image(encoder, &pixels, 48, 48, image::ExtendedColorType::Rgb8).unwrap();
        assert!(!is_cut_jpeg(&jpeg));
        assert!(is_cut_jpeg(&jpeg[..jpeg.len() - 20]));
        jpeg.extend([0; 100]);
        assert!(!is_cut_jpeg(&jpeg));
    }

    #[test]
    fn colour_is_told_from_grey() {
        let image = |rgb: [u8; 3]| Rgb {
            pixels: rgb.repeat(64),
            height: 8,
            width: 8,
        };
        assert_eq!(red_over_blue(&image([200, 150, 100])), Some(100.0));
        assert_eq!(red_over_blue(&image([100, 150, 200])), Some(-100.0));
        assert_eq!(red_over_blue(&image([90, 90, 90])), None);
    }
}
