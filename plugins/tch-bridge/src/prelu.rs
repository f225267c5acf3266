//! Parametric ReLU (He et al. 2015).
//!
//! libtorch's own has a backward pass in scalar code on the CPU, which took a quarter of a small network's step, and composed of other operations it
//! walks through memory some thirty times. Here it is one pass forward and one back.

use std::ptr;

use half::bf16;
use pulp::Arch;
use rayon::prelude::*;
use tch::{Device, Kind, TchError, Tensor};
use torch_sys::C_tensor;

use crate::{TchResult, message::message, number::Number, pool::with_threads};

type Forward = unsafe extern "C" fn(*const u8, *const f32, *mut u8, usize, usize, usize);
type Backward = unsafe extern "C" fn(*const u8, *const f32, *const u8, *mut u8, *mut f32, usize, usize, usize);

/// Pixels that one call of the arithmetic takes; it does not depend on the number of threads, nor do the sums over them.
const PIXELS: usize = 1024;

// SAFETY: `build.rs` compiles it from `prelu.cpp`, with this signature.
unsafe extern "C" {
    fn ficta_prelu(
        x: *const C_tensor,
        slopes: *const C_tensor,
        forward: Forward,
        backward: Backward,
        y: *mut *mut C_tensor,
    ) -> *mut std::ffi::c_char;
}

/// x where positive, slope x elsewhere, with one slope a channel: `x` `[B,C]` or `[B,C,H,W]`, f32 or bf16, `slopes` `[C]`; the result in `x`'s
/// type, an image's channels last in memory. The gradient at 0 is the slope, as libtorch's.
///
/// # Errors
/// Other shapes or types.
pub fn prelu(x: &Tensor, slopes: &Tensor) -> TchResult {
    if x.device() != Device::Cpu {
        return x.f_prelu(&slopes.f_to_kind(x.kind())?);
    }
    let (forward, backward): (Forward, Backward) = match x.kind() {
        Kind::Float => (forward::<f32>, backward::<f32>),
        Kind::BFloat16 => (forward::<bf16>, backward::<bf16>),
        other => {
            return Err(TchError::Kind(format!(
                "PReLU of {other:?}, expected Float or BFloat16"
            )));
        }
    };
    let mut y = ptr::null_mut();
    // SAFETY: two live tensors, and a place for a third. What is called back for them fits the type of `x`.
    let failed = message(unsafe { ficta_prelu(x.as_ptr(), slopes.as_ptr(), forward, backward, &raw mut y) });
    match failed {
        Some(words) => Err(TchError::Torch(words)),
        // SAFETY: without a message `y` is a new tensor, which `Tensor` owns from here on.
        None => Ok(unsafe { Tensor::from_ptr(y) }),
    }
}

/// `x` and `y` are rows of channels.
#[inline(always)]
fn activate<T: Number>(x: &[T], slopes: &[f32], y: &mut [T]) {
    for (x, y) in x.chunks_exact(slopes.len()).zip(y.chunks_exact_mut(slopes.len())) {
        for ((x, slope), y) in x.iter().zip(slopes).zip(y) {
            let below = T::narrow(slope * x.wide());
            *y = if x.wide() > 0.0 { *x } else { below };
        }
    }
}

/// The gradient on `x` from that on y, and its share of the slopes', which is added to `by_slopes`.
#[inline(always)]
fn differentiate<T: Number>(x: &[T], slopes: &[f32], by_y: &[T], by_x: &mut [T], by_slopes: &mut [f32]) {
    let channels = slopes.len();
    let by_slopes = &mut by_slopes[..channels];
    let given = x.chunks_exact(channels).zip(by_y.chunks_exact(channels));
    for ((x, by_y), by_x) in given.zip(by_x.chunks_exact_mut(channels)) {
        for c in 0..channels {
            let (value, gradient) = (x[c].wide(), by_y[c].wide());
            let below = T::narrow(slopes[c] * gradient);
            by_x[c] = if value > 0.0 { by_y[c] } else { below };
            by_slopes[c] += if value > 0.0 { 0.0 } else { value * gradient };
        }
    }
}

/// # Safety
/// `x` and `y` lead to `numbers` of `T`, more than none, `slopes` to `channels`; nothing else uses `y` meanwhile.
unsafe extern "C" fn forward<T: Number>(
    x: *const u8,
    slopes: *const f32,
    y: *mut u8,
    numbers: usize,
    channels: usize,
    threads: usize,
) {
    // SAFETY: what the caller promises.
    let (x, slopes, y) = unsafe {
        let slopes = std::slice::from_raw_parts(slopes, channels);
        let x = std::slice::from_raw_parts(x.cast::<T>(), numbers);
        (x, slopes, std::slice::from_raw_parts_mut(y.cast::<T>(), numbers))
    };
    let (arch, block) = (Arch::new(), PIXELS * channels);
    with_threads(threads, || {
        let blocks = x.par_chunks(block).zip(y.par_chunks_mut(block));
        blocks.for_each(|(x, y)| arch.dispatch(|| activate(x, slopes, y)));
    });
}

