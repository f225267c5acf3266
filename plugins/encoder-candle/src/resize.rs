//! Bilinear scaling of 8-bit pictures.

/// One output coordinate: its two source coordinates and the weight of the second.
struct Tap {
    low: usize,
    high: usize,
    weight: f32,
}

/// Half-pixel centres: output `i` samples the source at `(i + 1/2) * from/to - 1/2`, clamped to the outermost pixels' centres.
fn taps(from: usize, to: usize) -> Vec<Tap> {
    let ratio = from as f64 / to as f64;
    (0..to)
        .map(|i| {
            let at = ((i as f64 + 0.5) * ratio - 0.5).clamp(0.0, (from - 1) as f64);
            let low = at as usize;
            Tap {
                low,
                high: (low + 1).min(from - 1),
                weight: (at - low as f64) as f32,
            }
        })
        .collect()
}

/// Scales u8 `[from.0, from.1, 3]` to f32 `[to.0, to.1, 3]`, still 0..255 and not rounded.
///
/// PyTorch's `interpolate(mode="bilinear", align_corners=False, antialias=False)`: half-pixel centres, edge pixels extended, and two
/// taps an axis when shrinking as well (so a picture much larger than `to` is sampled sparsely). Neither side of `from` may be 0.
pub fn bilinear(pixels: &[u8], from: [usize; 2], to: [usize; 2]) -> Vec<f32> {
    let (rows, columns) = (taps(from[0], to[0]), taps(from[1], to[1]));
    let mut out = Vec::with_capacity(to[0] * to[1] * 3);
    for y in &rows {
        let upper = &pixels[y.low * from[1] * 3..][..from[1] * 3];
        let lower = &pixels[y.high * from[1] * 3..][..from[1] * 3];
        for x in &columns {
            for c in 0..3 {
                let mix = |row: &[u8]| {
                    let (a, b) = (f32::from(row[x.low * 3 + c]), f32::from(row[x.high * 3 + c]));
                    a + (b - a) * x.weight
                };
                let (a, b) = (mix(upper), mix(lower));
                out.push(a + (b - a) * y.weight);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Case {
        from: [usize; 2],
        to: [usize; 2],
        pixels: Vec<u8>,
        out: Vec<f32>,
    }

    #[test]
    fn agrees_with_pytorch() {
        let cases: Vec<Case> = serde_json::from_str(include_str!("../tests/fixtures/resize.json")).unwrap();
        assert!(!cases.is_empty());
        for case in cases {
            let got = bilinear(&case.pixels, case.from, case.to);
            assert_eq!(got.len(), case.out.len());
            for (g, e) in got.iter().zip(&case.out) {
                assert!(
                    (g - e).abs() < 1e-4,
                    "{:?} to {:?}: {g} instead of {e}",
                    case.from,
                    case.to
                );
            }
        }
    }

    #[test]
    fn the_same_size_changes_nothing() {
        let pixels: Vec<u8> = (0..5 * 4 * 3).map(|i| (i * 37 % 256) as u8).collect();
        let as_floats: Vec<f32> = pixels.iter().map(|p| f32::from(*p)).collect();
        assert_eq!(bilinear(&pixels, [5, 4], [5, 4]), as_floats);
    }
}
