//! Element types on both sides.

use ficta_core::{DType, Error, Result};
use tch::Kind;

/// libtorch's name of an element type.
///
/// # Errors
/// u64, which tch cannot name: read it with `as_slice`.
pub(crate) fn kind_of(dtype: DType) -> Result<Kind> {
    Ok(match dtype {
        DType::U8 => Kind::Uint8,
        DType::I64 => Kind::Int64,
        DType::F32 => Kind::Float,
        DType::F64 => Kind::Double,
        DType::BF16 => Kind::BFloat16,
        other => return Err(Error::unsupported(format!("libtorch tensors of {other:?}"))),
    })
}
