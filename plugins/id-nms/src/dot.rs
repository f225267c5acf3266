//! The scalar product that decides: in f64, in one order of additions on every machine.

/// Computes a scalar product.
pub(crate) type Dot = fn(&[f32], &[f32]) -> f64;

/// The fastest form of the product here. All forms give the same bits: they differ in how many of the eight partial sums share a
/// register, never in what is added to what, and no form fuses a product with a sum.
pub(crate) fn dot() -> Dot {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the processor has AVX-512F.
            return |a, b| unsafe { wide::eight(a, b) };
        }
        if is_x86_feature_detected!("avx") {
            // SAFETY: the processor has AVX.
            return |a, b| unsafe { wide::four(a, b) };
        }
    }
    in_lanes
}

/// As eight partial sums: lane k adds the products k, k + 8, k + 16 ...; then the lanes are added from first to last, then what is
/// left beyond a multiple of eight.
#[inline(always)]
fn in_lanes(a: &[f32], b: &[f32]) -> f64 {
    let (a8, b8) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut lanes = [0f64; 8];
    for (x, y) in a8.0.iter().zip(b8.0) {
        for k in 0..8 {
            lanes[k] += f64::from(x[k]) * f64::from(y[k]);
        }
    }
    let rest: f64 = a8.1.iter().zip(b8.1).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum();
    lanes.iter().sum::<f64>() + rest
}

#[cfg(target_arch = "x86_64")]
mod wide {
    #[target_feature(enable = "avx512f")]
    pub(super) fn eight(a: &[f32], b: &[f32]) -> f64 {
        super::in_lanes(a, b)
    }

    #[target_feature(enable = "avx")]
    pub(super) fn four(a: &[f32], b: &[f32]) -> f64 {
        super::in_lanes(a, b)
    }
}

#[cfg(test)]
mod tests {
    use ficta_core::random::Stream;

    use super::*;

    #[test]
    fn every_form_gives_the_same_bits() {
        for dim in [0, 1, 7, 8, 9, 16, 31, 512, 515] {
            let mut stream = Stream::new(dim as u64, "test", 0, 0);
            let (mut a, mut b) = (vec![0f32; dim], vec![0f32; dim]);
            stream.fill_normal(&mut a);
            stream.fill_normal(&mut b);
            // Subnormal numbers and large ones too.
            a.iter_mut().step_by(5).for_each(|x| *x *= 1e-42);
            b.iter_mut().step_by(3).for_each(|x| *x *= 1e30);
            assert_eq!(dot()(&a, &b).to_bits(), in_lanes(&a, &b).to_bits(), "{dim}");
            #[cfg(target_arch = "x86_64")]
            if is_x86_feature_detected!("avx") {
                // SAFETY: the processor has AVX.
                assert_eq!(unsafe { wide::four(&a, &b) }.to_bits(), in_lanes(&a, &b).to_bits());
            }
        }
    }
}
