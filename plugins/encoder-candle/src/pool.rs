//! Pooling of `[H,W,C]` maps, unpadded, through candle's pooling of `[N,C,H,W]`.

use candle_core::{Result, Tensor};

/// Largest value of each `size`x`size` window.
pub fn max_pool(map: &Tensor, size: usize, stride: usize) -> Result<Tensor> {
    channels_last(&channels_first(map)?.max_pool2d_with_stride(size, stride)?)
}

/// Mean of each `size`x`size` tile; what is left at the right and at the bottom is dropped.
pub fn average_pool(map: &Tensor, size: usize) -> Result<Tensor> {
    channels_last(&channels_first(map)?.avg_pool2d(size)?)
}

fn channels_first(map: &Tensor) -> Result<Tensor> {
    map.permute((2, 0, 1))?.unsqueeze(0)
}

fn channels_last(maps: &Tensor) -> Result<Tensor> {
    maps.squeeze(0)?.permute((1, 2, 0))?.contiguous()
}
