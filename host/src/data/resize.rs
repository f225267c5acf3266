//! Resizing with a triangle filter, antialiased: the filter widens with the factor when an image is made smaller.
//!
//! Bit for bit what Pillow's `Image.resize(size, Resampling.BILINEAR)` gives: rows first, then columns, 22-bit fixed-point weights, and
//! rounding to 8 bits after each pass. Integer sums make it the same on every machine.

/// Bits after the binary point of a weight.
const BITS: u32 = 22;

/// The weights of one output pixel.
struct Taps {
    first: usize,
    weights: Vec<i64>,
}

/// Resizes interleaved RGB `[height,width,3]` to `[to_height,to_width,3]`. A size of 0 gives no pixels.
///
/// # Panics
/// Where `pixels` does not hold `height * width * 3` bytes.
pub fn resize(pixels: &[u8], height: usize, width: usize, to_height: usize, to_width: usize) -> Vec<u8> {
    assert_eq!(
        pixels.len(),
        height * width * 3,
        "pixels of an image of {width}x{height}"
    );
    let rows = if to_width == width {
        pixels.to_vec()
    } else {
        let taps = taps(width, to_width);
        let mut out = Vec::with_capacity(height * to_width * 3);
        for row in pixels.chunks_exact((width * 3).max(1)) {
            for tap in &taps {
                out.extend((0..3).map(|colour| weigh(tap, |at| row[at * 3 + colour])));
            }
        }
        out
    };
    if to_height == height {
        return rows;
    }
    let stride = to_width * 3;
    let mut out = Vec::with_capacity(to_height * stride);
    for tap in &taps(height, to_height) {
        out.extend((0..stride).map(|x| weigh(tap, |at| rows[at * stride + x])));
    }
    out
}

fn weigh(tap: &Taps, pixel: impl Fn(usize) -> u8) -> u8 {
    let half = 1 << (BITS - 1);
    let sum = tap
        .weights
        .iter()
        .zip(tap.first..)
        .fold(half, |sum, (w, at)| sum + w * i64::from(pixel(at)));
    (sum >> BITS).clamp(0, 255) as u8
}

fn taps(from: usize, to: usize) -> Vec<Taps> {
    let scale = from as f64 / to as f64;
    let radius = scale.max(1.0);
    (0..to)
        .map(|x| {
            let centre = (x as f64 + 0.5) * scale;
            // Casts to usize stop at 0, which is the left border.
            let first = (centre - radius + 0.5) as usize;
            let end = ((centre + radius + 0.5) as usize).min(from);
            let triangle = |at: usize| (1.0 - ((at as f64 - centre + 0.5) * (1.0 / radius)).abs()).max(0.0);
            let raw: Vec<f64> = (first..end).map(triangle).collect();
            let total: f64 = raw.iter().sum();
            let fixed = |w: &f64| (0.5 + w / total * f64::from(1u32 << BITS)) as i64;
            Taps {
                first,
                weights: raw.iter().map(fixed).collect(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by tests/fixtures/resize.py with Pillow: height, width, to height, to width, pixels, expected.
    const PILLOW: &[u8] = include_bytes!("../../tests/fixtures/resize.bin");

    fn take<'a>(rest: &mut &'a [u8], n: usize) -> &'a [u8] {
        let (head, tail) = rest.split_at(n);
        *rest = tail;
        head
    }

    #[test]
    fn pixels_are_pillows() {
        let mut rest = PILLOW;
        let mut cases = 0;
        while !rest.is_empty() {
            let sizes: Vec<usize> = take(&mut rest, 8)
                .chunks_exact(2)
                .map(|b| usize::from(u16::from_le_bytes([b[0], b[1]])))
                .collect();
            let [height, width, to_height, to_width] = sizes[..] else {
                unreachable!()
            };
            let pixels = take(&mut rest, height * width * 3);
            let expected = take(&mut rest, to_height * to_width * 3);
            let got = resize(pixels, height, width, to_height, to_width);
            assert_eq!(got, expected, "{width}x{height} to {to_width}x{to_height}");
            cases += 1;
        }
        assert_eq!(cases, 9);
    }

    #[test]
    fn the_same_size_changes_nothing() {
        let pixels: Vec<u8> = (0..36).collect();
        assert_eq!(resize(&pixels, 3, 4, 3, 4), pixels);
    }

    #[test]
    fn a_flat_image_stays_flat() {
        for value in [0, 1, 127, 254, 255] {
            assert!(resize(&[value; 23 * 17 * 3], 23, 17, 7, 31).iter().all(|p| *p == value));
        }
    }
}
