//! Element types and devices in DLPack's terms.

use abi_stable::StableAbi;

/// DLPack's `DLDataType`, byte for byte: `{code, bits, lanes}`.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DType {
    /// 0 signed integer, 1 unsigned integer, 2 IEEE float, 4 bfloat.
    pub code: u8,
    /// Bits of one lane.
    pub bits: u8,
    /// Lanes of one element; 1 everywhere in ficta.
    pub lanes: u16,
}

impl DType {
    /// 8-bit unsigned integer: pixels, decisions.
    pub const U8: Self = Self::new(1, 8);
    /// 64-bit unsigned integer: seeds.
    pub const U64: Self = Self::new(1, 64);
    /// 64-bit signed integer: labels, indices.
    pub const I64: Self = Self::new(0, 64);
    /// 32-bit float.
    pub const F32: Self = Self::new(2, 32);
    /// 64-bit float.
    pub const F64: Self = Self::new(2, 64);
    /// bfloat16. No Rust element type: backends use it inside.
    pub const BF16: Self = Self::new(4, 16);

    const fn new(code: u8, bits: u8) -> Self {
        Self { code, bits, lanes: 1 }
    }

    /// Bytes of one element.
    pub const fn size(self) -> usize {
        self.bits as usize / 8 * self.lanes as usize
    }
}

impl std::fmt::Debug for DType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let letter = match self.code {
            0 => "i",
            1 => "u",
            2 => "f",
            4 => "bf",
            code => return write!(f, "dtype({code},{},{})", self.bits, self.lanes),
        };
        write!(f, "{letter}{}", self.bits)
    }
}

/// DLPack's `DLDevice`, byte for byte.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Device {
    /// DLPack's `DLDeviceType`: 1 CPU, 2 CUDA.
    pub kind: u32,
    /// Ordinal among the devices of that kind.
    pub id: i32,
}

impl Device {
    /// Host memory.
    pub const CPU: Self = Self { kind: 1, id: 0 };

    /// The CUDA device with this ordinal.
    pub const fn cuda(id: i32) -> Self {
        Self { kind: 2, id }
    }
}

impl std::fmt::Debug for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.kind {
            1 => f.write_str("cpu"),
            2 => write!(f, "cuda:{}", self.id),
            kind => write!(f, "device({kind}):{}", self.id),
        }
    }
}

/// Rust types that may be elements of a tensor.
///
/// # Safety
/// `DTYPE` must describe `Self` exactly, and every bit pattern must be a valid `Self`.
pub unsafe trait Element: Copy + Send + Sync + 'static {
    /// The element's type.
    const DTYPE: DType;
}

macro_rules! element {
    ($($ty:ty => $dtype:ident),*) => {$(
        // SAFETY: a primitive number of the named width, for which every bit pattern is valid.
        unsafe impl Element for $ty {
            const DTYPE: DType = DType::$dtype;
        }
    )*};
}
element!(u8 => U8, u64 => U64, i64 => I64, f32 => F32, f64 => F64);
