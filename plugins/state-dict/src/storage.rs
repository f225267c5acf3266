//! Raw elements, and the views of them that PyTorch stores.

use std::rc::Rc;

use ficta_core::{Error, Result};
use half::{bf16, f16};

use super::Stored;

/// Types of elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// IEEE 754, 4 bytes.
    F32,
    /// IEEE 754, 8 bytes.
    F64,
    /// IEEE 754, 2 bytes.
    F16,
    /// The upper half of an f32.
    Bf16,
    /// Signed, 8 bytes.
    I64,
    /// Signed, 4 bytes.
    I32,
    /// Signed, 2 bytes.
    I16,
    /// Signed, 1 byte.
    I8,
    /// Unsigned, 1 byte.
    U8,
    /// 0 or 1, 1 byte.
    Bool,
}

impl Element {
    /// Of a storage class of PyTorch's: `FloatStorage`.
    pub(crate) fn of_class(name: &str) -> Option<Self> {
        Some(match name {
            "FloatStorage" => Self::F32,
            "DoubleStorage" => Self::F64,
            "HalfStorage" => Self::F16,
            "BFloat16Storage" => Self::Bf16,
            "LongStorage" => Self::I64,
            "IntStorage" => Self::I32,
            "ShortStorage" => Self::I16,
            "CharStorage" => Self::I8,
            "ByteStorage" => Self::U8,
            "BoolStorage" => Self::Bool,
            _ => return None,
        })
    }

    /// Bytes of an element.
    pub fn size(self) -> usize {
        match self {
            Self::F64 | Self::I64 => 8,
            Self::F32 | Self::I32 => 4,
            Self::F16 | Self::Bf16 | Self::I16 => 2,
            Self::I8 | Self::U8 | Self::Bool => 1,
        }
    }

    /// Little-endian elements as f32. Bytes behind the last whole element are dropped.
    pub fn decode(self, bytes: &[u8]) -> Vec<f32> {
        fn each<const N: usize>(bytes: &[u8], decode: impl Fn([u8; N]) -> f32) -> Vec<f32> {
            bytes.as_chunks().0.iter().map(|b| decode(*b)).collect()
        }
        match self {
            Self::F32 => each(bytes, f32::from_le_bytes),
            Self::F64 => each(bytes, |b| f64::from_le_bytes(b) as f32),
            Self::F16 => each(bytes, |b| f16::from_le_bytes(b).to_f32()),
            Self::Bf16 => each(bytes, |b| bf16::from_le_bytes(b).to_f32()),
            Self::I64 => each(bytes, |b| i64::from_le_bytes(b) as f32),
            Self::I32 => each(bytes, |b| i32::from_le_bytes(b) as f32),
            Self::I16 => each(bytes, |b| f32::from(i16::from_le_bytes(b))),
            Self::I8 => each(bytes, |b| f32::from(i8::from_le_bytes(b))),
            Self::U8 | Self::Bool => each(bytes, |[b]: [u8; 1]| f32::from(b)),
        }
    }
}

/// A tensor as PyTorch pickles it: a view of a storage.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct View {
    /// Name of the storage within the file.
    pub storage: Rc<str>,
    /// Type of its elements.
    pub element: Element,
    /// Elements before the first.
    pub offset: usize,
    /// Extent of each dimension.
    pub shape: Vec<usize>,
    /// Elements from one index to the next, along each dimension.
    pub strides: Vec<usize>,
}

impl View {
    /// The tensor, row-major, out of its storage's bytes.
    pub(crate) fn read(&self, bytes: &[u8]) -> Result<Stored> {
        let size = self.element.size();
        let beyond = || {
            Error::data(format!(
                "a tensor of shape {:?} with strides {:?} from element {} on does not lie within its storage `{}` of {} elements",
                self.shape,
                self.strides,
                self.offset,
                self.storage,
                bytes.len() / size
            ))
            .help("the file was cut short; fetch or write it again")
        };
        let count = self
            .shape
            .iter()
            .try_fold(1usize, |n, d| n.checked_mul(*d))
            .ok_or_else(beyond)?;
        let shape = self.shape.clone();
        if count == 0 {
            return Ok(Stored {
                shape,
                values: Vec::new(),
            });
        }
        let last = self
            .shape
            .iter()
            .zip(&self.strides)
            .try_fold(self.offset, |at, (extent, stride)| {
                at.checked_add((extent - 1).checked_mul(*stride)?)
            });
        // Views may repeat elements, so a small file could claim more than there is memory for; no weights do.
        if last.is_none_or(|last| last >= bytes.len() / size) || count > bytes.len() / size {
            return Err(beyond());
        }
        let mut row_major = 1;
        let plain = self.shape.iter().zip(&self.strides).rev().all(|(extent, stride)| {
            let fits = *extent == 1 || *stride == row_major;
            row_major *= extent;
            fits
        });
        if plain {
            let values = self.element.decode(&bytes[self.offset * size..][..count * size]);
            return Ok(Stored { shape, values });
        }
        let mut index = vec![0; shape.len()];
        let mut gathered = Vec::with_capacity(count * size);
        for _ in 0..count {
            let at: usize = index.iter().zip(&self.strides).map(|(i, s)| i * s).sum();
            gathered.extend_from_slice(&bytes[(self.offset + at) * size..][..size]);
            for axis in (0..index.len()).rev() {
                index[axis] += 1;
                if index[axis] < shape[axis] {
                    break;
                }
                index[axis] = 0;
            }
        }
        let values = self.element.decode(&gathered);
        Ok(Stored { shape, values })
    }
}
