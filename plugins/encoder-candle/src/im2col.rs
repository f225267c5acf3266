//! Convolution windows as rows of a matrix.

/// Square windows of a map.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// Height and width.
    pub size: usize,
    /// Step from one window to the next, along both axes.
    pub stride: usize,
    /// Zeros around the map, on all four sides.
    pub padding: usize,
}

impl Window {
    /// How many windows lie along an axis of `extent` pixels.
    pub fn count(&self, extent: usize) -> usize {
        (extent + 2 * self.padding)
            .checked_sub(self.size)
            .map_or(0, |slack| slack / self.stride + 1)
    }
}

/// The windows of `map` `[height,width,channels]` as rows: `[H'*W', size*size*channels]`, in the order of HWIO filters.
///
/// With channels innermost a window is `size` runs of memory.
pub fn im2col(map: &[f32], [height, width, channels]: [usize; 3], window: Window) -> Vec<f32> {
    let Window { size, stride, padding } = window;
    let (rows, columns) = (window.count(height), window.count(width));
    let run = size * channels;
    let mut out = vec![0.0; rows * columns * size * run];
    for y in 0..rows {
        for ky in 0..size {
            let source = (y * stride + ky).checked_sub(padding);
            let Some(source) = source.filter(|row| *row < height) else {
                continue;
            };
            let line = &map[source * width * channels..][..width * channels];
            for x in 0..columns {
                // The window's columns that lie inside the map; the others stay zero.
                let first = padding.saturating_sub(x * stride);
                let last = size.min((width + padding).saturating_sub(x * stride));
                let from = (x * stride + first - padding) * channels;
                let to = ((y * columns + x) * size + ky) * run + first * channels;
                let count = (last - first) * channels;
                out[to..to + count].copy_from_slice(&line[from..from + count]);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_with_padding_in_reading_order() {
        let window = Window {
            size: 3,
            stride: 2,
            padding: 1,
        };
        // 2x3 map of 1 to 6: windows around (0,0) and (0,2).
        let got = im2col(&[1., 2., 3., 4., 5., 6.], [2, 3, 1], window);
        let expected = [
            [0., 0., 0., 0., 1., 2., 0., 4., 5.],
            [0., 0., 0., 2., 3., 0., 5., 6., 0.],
        ];
        assert_eq!(got, expected.as_flattened());
    }

    #[test]
    fn channels_stay_together() {
        let window = Window {
            size: 2,
            stride: 1,
            padding: 0,
        };
        let map: Vec<f32> = (0..12).map(|v| v as f32).collect();
        let got = im2col(&map, [2, 3, 2], window);
        let expected = [[0., 1., 2., 3., 6., 7., 8., 9.], [2., 3., 4., 5., 8., 9., 10., 11.]];
        assert_eq!(got, expected.as_flattened());
    }

    #[test]
    fn a_map_smaller_than_the_window_has_none() {
        let window = Window {
            size: 3,
            stride: 1,
            padding: 0,
        };
        assert!(im2col(&[1., 2., 3., 4.], [2, 2, 1], window).is_empty());
    }
}
