//! Matrix products of which one side is packed once, when a network is loaded.
//!
//! Three steps, each on all threads of the current pool: the left side's rows are gathered into panels ([`Panels`]), the panels are
//! multiplied ([`multiply`]), and the caller takes the sums from [`Sums`] to where they belong. Each element is summed in one fixed order,
//! whatever the number of rows and threads.

mod columns;
mod kernel;
pub mod panels;
pub mod vector;

pub use columns::Columns;
pub use kernel::{Instructions, multiply};
pub use panels::Panels;

/// Numbers along the depth that lie together in a panel. Depths are filled up to a multiple with zeros.
pub const DEPTH_BLOCK: usize = 16;

/// A depth, filled up.
pub fn whole_blocks(depth: usize) -> usize {
    depth.next_multiple_of(DEPTH_BLOCK)
}

/// The sums of several products of one shape: `[products][column panels][rows][panel width]`, and a gap behind each product.
pub struct Sums {
    /// Rows of each product.
    pub rows: usize,
    /// Column panels of each product.
    pub panels: usize,
    /// Columns of a panel.
    pub width: usize,
}

impl Sums {
    /// Numbers from one product to the next. The gap, an odd number of cache lines in all, keeps products out of each other's cache sets.
    pub fn stride(&self) -> usize {
        let lines = (self.panels * self.rows * self.width).div_ceil(16);
        (lines | 1) * 16
    }

    /// Where a row of a column panel begins.
    pub fn at(&self, product: usize, panel: usize, row: usize) -> usize {
        product * self.stride() + (panel * self.rows + row) * self.width
    }
}
