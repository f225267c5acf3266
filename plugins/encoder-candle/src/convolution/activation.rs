//! What follows a convolution.

use pulp::Simd;

use crate::product::vector::load;

/// A function of each element; the last step of a convolution.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Activation {
    /// None.
    #[default]
    Identity,
    /// `max(x, 0)`.
    Relu,
    /// `x` where it is not negative, else `x` times the channel's slope.
    Prelu(Vec<f32>),
    /// `min(max(x, low), high)`.
    Clip {
        /// The least value.
        low: f32,
        /// The largest.
        high: f32,
    },
}

impl Activation {
    /// The same for rows of `width` channels, which may be more than there are.
    pub fn filled_up(self, width: usize) -> Self {
        match self {
            Self::Prelu(mut slopes) => {
                slopes.resize(width, 0.0);
                Self::Prelu(slopes)
            }
            other => other,
        }
    }

    /// Of a vector of channels that begins with `channel`. NaN stays NaN.
    #[inline(always)]
    pub fn apply<S: Simd>(&self, simd: S, value: S::f32s, channel: usize) -> S::f32s {
        let zero = simd.splat_f32s(0.0);
        match self {
            Self::Identity => value,
            Self::Relu => simd.select_f32s(simd.less_than_f32s(value, zero), zero, value),
            Self::Prelu(slopes) => {
                let slopes = load::<S>(&slopes[channel..channel + S::F32_LANES]);
                simd.select_f32s(simd.less_than_f32s(value, zero), simd.mul_f32s(value, slopes), value)
            }
            Self::Clip { low, high } => {
                let (low, high) = (simd.splat_f32s(*low), simd.splat_f32s(*high));
                let value = simd.select_f32s(simd.less_than_f32s(value, low), low, value);
                simd.select_f32s(simd.less_than_f32s(high, value), high, value)
            }
        }
    }
}
