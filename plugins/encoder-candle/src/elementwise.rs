//! Element by element, on the threads of the current pool.
//!
//! Candle's own start a second set of threads, as many as there are processors, for tensors of 65,536 elements and more.

use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

use crate::convolution::contiguous;

/// Elements that a thread takes at a time, at least.
const AT_ONCE: usize = 1 << 14;

/// `function` of each element.
pub fn map(values: &Tensor, function: impl Fn(f32) -> f32 + Send + Sync) -> Result<Tensor> {
    values.contiguous()?.apply_op1_no_bwd(&Map(function))
}

/// `function` of each two elements, broadcast as NumPy and ONNX do.
pub fn combine(left: &Tensor, right: &Tensor, function: impl Fn(f32, f32) -> f32 + Send + Sync) -> Result<Tensor> {
    left.contiguous()?
        .apply_op2_no_bwd(&right.contiguous()?, &Combine(function))
}

/// `max(x, 0)`; NaN stays NaN.
pub fn relu(value: f32) -> f32 {
    if value < 0.0 { 0.0 } else { value }
}

struct Map<F>(F);

impl<F: Fn(f32) -> f32 + Send + Sync> CustomOp1 for Map<F> {
    fn name(&self) -> &'static str {
        "map"
    }

    fn cpu_fwd(&self, values: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let values = contiguous(values, layout)?;
        let out = values.par_iter().with_min_len(AT_ONCE).map(|v| (self.0)(*v)).collect();
        Ok((CpuStorage::F32(out), layout.shape().clone()))
    }
}

struct Combine<F>(F);

impl<F: Fn(f32, f32) -> f32 + Send + Sync> CustomOp2 for Combine<F> {
    fn name(&self) -> &'static str {
        "combine"
    }

    fn cpu_fwd(
        &self,
        a: &CpuStorage,
        a_layout: &Layout,
        b: &CpuStorage,
        b_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let shape = broadcast(a_layout.dims(), b_layout.dims())?;
        let (a, b) = (contiguous(a, a_layout)?, contiguous(b, b_layout)?);
        let steps = [a_layout.dims(), b_layout.dims()].map(|own| strides(own, &shape));
        let row = shape.last().copied().unwrap_or(1);
        let mut out = vec![0.0; shape.iter().product()];
        if !out.is_empty() {
            let rows = AT_ONCE.div_ceil(row);
            out.par_chunks_mut(row)
                .with_min_len(rows)
                .enumerate()
                .for_each(|(index, out)| {
                    let [(a_at, a_step), (b_at, b_step)] =
                        [&steps[0], &steps[1]].map(|steps| start(index, &shape, steps));
                    for (i, out) in out.iter_mut().enumerate() {
                        *out = (self.0)(a[a_at + i * a_step], b[b_at + i * b_step]);
                    }
                });
        }
        Ok((CpuStorage::F32(out), Shape::from(shape)))
    }
}

fn broadcast(a: &[usize], b: &[usize]) -> Result<Vec<usize>> {
    let rank = a.len().max(b.len());
    let extent = |dims: &[usize], axis: usize| (axis + dims.len()).checked_sub(rank).map_or(1, |at| dims[at]);
    (0..rank)
        .map(|axis| match (extent(a, axis), extent(b, axis)) {
            (x, y) if x == y || y == 1 => Ok(x),
            (1, y) => Ok(y),
            _ => bail!("shapes {a:?} and {b:?} do not go together"),
        })
        .collect()
}

/// Steps along each axis of `shape` within a contiguous tensor of `own` extents; 0 where it is repeated.
fn strides(own: &[usize], shape: &[usize]) -> Vec<usize> {
    let mut out = vec![0; shape.len()];
    let mut step = 1;
    for (axis, extent) in own.iter().enumerate().rev() {
        if *extent != 1 {
            out[shape.len() - own.len() + axis] = step;
        }
        step *= extent;
    }
    out
}

/// Where row `index` of the result begins within an operand, and the step along it.
fn start(index: usize, shape: &[usize], steps: &[usize]) -> (usize, usize) {
    let Some((step, leading)) = steps.split_last() else {
        return (0, 0);
    };
    let (mut at, mut rest) = (0, index);
    for (axis, stride) in leading.iter().enumerate().rev() {
        at += rest % shape[axis] * stride;
        rest /= shape[axis];
    }
    (at, *step)
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    #[test]
    fn broadcasting_is_candles() {
        let draw = |shape: &[usize]| Tensor::rand(-1f32, 1.0, shape, &Device::Cpu).unwrap();
        let cases: [(&[usize], &[usize]); 6] = [
            (&[2, 3, 4, 5], &[2, 3, 4, 5]),
            (&[2, 3, 4, 5], &[1, 3, 1, 5]),
            (&[5], &[3, 2, 1]),
            (&[2, 1, 3], &[4, 1]),
            (&[], &[3, 2]),
            (&[0, 3], &[3]),
        ];
        for (a, b) in cases {
            let (x, y) = (draw(a), draw(b));
            let expected = x.broadcast_sub(&y).unwrap();
            let got = combine(&x, &y, |x, y| x - y).unwrap();
            assert_eq!(got.dims(), expected.dims());
            let flat = |t: Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
            assert_eq!(flat(got), flat(expected), "{a:?} {b:?}");
        }
        assert!(combine(&draw(&[2]), &draw(&[3]), |x, _| x).is_err());
    }
}
