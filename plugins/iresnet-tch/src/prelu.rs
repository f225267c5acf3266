//! Parametric ReLU (He et al. 2015).

use ficta_tch_bridge::TchResult;
use tch::Tensor;

/// x where positive, slope x elsewhere, with one slope a channel: `x` `[B,C,H,W]`, `slopes` `[C]`, result in `x`'s type.
///
/// In training it is composed as relu(x) - slope relu(-x): the same values, but libtorch's own backward pass of PReLU is scalar code that took a quarter
/// of a small network's step. The composition's gradient at exactly 0 is 0 instead of the slope.
pub fn prelu(x: &Tensor, slopes: &Tensor, training: bool) -> TchResult {
    let slopes = slopes.f_to_kind(x.kind())?;
    if !training {
        return x.f_prelu(&slopes);
    }
    let below = x.f_neg()?.f_relu()?.f_mul(&slopes.f_view([1, -1, 1, 1])?)?;
    x.f_relu()?.f_sub(&below)
}

#[cfg(test)]
mod tests {
    use tch::{Device, Kind, Tensor};

    use super::prelu;

    #[test]
    fn both_forms_have_the_same_values_and_gradients() {
        for kind in [Kind::Float, Kind::BFloat16] {
            let x = (Tensor::arange(2 * 3 * 4 * 5, (Kind::Float, Device::Cpu)) * 0.37 - 20.3).reshape([2, 3, 4, 5]);
            let run = |training| {
                let x = x.to_kind(kind).set_requires_grad(true);
                let slopes = Tensor::from_slice(&[0.25f32, -0.1, 0.6]).set_requires_grad(true);
                let y = prelu(&x, &slopes, training).expect("shapes that fit");
                let gradients = Tensor::run_backward(&[(&y * &y).sum(Kind::Float)], &[&x, &slopes], false, false);
                (y, gradients)
            };
            let ((plain, reference), (composed, found)) = (run(false), run(true));
            assert_eq!(plain, composed);
            assert_eq!(reference[0], found[0]);
            // bf16 has 8 bits, and the sums run over 40 products.
            let tolerance = if kind == Kind::Float { 1e-6 } else { 2e-2 };
            assert!(
                reference[1].allclose(&found[1], tolerance, 1e-3, false),
                "{} {}",
                reference[1],
                found[1]
            );
        }
    }
}
