//! In which type convolutions and linear layers compute.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tch::{Device, Kind};

/// Arithmetic of convolutions and linear layers. Weights, their updates and the statistics of norms are always f32.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// `bf16` on GPUs and on processors with AVX512-BF16 instructions (where it is about twice as fast), else `f32`.
    #[default]
    Auto,
    /// 32-bit floats.
    F32,
    /// bfloat16 products with f32 sums. Slow on processors without the instructions.
    Bf16,
}

impl Precision {
    /// The type on this machine's `device`.
    pub fn compute_kind(self, device: Device) -> Kind {
        match self {
            Self::F32 => Kind::Float,
            Self::Bf16 => Kind::BFloat16,
            Self::Auto if device.is_cuda() || has_bf16() => Kind::BFloat16,
            Self::Auto => Kind::Float,
        }
    }
}

/// Processors with AMX tiles have AVX512-BF16 as well.
#[cfg(target_arch = "x86_64")]
fn has_bf16() -> bool {
    std::arch::is_x86_feature_detected!("avx512bf16")
}
#[cfg(not(target_arch = "x86_64"))]
fn has_bf16() -> bool {
    false
}
