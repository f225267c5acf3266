//! An image under a similarity transform.

use super::Similarity;
use crate::data::Rgb;

/// The image under `transform`, `height` x `width`, by bilinear interpolation between pixel centres in f64; what lies outside the image is 0 (black).
///
/// OpenCV 5's `warpAffine` and skimage's `warp(order=1)` give the same within one grey level. OpenCV 4 rounds coordinates to 1/32 pixel, which
/// differs by several levels where neighbouring pixels differ much.
pub fn warp(image: &Rgb, transform: &Similarity, height: usize, width: usize) -> Rgb {
    let back = transform.inverse();
    let mut pixels = Vec::with_capacity(height * width * 3);
    for y in 0..height {
        for x in 0..width {
            let [u, v] = back.apply([x as f64, y as f64]);
            pixels.extend(sample(image, u, v));
        }
    }
    Rgb { pixels, height, width }
}

fn sample(image: &Rgb, x: f64, y: f64) -> [u8; 3] {
    let (left, top) = (x.floor(), y.floor());
    // Also false for a place that is not finite.
    let near = left >= -1.0 && top >= -1.0 && left < image.width as f64 && top < image.height as f64;
    if !near {
        return [0; 3];
    }
    let (fx, fy) = (x - left, y - top);
    let (left, top) = (left as isize, top as isize);
    let mut sums = [0.0; 3];
    for (row, wy) in [(top, 1.0 - fy), (top + 1, fy)] {
        for (column, wx) in [(left, 1.0 - fx), (left + 1, fx)] {
            let inside = row >= 0 && column >= 0 && (row as usize) < image.height && (column as usize) < image.width;
            if inside {
                let at = (row as usize * image.width + column as usize) * 3;
                for (sum, value) in sums.iter_mut().zip(&image.pixels[at..at + 3]) {
                    *sum += wy * wx * f64::from(*value);
                }
            }
        }
    }
    sums.map(|sum| sum.round_ties_even() as u8)
}
