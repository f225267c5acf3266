//! Pooling of `[N,H,W,C]` maps, unpadded, through candle's pooling of `[N,C,H,W]`.

use candle_core::{Result, Tensor};

/// Largest value of each `size`x`size` window.
pub fn max_pool(maps: &Tensor, size: usize, stride: usize) -> Result<Tensor> {
    channels_last(&channels_first(maps)?.max_pool2d_with_stride(size, stride)?)
}

/// Mean of each `size`x`size` tile; what is left at the right and at the bottom is dropped.
pub fn average_pool(maps: &Tensor, size: usize) -> Result<Tensor> {
    channels_last(&channels_first(maps)?.avg_pool2d(size)?)
}

fn channels_first(maps: &Tensor) -> Result<Tensor> {
    maps.permute((0, 3, 1, 2))
}

fn channels_last(maps: &Tensor) -> Result<Tensor> {
    maps.permute((0, 2, 3, 1))?.contiguous()
}