/// # Safety
/// `x`, `by_y` and `by_x` lead to `numbers` of `T`, more than none, the others to `channels`; nothing else uses `by_x` and `by_slopes` meanwhile.
#[allow(clippy::too_many_arguments)]
unsafe extern "C" fn backward<T: Number>(
    x: *const u8,
    slopes: *const f32,
    by_y: *const u8,
    by_x: *mut u8,
    by_slopes: *mut f32,
    numbers: usize,
    channels: usize,
    threads: usize,
) {
    // SAFETY: what the caller promises.
    let (x, slopes, by_y, by_x, by_slopes) = unsafe {
        (
            std::slice::from_raw_parts(x.cast::<T>(), numbers),
            std::slice::from_raw_parts(slopes, channels),
            std::slice::from_raw_parts(by_y.cast::<T>(), numbers),
            std::slice::from_raw_parts_mut(by_x.cast::<T>(), numbers),
            std::slice::from_raw_parts_mut(by_slopes, channels),
        )
    };
    let (arch, block) = (Arch::new(), PIXELS * channels);
    let mut sums = vec![0.0; numbers.div_ceil(block) * channels];
    with_threads(threads, || {
        let given = x.par_chunks(block).zip(by_y.par_chunks(block));
        let wanted = by_x.par_chunks_mut(block).zip(sums.par_chunks_mut(channels));
        given.zip(wanted).for_each(|((x, by_y), (by_x, sums))| {
            arch.dispatch(|| differentiate(x, slopes, by_y, by_x, sums));
        });
    });
    // On this thread, so in one order.
    by_slopes.fill(0.0);
    for sums in sums.chunks_exact(channels) {
        by_slopes.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(shape: &[i64], kind: Kind) -> Tensor {
        let count: i64 = shape.iter().product();
        let numbers = (Tensor::arange(count, (Kind::Float, Device::Cpu)) - (count / 2) as f64) * 0.37;
        numbers.reshape(shape).to_kind(kind)
    }

    type Unit = fn(&Tensor, &Tensor) -> TchResult;

    /// Value and gradients of a sum of weighted outputs.
    fn run(unit: Unit, x: &Tensor) -> (Tensor, Vec<Tensor>) {
        let weights = ramp(&x.size(), Kind::Float).cos().to_kind(Kind::BFloat16);
        let x = x.copy().set_requires_grad(true);
        let slopes = Tensor::from_slice(&[0.25f32, -0.125, 0.5]).set_requires_grad(true);
        let y = unit(&x, &slopes).expect("shapes that fit");
        let gradients = Tensor::run_backward(&[(&y * weights).sum(Kind::Float)], &[&x, &slopes], false, false);
        (y, gradients)
    }

    fn libtorch(x: &Tensor, slopes: &Tensor) -> TchResult {
        x.f_prelu(&slopes.f_to_kind(x.kind())?)
    }

    #[test]
    fn values_and_gradients_are_libtorchs() {
        // The second has several blocks, and one that is not full; each has a zero.
        for shape in [vec![3, 3], vec![2, 3, 37, 41]] {
            for kind in [Kind::Float, Kind::BFloat16] {
                let x = ramp(&shape, kind);
                let ((expected, reference), (y, found)) = (run(libtorch, &x), run(prelu, &x));
                assert_eq!(y, expected, "{shape:?} {kind:?}");
                assert_eq!(found[0], reference[0], "{shape:?} {kind:?}");
                // The slopes' of the same numbers in f64: in bf16 libtorch adds them in bf16, and is 6% off.
                let (_, reference) = run(libtorch, &x.to_kind(Kind::Double));
                let close = found[1].allclose(&reference[1], 1e-5, 1e-3, false);
                assert!(close, "{shape:?} {kind:?}: {} {}", found[1], reference[1]);
            }
        }
    }

    #[test]
    fn memory_order_and_threads_change_nothing() {
        let x = ramp(&[2, 3, 37, 41], Kind::Float);
        let (y, gradients) = run(prelu, &x);
        let channels_last = crate::channels_last::copy(&x, Kind::Float, Device::Cpu).unwrap();
        let (other, others) = run(prelu, &channels_last);
        assert_eq!((&y, &gradients), (&other, &others));
        let threads = tch::get_num_threads();
        tch::set_num_threads(1);
        let (_, others) = run(prelu, &x);
        tch::set_num_threads(threads);
        assert_eq!(gradients, others);
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let slopes = Tensor::from_slice(&[0.25f32, 0.5]);
        let error = prelu(&ramp(&[2, 3], Kind::Float), &slopes).unwrap_err().to_string();
        assert!(error.contains("PReLU of [2, 3] with slopes of [2]"), "{error}");
        let error = prelu(&ramp(&[2, 2], Kind::Double), &slopes).unwrap_err().to_string();
        assert!(error.contains("PReLU of Double"), "{error}");
        assert!(prelu(&ramp(&[2, 2, 3], Kind::Float), &slopes).is_err());
    }

    #[test]
    fn nothing_gives_nothing() {
        let x = ramp(&[0, 3], Kind::Float);
        let (y, gradients) = run(prelu, &x);
        assert_eq!((y.size(), gradients[0].size()), (vec![0, 3], vec![0, 3]));
        assert_eq!(gradients[1], Tensor::from_slice(&[0f32; 3]));
    }
}
