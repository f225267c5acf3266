//! Batch normalisation (Ioffe and Szegedy 2015) by a batch's statistics, and PReLU of what it gives.
//!
//! On the CPU memory is what both wait for. As one node of the graph they go through it eight times a step instead of thirteen, and what lies between them is
//! not kept for the gradient.

mod groups;

use std::{ffi::c_char, ptr, slice};

use half::bf16;
use pulp::Arch;
use tch::{Kind, TchError, Tensor};
use torch_sys::C_tensor;

use self::groups::{Activate, Gather, Moments, Scatter};
use crate::{
    TchResult,
    message::message,
    number::Number,
    pool::{block, for_each},
};

// SAFETY: who calls these promises what `forward` and `backward` ask for.
type Forward = unsafe extern "C" fn(*const Normalise);
type Backward = unsafe extern "C" fn(*const NormaliseBack);

// SAFETY: `build.rs` compiles it from `batch_norm_prelu.cpp`, with this signature.
unsafe extern "C" {
    fn ficta_batch_norm_prelu(
        x: *const C_tensor,
        parameters: *const *const C_tensor,
        eps: f64,
        forward: Forward,
        backward: Backward,
        out: *mut *mut C_tensor,
    ) -> *mut c_char;
}

/// What [`batch_norm_prelu`] gives.
#[derive(Debug)]
pub struct Normalised {
    /// As `x`, channels last in memory.
    pub y: Tensor,
    /// Of the batch, `[C]` in f32.
    pub mean: Tensor,
    /// The same; of n values their squares' sum by n.
    pub variance: Tensor,
}

/// z = scale (x - mean) / sqrt(variance + eps) + shift with each channel's mean and variance, then z where positive and slope z elsewhere: `x`
/// `[B,C,H,W]` in f32 or bf16 on the CPU, all of `parameters` (scale, shift, slopes) `[C]` in f32. Sums and z are in f32.
///
/// # Errors
/// Other shapes or types; no pixels.
pub fn batch_norm_prelu(x: &Tensor, parameters: [&Tensor; 3], eps: f64) -> TchResult<Normalised> {
    let (forward, backward): (Forward, Backward) = match x.kind() {
        Kind::Float => (forward::<f32>, backward::<f32>),
        Kind::BFloat16 => (forward::<bf16>, backward::<bf16>),
        other => {
            return Err(TchError::Kind(format!(
                "batch normalisation of {other:?}, expected Float or BFloat16"
            )));
        }
    };
    let (given, mut out) = (parameters.map(Tensor::as_ptr), [ptr::null_mut(); 3]);
    // SAFETY: four live tensors, and places for three more. What is called back for them fits the type of `x`.
    let failed = message(unsafe {
        ficta_batch_norm_prelu(x.as_ptr(), given.as_ptr(), eps, forward, backward, out.as_mut_ptr())
    });
    if let Some(words) = failed {
        return Err(TchError::Torch(words));
    }
    // SAFETY: without a message all three are new tensors, which `Tensor` owns from here on.
    let [y, mean, variance] = out.map(|tensor| unsafe { Tensor::from_ptr(tensor) });
    Ok(Normalised { y, mean, variance })
}

/// As in `batch_norm_prelu.cpp`.
#[repr(C)]
struct Normalise {
    x: *const u8,
    scale: *const f32,
    shift: *const f32,
    slopes: *const f32,
    eps: f64,
    y: *mut u8,
    mean: *mut f32,
    variance: *mut f32,
    pixels: usize,
    channels: usize,
    threads: usize,
}

/// As in `batch_norm_prelu.cpp`.
#[repr(C)]
struct NormaliseBack {
    x: *const u8,
    by_y: *const u8,
    scale: *const f32,
    shift: *const f32,
    slopes: *const f32,
    mean: *const f32,
    variance: *const f32,
    eps: f64,
    by_x: *mut u8,
    by_scale: *mut f32,
    by_shift: *mut f32,
    by_slopes: *mut f32,
    pixels: usize,
    channels: usize,
    threads: usize,
}

/// Factors and offsets, one a channel, that lead from x to z.
fn lines(mean: &[f32], variance: &[f32], scale: &[f32], shift: &[f32], eps: f64) -> (Vec<f32>, Vec<f32>) {
    let each = mean.iter().zip(variance).zip(scale.iter().zip(shift));
    each.map(|((mean, variance), (scale, shift))| {
        let factor = f64::from(*scale) / (f64::from(*variance) + eps).sqrt();
        (factor as f32, (f64::from(*shift) - f64::from(*mean) * factor) as f32)
    })
    .unzip()
}

