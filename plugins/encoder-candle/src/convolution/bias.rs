//! Biases that depend on how much of a window lies on the map.
//!
//! A batch normalisation before a convolution scales and shifts each input channel. The scales go into the filters. The shifts add a
//! constant to each output channel, but only through the taps that lie on the map, because the zeros around it are added after the
//! normalisation.

use super::window::Window;

/// Constants added to each output channel.
#[derive(Clone, Debug)]
pub struct Bias {
    /// `[outputs]`.
    plain: Vec<f64>,
    /// What a tap adds: `[taps][outputs]`; empty where the input is not shifted.
    of_tap: Vec<f64>,
}

/// Biases for maps of one size.
pub struct Biases {
    rows: Vec<usize>,
    columns: Vec<usize>,
    column_kinds: usize,
    width: usize,
    /// `[kinds of rows][kinds of columns][width]`.
    values: Vec<f32>,
}

impl Bias {
    /// The same everywhere.
    pub fn new(plain: &[f32]) -> Self {
        Self {
            plain: plain.iter().map(|b| f64::from(*b)).collect(),
            of_tap: Vec::new(),
        }
    }

    /// Counts `shifts` of the input channels in; `filters` are those of the shifted input, `[taps][inputs][outputs]`, or `[taps][channels]`
    /// where each channel has its `own`.
    pub fn shift_input(&mut self, filters: &[f32], shifts: &[f32], own: bool) {
        let outputs = self.plain.len();
        if own {
            let products = filters.iter().zip(shifts.iter().cycle());
            self.of_tap = products.map(|(f, s)| f64::from(*f) * f64::from(*s)).collect();
            return;
        }
        let of_a_tap = |tap: &[f32]| {
            let mut sums = vec![0.0; outputs];
            for (line, shift) in tap.chunks(outputs).zip(shifts) {
                for (sum, filter) in sums.iter_mut().zip(line) {
                    *sum += f64::from(*filter) * f64::from(*shift);
                }
            }
            sums
        };
        self.of_tap = filters.chunks(shifts.len() * outputs).flat_map(of_a_tap).collect();
    }

    /// Multiplies every output channel and adds to it.
    pub fn scale_output(&mut self, scales: &[f32], shifts: &[f32]) {
        for (bias, (scale, shift)) in self.plain.iter_mut().zip(scales.iter().zip(shifts)) {
            *bias = *bias * f64::from(*scale) + f64::from(*shift);
        }
        for (bias, scale) in self.of_tap.iter_mut().zip(scales.iter().cycle()) {
            *bias *= f64::from(*scale);
        }
    }

    /// For a map of `extent`, with channels filled up to `width`.
    pub fn on(&self, window: &Window, extent: [usize; 2], width: usize) -> Biases {
        let count = window.count(extent);
        if self.of_tap.is_empty() {
            let mut values: Vec<f32> = self.plain.iter().map(|b| *b as f32).collect();
            values.resize(width, 0.0);
            return Biases {
                rows: vec![0; count[0]],
                columns: vec![0; count[1]],
                column_kinds: 1,
                width,
                values,
            };
        }
        let [(rows, row_kinds), (columns, column_kinds)] = [0, 1].map(|axis| {
            let mut kinds: Vec<[usize; 2]> = Vec::new();
            let of_index = (0..count[axis])
                .map(|index| {
                    let inside = window.inside(axis, index, extent[axis]);
                    kinds.iter().position(|kind| *kind == inside).unwrap_or_else(|| {
                        kinds.push(inside);
                        kinds.len() - 1
                    })
                })
                .collect::<Vec<_>>();
            (of_index, kinds)
        });
        let outputs = self.plain.len();
        let mut values = Vec::with_capacity(row_kinds.len() * column_kinds.len() * width);
        for [top, bottom] in &row_kinds {
            for [left, right] in &column_kinds {
                let mut sums = self.plain.clone();
                for tap in (*top..*bottom).flat_map(|y| (*left..*right).map(move |x| y * window.size[1] + x)) {
                    for (sum, add) in sums.iter_mut().zip(&self.of_tap[tap * outputs..]) {
                        *sum += add;
                    }
                }
                values.extend(sums.iter().map(|b| *b as f32));
                values.resize(values.len() + width - outputs, 0.0);
            }
        }
        Biases {
            rows,
            columns,
            column_kinds: column_kinds.len(),
            width,
            values,
        }
    }
}

impl Biases {
    /// Of the output pixel in row `y` and column `x`: `[width]`.
    #[inline(always)]
    pub fn at(&self, y: usize, x: usize) -> &[f32] {
        let kind = self.rows[y] * self.column_kinds + self.columns[x];
        &self.values[kind * self.width..][..self.width]
    }
}
