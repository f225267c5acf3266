//! The left side of a product.

use super::{DEPTH_BLOCK, kernel::Instructions, whole_blocks};

/// How the rows of several products of one shape are cut into panels that a kernel takes at once.
///
/// Memory: `[panels][products][depth / 16][rows of the panel][16]`, with a gap behind each product. A kernel reads a panel from end to end,
/// and one panel, of all products, is filled by one thread.
pub struct Panels {
    rows: usize,
    count: usize,
    products: usize,
    depth: usize,
}

impl Panels {
    /// As many rows in each as the kernel takes, or nearly: 16 rows are 8 and 8, not 14 and 2.
    pub fn new([products, rows, depth]: [usize; 3], instructions: Instructions) -> Self {
        Self {
            rows,
            count: rows.div_ceil(instructions.panel_rows()),
            products,
            depth: whole_blocks(depth),
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The first row of a panel; for `count()`, the number of rows.
    pub fn first(&self, panel: usize) -> usize {
        // `count` divides the rows as evenly as can be.
        (self.rows * panel) / self.count.max(1)
    }

    /// Rows of a panel.
    pub fn height(&self, panel: usize) -> usize {
        self.first(panel + 1) - self.first(panel)
    }

    /// Numbers from one product to the next within a panel.
    pub fn stride(&self, panel: usize) -> usize {
        self.height(panel) * self.depth + DEPTH_BLOCK
    }

    /// Where a panel begins; for `count()`, the length of all.
    pub fn at(&self, panel: usize) -> usize {
        self.products * (self.first(panel) * self.depth + panel * DEPTH_BLOCK)
    }

    /// Each panel's number and memory.
    pub fn split<'a>(&self, mut memory: &'a mut [f32]) -> Vec<(usize, &'a mut [f32])> {
        let mut list = Vec::with_capacity(self.count);
        for panel in 0..self.count {
            let (own, rest) = memory.split_at_mut(self.at(panel + 1) - self.at(panel));
            list.push((panel, own));
            memory = rest;
        }
        list
    }

    /// A panel's part in a product: `[depth / 16][rows][16]`.
    pub fn of<'a>(&self, memory: &'a [f32], panel: usize, product: usize) -> &'a [f32] {
        &memory[self.at(panel) + product * self.stride(panel)..][..self.height(panel) * self.depth]
    }
}

/// Writes `run` into row `row` of a panel of `height` rows, from depth `at` on.
pub fn put(panel: &mut [f32], height: usize, row: usize, mut at: usize, mut run: &[f32]) {
    while !run.is_empty() {
        let (block, within) = (at / DEPTH_BLOCK, at % DEPTH_BLOCK);
        let count = run.len().min(DEPTH_BLOCK - within);
        let to = (block * height + row) * DEPTH_BLOCK + within;
        let (now, later) = run.split_at(count);
        panel[to..to + count].copy_from_slice(now);
        run = later;
        at += count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_divided_evenly_and_each_once() {
        for rows in 0..60 {
            let panels = Panels::new([2, rows, 20], Instructions::best());
            let heights: Vec<usize> = (0..panels.count()).map(|p| panels.height(p)).collect();
            assert_eq!(heights.iter().sum::<usize>(), rows);
            let most = heights.iter().max().copied().unwrap_or(0);
            assert!(heights.iter().all(|h| *h >= 1 && most - h <= 1), "{rows}: {heights:?}");
            let mut memory = vec![0.0; panels.at(panels.count())];
            assert_eq!(panels.split(&mut memory).len(), panels.count());
        }
    }

    #[test]
    fn runs_cross_blocks() {
        let mut panel = vec![0.0; 2 * 32];
        let run: Vec<f32> = (1..=5).map(|v| v as f32).collect();
        put(&mut panel, 2, 1, 14, &run);
        assert_eq!(panel[16 + 14..16 + 16], [1.0, 2.0]);
        assert_eq!(panel[32 + 16..32 + 19], [3.0, 4.0, 5.0]);
        assert_eq!(panel.iter().filter(|v| **v != 0.0).count(), 5);
    }
}
