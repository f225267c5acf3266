//! Convolutions.

mod filter_gradient;

use std::{ffi::c_char, ptr};

use half::bf16;
use tch::{Device, Kind, TchError, Tensor};
use torch_sys::C_tensor;

use crate::{TchResult, message::message};
use filter_gradient::{Factor, Shape};

// SAFETY: who calls it promises what `gradient` asks for.
type FilterGradient = unsafe extern "C" fn(*const Shape, *const u8, *const u8, *mut f32, usize);

// SAFETY: `build.rs` compiles it from `convolution.cpp`, with this signature.
unsafe extern "C" {
    fn ficta_convolution(
        x: *const C_tensor,
        filters: *const C_tensor,
        bias: *const C_tensor,
        stride: i64,
        padding: i64,
        gradient: FilterGradient,
        y: *mut *mut C_tensor,
    ) -> *mut c_char;
}

/// Square convolution: `x` `[B,in,H,W]`, `weight` `[out,in,k,k]`, `bias` `[out]`, with the products in `compute`; input and weights are cast where they
/// differ, the result stays in `compute`. The cast is recorded, so gradients reach f32 weights in f32.
///
/// # Errors
/// libtorch's: shapes that do not fit.
pub fn conv2d(
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    stride: i64,
    padding: i64,
    compute: Kind,
) -> TchResult {
    let bias = bias.map(|b| b.f_to_kind(compute)).transpose()?;
    let x = x.f_to_kind(compute)?;
    let ((_, inputs, high, _), (_, _, kernel, _)) = (x.size4()?, weight.size4()?);
    let on_cpu = x.device() == Device::Cpu;
    if on_cpu && own_gradient_pays(x.kind(), [inputs, high, kernel, stride]) {
        return with_own_gradient(&x, weight, bias.as_ref(), stride, padding);
    }
    let weight = weight.f_to_kind(compute)?;
    if on_cpu && inputs < VECTOR && kernel == 1 && stride > 1 && padding == 0 {
        // The same numbers: a 1x1 filter of stride n looks at every nth pixel.
        let seen = x.f_slice(2, None, None, stride)?.f_slice(3, None, None, stride)?;
        return seen.f_conv2d(&weight, bias, [1; 2], [0; 2], [1; 2], 1);
    }
    x.f_conv2d(&weight, bias, [stride; 2], [padding; 2], [1; 2], 1)
}

/// With fewer channels than a vector register has numbers, oneDNN's gradient on 1x1 filters with a stride writes past its workspace and corrupts the heap
/// (uxlfoundation/oneDNN#6035; seen on a processor with AVX2, 8 numbers; AVX-512 has 16). And most of our own gradient's work would be for nothing.
const VECTOR: i64 = 16;

/// Feature maps of at most this height count as small: those of seven pixels where bf16 has its own instruction.
fn small() -> i64 {
    if filter_gradient::sums_pairs() { 8 } else { 4 }
}

/// Whether our gradient on the filters is to be preferred to oneDNN's.
///
/// In f32 it is faster with AVX2. In bf16 it takes the place of those that oneDNN 3 computes with threads that spin at barriers: on an idle machine the
/// difference is small; beside any other busy process each barrier costs a time slice of the scheduler, and a step of a small network took ten to
/// twenty times as long.
fn own_gradient_pays(kind: Kind, [inputs, high, kernel, stride]: [i64; 4]) -> bool {
    match kind {
        Kind::Float => inputs >= VECTOR && filter_gradient::is_faster(),
        Kind::BFloat16 => kernel > 1 && (stride > 1 || high <= small()),
        _ => false,
    }
}

/// Of `x` in f32 or bf16 on the CPU, with the gradient on the filters by [`filter_gradient`]; `weight` may be of a wider type,
/// and so is its gradient.
fn with_own_gradient(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>, stride: i64, padding: i64) -> TchResult {
    let bias = bias.map_or(ptr::null(), Tensor::as_ptr);
    let gradient: FilterGradient = if x.kind() == Kind::BFloat16 {
        gradient::<bf16>
    } else {
        gradient::<f32>
    };
    let mut y = ptr::null_mut();
    // SAFETY: live tensors, a bias or null, and a place for one more. What is called back for them fits the type of `x`.
    let failed = message(unsafe {
        let (x, weight) = (x.as_ptr(), weight.as_ptr());
        ficta_convolution(x, weight, bias, stride, padding, gradient, &raw mut y)
    });
    match failed {
        Some(words) => Err(TchError::Torch(words)),
        // SAFETY: without a message `y` is a new tensor, which `Tensor` owns from here on.
        None => Ok(unsafe { Tensor::from_ptr(y) }),
    }
}

