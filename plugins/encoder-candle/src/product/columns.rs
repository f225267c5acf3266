//! The right side of a product.

use super::{kernel::Instructions, whole_blocks};

/// Several matrices `[depth, columns]` of one shape, cut into column panels: `[matrices][panels][depth][width]`.
#[derive(Clone, Debug)]
pub struct Columns {
    depth: usize,
    panels: usize,
    width: usize,
    data: Vec<f32>,
}

impl Columns {
    /// Packs matrices of which `value(matrix, depth, column)` tells the elements.
    pub fn pack(
        [matrices, depth, columns]: [usize; 3],
        instructions: Instructions,
        value: impl Fn(usize, usize, usize) -> f32,
    ) -> Self {
        let width = instructions.panel_width();
        let (panels, deep) = (columns.div_ceil(width), whole_blocks(depth));
        let mut data = vec![0.0; matrices * panels * deep * width];
        for (index, line) in data.chunks_exact_mut(width).enumerate() {
            let (k, panel, matrix) = (index % deep, index / deep % panels, index / deep / panels);
            if k < depth {
                let first = panel * width;
                for (column, to) in (first..columns).zip(line) {
                    *to = value(matrix, k, column);
                }
            }
        }
        Self {
            depth: deep,
            panels,
            width,
            data,
        }
    }

    /// Column panels of each matrix.
    pub fn panels(&self) -> usize {
        self.panels
    }

    /// Columns of a panel.
    pub fn width(&self) -> usize {
        self.width
    }

    /// A panel, `[depth][width]`.
    pub fn panel(&self, matrix: usize, panel: usize) -> &[f32] {
        let size = self.depth * self.width;
        &self.data[(matrix * self.panels + panel) * size..][..size]
    }
}