/// # Safety
/// `work` leads to its fields' arrays of `pixels` times `channels` `T`, or of `channels` f32; more than none; nothing else uses those that are written.
unsafe extern "C" fn forward<T: Number>(work: *const Normalise) {
    // SAFETY: what the caller promises.
    let (work, x, y, [scale, shift, slopes], [mean, variance]) = unsafe {
        let work = &*work;
        let (channels, numbers) = (work.channels, work.pixels * work.channels);
        (
            work,
            slice::from_raw_parts(work.x.cast::<T>(), numbers),
            slice::from_raw_parts_mut(work.y.cast::<T>(), numbers),
            [work.scale, work.shift, work.slopes].map(|p| slice::from_raw_parts(p, channels)),
            [work.mean, work.variance].map(|p| slice::from_raw_parts_mut(p, channels)),
        )
    };
    let (arch, channels, block) = (Arch::new(), work.channels, block(work.channels));
    let blocks = x.len().div_ceil(block);
    let (mut sums, mut squares) = (vec![0f32; blocks * channels], vec![0f32; blocks * channels]);
    let rooms = sums.chunks_exact_mut(channels).zip(squares.chunks_exact_mut(channels));
    for_each(work.threads, x.chunks(block).zip(rooms), |(x, (sums, squares))| {
        arch.dispatch(Moments {
            channels,
            x,
            sums,
            squares,
        });
    });
    let count = work.pixels as f64;
    for c in 0..channels {
        let column = || sums.iter().skip(c).step_by(channels).map(|sum| f64::from(*sum));
        let whole = column().sum::<f64>() / count;
        // Of a block's values about the whole's mean, from theirs about their own (Chan et al. 1983).
        let about = column().zip(squares.iter().skip(c).step_by(channels)).enumerate();
        let total: f64 = about
            .map(|(i, (sum, squares))| {
                let pixels = (block.min(x.len() - i * block) / channels) as f64;
                f64::from(*squares) + pixels * (sum / pixels - whole).powi(2)
            })
            .sum();
        (mean[c], variance[c]) = (whole as f32, (total / count) as f32);
    }
    let (factors, offsets) = lines(mean, variance, scale, shift, work.eps);
    for_each(work.threads, x.chunks(block).zip(y.chunks_mut(block)), |(x, y)| {
        let lines = [&factors, &offsets, slopes];
        arch.dispatch(Activate { channels, x, lines, y });
    });
}

/// # Safety
/// As for [`forward`].
unsafe extern "C" fn backward<T: Number>(work: *const NormaliseBack) {
    // SAFETY: what the caller promises.
    let (work, [x, by_y], by_x, [scale, shift, slopes, mean, variance], [by_scale, by_shift, by_slopes]) = unsafe {
        let work = &*work;
        let (channels, numbers) = (work.channels, work.pixels * work.channels);
        (
            work,
            [work.x, work.by_y].map(|p| slice::from_raw_parts(p.cast::<T>(), numbers)),
            slice::from_raw_parts_mut(work.by_x.cast::<T>(), numbers),
            [work.scale, work.shift, work.slopes, work.mean, work.variance].map(|p| slice::from_raw_parts(p, channels)),
            [work.by_scale, work.by_shift, work.by_slopes].map(|p| slice::from_raw_parts_mut(p, channels)),
        )
    };
    let (arch, channels, block) = (Arch::new(), work.channels, block(work.channels));
    let (factors, offsets) = lines(mean, variance, scale, shift, work.eps);
    let mut sums = vec![0f32; x.len().div_ceil(block) * 3 * channels];
    let given = || x.chunks(block).zip(by_y.chunks(block));
    let gathered = given().zip(sums.chunks_exact_mut(3 * channels));
    for_each(work.threads, gathered, |((x, by_y), sums)| {
        let (given, lines) = ([x, by_y], [&factors, &offsets, slopes, mean]);
        arch.dispatch(Gather {
            channels,
            given,
            lines,
            sums,
        });
    });
    // On one thread, so in one order.
    let total = |at: usize| {
        sums.iter()
            .skip(at)
            .step_by(3 * channels)
            .map(|sum| f64::from(*sum))
            .sum::<f64>()
    };
    let (mut pull, mut push) = (vec![0f32; channels], vec![0f32; channels]);
    for c in 0..channels {
        let [shift, off, slopes] = [c, channels + c, 2 * channels + c].map(total);
        let inverse = 1.0 / (f64::from(variance[c]) + work.eps).sqrt();
        by_shift[c] = shift as f32;
        by_scale[c] = (off * inverse) as f32;
        by_slopes[c] = slopes as f32;
        let share = f64::from(scale[c]) * inverse / work.pixels as f64;
        pull[c] = (share * off * inverse * inverse) as f32;
        push[c] = (share * shift) as f32;
    }
    for_each(
        work.threads,
        given().zip(by_x.chunks_mut(block)),
        |((x, by_y), by_x)| {
            let (given, lines) = ([x, by_y], [&factors, &offsets, slopes, mean, &pull, &push]);
            arch.dispatch(Scatter {
                channels,
                given,
                lines,
                by_x,
            });
        },
    );
}

#[cfg(test)]
mod tests {
    use tch::Device;

    use super::*;

    fn draw(shape: &[i64], salt: f64) -> Tensor {
        let count: i64 = shape.iter().product();
        let angles = Tensor::arange(count, (Kind::Double, Device::Cpu)) * 1.7 + salt;
        // Off zero, as channels are.
        ((angles.sin() + (angles * 0.113).cos()) * 0.7 + 3.0).reshape(shape)
    }