/// # Safety
/// `x` and `by_y` lead to as many `T`, `by_filters` to as many f32 as `shape` tells, channels last; nothing else uses `by_filters` meanwhile.
unsafe extern "C" fn gradient<T: Factor>(
    shape: *const Shape,
    x: *const u8,
    by_y: *const u8,
    by_filters: *mut f32,
    threads: usize,
) {
    // SAFETY: what the caller promises.
    let (shape, x, by_y, by_filters) = unsafe {
        let shape = &*shape;
        let count = |sizes: [i64; 4]| sizes.iter().product::<i64>() as usize;
        let inputs = count([shape.images, shape.high, shape.wide, shape.inputs]);
        let outputs = count([shape.images, shape.out_high, shape.out_wide, shape.outputs]);
        let filters = count([shape.outputs, shape.kernel, shape.kernel, shape.inputs]);
        (
            shape,
            std::slice::from_raw_parts(x.cast::<T>(), inputs),
            std::slice::from_raw_parts(by_y.cast::<T>(), outputs),
            std::slice::from_raw_parts_mut(by_filters, filters),
        )
    };
    T::compute(shape, x, by_y, by_filters, threads);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(shape: &[i64], salt: f64) -> Tensor {
        let count: i64 = shape.iter().product();
        let angles = Tensor::arange(count, (Kind::Double, Device::Cpu)) * 1.7 + salt;
        (angles.sin() + (angles * 0.113).cos()).reshape(shape)
    }

    type Unit = fn(&Tensor, &Tensor, Option<&Tensor>, i64, i64) -> TchResult;

    fn libtorch(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>, stride: i64, padding: i64) -> TchResult {
        x.f_conv2d(weight, bias, [stride; 2], [padding; 2], [1; 2], 1)
    }

    /// A loss and its gradients on input, filters and bias.
    fn run(unit: Unit, numbers: &[Tensor; 3], stride: i64) -> (f64, Vec<Tensor>) {
        let leaves = numbers.each_ref().map(|t| t.copy().set_requires_grad(true));
        let [x, weight, bias] = &leaves;
        let bias = bias.to_kind(x.kind());
        let y = unit(x, weight, Some(&bias), stride, weight.size()[2] / 2).expect("shapes that fit");
        let factors = draw(&y.size(), 0.5).to_kind(Kind::BFloat16).to_kind(y.kind());
        let loss = (&y * factors).sum(Kind::Double);
        (
            loss.double_value(&[]),
            Tensor::run_backward(&[loss], &leaves.each_ref(), false, false),
        )
    }

    /// In f64, of the same numbers.
    #[test]
    fn gradients_are_libtorchs() {
        for (images, [inputs, outputs], side, kernel, stride) in [
            (2, [16, 5], 7, 3, 1),
            (3, [17, 64], 9, 3, 2),
            (2, [40, 13], 8, 1, 2),
            (5, [64, 70], 12, 3, 1),
            (1, [33, 1], 5, 5, 1),
            (4, [32, 24], 1, 3, 2),
            (3, [65, 30], 21, 3, 1),
        ] {
            let rounded = |t: Tensor| t.to_kind(Kind::BFloat16);
            let numbers = [
                rounded(draw(&[images, inputs, side, side + 2], 0.0)),
                rounded(draw(&[outputs, inputs, kernel, kernel], 0.1)),
                rounded(draw(&[outputs], 0.2)),
            ];
            let exact = numbers.each_ref().map(|t| t.to_kind(Kind::Double));
            let (expected, reference) = run(libtorch, &exact, stride);
            for kind in [Kind::Float, Kind::BFloat16] {
                let case = format!(
                    "{kind:?}, {images} images, {inputs} to {outputs} channels, side {side}, kernel {kernel}, stride {stride}"
                );
                let [x, filters, bias] = numbers.each_ref();
                let numbers = [x.to_kind(kind), filters.to_kind(Kind::Float), bias.to_kind(Kind::Float)];
                let (value, found) = run(with_own_gradient, &numbers, stride);
                // In bf16 the outputs and the gradients on the inputs are rounded; those on the filters are sums in f32 of the same products.
                let rounding = if kind == Kind::Float { 1e-5 } else { 1e-2 };
                assert!(
                    (value - expected).abs() < rounding * expected.abs().max(100.0),
                    "{case}: {value}, {expected}"
                );
                for ((found, reference), tolerance) in found.iter().zip(&reference).zip([rounding, 1e-5, rounding]) {
                    let error = (found.to_kind(Kind::Double) - reference).abs().max().double_value(&[]);
                    let size = reference.abs().max().double_value(&[]);
                    assert!(error < tolerance * size.max(1.0), "{case}: {error} of {size}");
                }
                let [x, filters, bias] = &numbers;
                let without = with_own_gradient(x, filters, Some(&bias.to_kind(kind)), stride, kernel / 2).unwrap();
                let by_libtorch = libtorch(x, &filters.to_kind(kind), Some(&bias.to_kind(kind)), stride, kernel / 2);
                assert_eq!(without, by_libtorch.unwrap(), "{case}");
            }
        }
    }

    #[test]
    fn threads_change_nothing() {
        let numbers = [
            draw(&[3, 48, 20, 20], 0.0),
            draw(&[40, 48, 3, 3], 0.1),
            draw(&[40], 0.2),
        ]
        .map(|t| t.to_kind(Kind::Float));
        let threads = tch::get_num_threads();
        let by = |threads| {
            tch::set_num_threads(threads);
            run(with_own_gradient, &numbers, 1).1.swap_remove(1)
        };
        let (one, three) = (by(1), by(3));
        tch::set_num_threads(threads);
        assert_eq!(one, three);
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let (x, weight) = (draw(&[1, 16, 4, 4], 0.0), draw(&[4, 20, 3, 3], 0.0));
        for kind in [Kind::Float, Kind::BFloat16] {
            let error = conv2d(&x, &weight, None, 1, 1, kind).unwrap_err().to_string();
            assert!(error.contains("expected input"), "{error}");
            let error = with_own_gradient(&x.to_kind(kind), &weight, None, 1, 1)
                .unwrap_err()
                .to_string();
            assert!(error.contains("expected input"), "{error}");
        }
    }
}
