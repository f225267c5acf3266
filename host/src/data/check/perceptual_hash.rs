//! A hash that stays nearly the same when an image is scaled, re-encoded or slightly changed.
//!
//! dHash of 128 bits: the luma scaled to 9x9 (Pillow's bilinear filter), then for each of the 8x8 cells whether it is darker than its right neighbour (64 bits, rows
//! first, highest bit first), and whether it is darker than the one below (64 bits). Two images are near duplicates when at most [`NEAR`] bits differ.
//! The idea is N. Krawetz's ("Kind of Like That", 2013); rows and columns together are B. Hoyt's `dhash`, which uses the same threshold.

use crate::data::{Rgb, convert, resize::resize};

/// Most bits in which near duplicates differ.
pub const NEAR: u32 = 2;

/// Cells a side.
const CELLS: usize = 8;

/// The hash of an image.
pub fn dhash(image: &Rgb) -> u128 {
    let mut grey = image.clone();
    convert::to_grey(&mut grey.pixels);
    let side = CELLS + 1;
    let small = resize(&grey.pixels, grey.height, grey.width, side, side);
    let at = |row: usize, column: usize| small[(row * side + column) * 3];
    let mut bits = 0u128;
    for across in [true, false] {
        for row in 0..CELLS {
            for column in 0..CELLS {
                let next = if across {
                    at(row, column + 1)
                } else {
                    at(row + 1, column)
                };
                bits = bits << 1 | u128::from(at(row, column) < next);
            }
        }
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::decode;

    /// Made by tests/fixtures/make_dhash_reference.py with Pillow and NumPy.
    const REFERENCE: &str = include_str!("../../../tests/fixtures/dhash.json");

    #[test]
    fn hashes_are_those_of_the_reference() {
        let cases: Vec<(usize, usize, String)> = serde_json::from_str(REFERENCE).unwrap();
        for (height, width, expected) in cases {
            let pixels = (0..height * width * 3).map(|i| (i * i / 7 + i * 13) as u8).collect();
            let hash = dhash(&Rgb { pixels, height, width });
            assert_eq!(format!("{hash:032x}"), expected, "{width}x{height}");
        }
    }

    #[test]
    fn jpeg_changes_few_bits_and_another_image_many() {
        let wave = |f: f64| -> Vec<u8> {
            (0..112 * 112)
                .flat_map(|i| {
                    let (x, y) = ((i % 112) as f64, (i / 112) as f64);
                    [(127.0 + 60.0 * (x * f).sin() + 60.0 * (y * f * 0.7 + x * 0.01).cos()) as u8; 3]
                })
                .collect()
        };
        let rgb = |pixels| Rgb {
            pixels,
            height: 112,
            width: 112,
        };
        let mut jpeg = Vec::new();
        let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 60);
        image::ImageEncoder::write_image(encoder, &wave(0.05), 112, 112, image::ExtendedColorType::Rgb8).unwrap();
        let (one, two) = (dhash(&rgb(wave(0.05))), dhash(&decode::rgb(&jpeg, &"a.jpg").unwrap()));
        assert!((one ^ two).count_ones() <= 6, "{}", (one ^ two).count_ones());
        assert!((one ^ dhash(&rgb(wave(0.11)))).count_ones() > 20);
    }
}