    fn slopes(channels: i64) -> Tensor {
        draw(&[channels], 0.3) * 0.1 - 0.2
    }

    type Unit = fn(&Tensor, [&Tensor; 3]) -> [Tensor; 3];

    fn libtorch(x: &Tensor, [scale, shift, slopes]: [&Tensor; 3]) -> [Tensor; 3] {
        let none = None::<Tensor>;
        let z = x.batch_norm(
            Some(scale),
            Some(shift),
            none.as_ref(),
            none.as_ref(),
            true,
            0.1,
            1e-5,
            false,
        );
        let y = z.prelu(slopes);
        let over = [0i64, 2, 3].as_slice();
        [y, x.mean_dim(over, false, None), x.var_dim(over, false, false)]
    }

    fn ours(x: &Tensor, parameters: [&Tensor; 3]) -> [Tensor; 3] {
        let Normalised { y, mean, variance } = batch_norm_prelu(x, parameters, 1e-5).expect("shapes that fit");
        [y, mean, variance]
    }

    /// Outputs, then gradients of a sum of weighted outputs.
    fn run(unit: Unit, numbers: &[Tensor; 4]) -> Vec<Tensor> {
        let leaves = numbers.each_ref().map(|t| t.copy().set_requires_grad(true));
        let [x, scale, shift, slopes] = leaves.each_ref();
        let [y, mean, variance] = unit(x, [scale, shift, slopes]);
        let factors = draw(&y.size(), 0.5).f_sub_scalar(3.0).unwrap().to_kind(Kind::BFloat16);
        let loss = (&y * factors.to_kind(y.kind())).sum(Kind::Double);
        let gradients = Tensor::run_backward(&[loss], &leaves.each_ref(), false, false);
        [y, mean, variance].into_iter().chain(gradients).collect()
    }

    fn case(shape: &[i64; 4], kind: Kind) -> [Tensor; 4] {
        let channels = shape[1];
        [
            draw(shape, 0.0).to_kind(kind),
            draw(&[channels], 0.1).to_kind(Kind::Float),
            (draw(&[channels], 0.2) - 3.0).to_kind(Kind::Float),
            slopes(channels).to_kind(Kind::Float),
        ]
    }

    /// In f64, of the same numbers.
    #[test]
    fn values_and_gradients_are_libtorchs() {
        // The last has several blocks, and one that is not full.
        for shape in [[2, 3, 1, 1], [3, 5, 4, 6], [4, 64, 13, 17]] {
            for (kind, rounding) in [(Kind::Float, 1e-5), (Kind::BFloat16, 1e-2)] {
                let numbers = case(&shape, kind);
                let exact = numbers.each_ref().map(|t| t.to_kind(Kind::Double));
                let (expected, found) = (run(libtorch, &exact), run(ours, &numbers));
                for (i, (found, expected)) in found.iter().zip(&expected).enumerate() {
                    // Only y and the gradient on x are rounded to bf16.
                    let tolerance = if i == 0 || i == 3 { rounding } else { 1e-5 };
                    let error = (found.to_kind(Kind::Double) - expected).abs().max().double_value(&[]);
                    let size = expected.abs().max().double_value(&[]);
                    assert!(
                        error < tolerance * size.max(1.0),
                        "{shape:?} {kind:?} {i}: {error} of {size}"
                    );
                }
            }
        }
    }

    #[test]
    fn memory_order_and_threads_change_nothing() {
        let [x, scale, shift, slopes] = case(&[4, 64, 13, 17], Kind::Float);
        let other = crate::channels_last::copy(&x, Kind::Float, Device::Cpu).unwrap();
        let numbers = |x| [x, scale.copy(), shift.copy(), slopes.copy()];
        let threads = tch::get_num_threads();
        let by = |threads, numbers| {
            tch::set_num_threads(threads);
            run(ours, numbers)
        };
        let (one, three) = (by(1, &numbers(x)), by(3, &numbers(other)));
        tch::set_num_threads(threads);
        assert_eq!(one, three);
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let [x, scale, shift, slopes] = case(&[2, 3, 4, 4], Kind::Float);
        let refused = |x: &Tensor, parameters: [&Tensor; 3], words: &str| {
            let error = batch_norm_prelu(x, parameters, 1e-5).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        };
        let short = slopes.narrow(0, 0, 2);
        refused(
            &x,
            [&scale, &shift, &short],
            "with [2] of Float: expected one f32 a channel",
        );
        refused(&x, [&scale, &shift, &slopes.to_kind(Kind::Double)], "of Double");
        refused(
            &x.narrow(0, 0, 0),
            [&scale, &shift, &slopes],
            "expected [B,C,H,W], not empty",
        );
        refused(&x.flatten(1, -1), [&scale, &shift, &slopes], "expected [B,C,H,W]");
        refused(
            &x.to_kind(Kind::Double),
            [&scale, &shift, &slopes],
            "of Double, expected Float",
        );
    }
}
