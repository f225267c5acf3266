//! The calls by which bytes and NumPy arrays are stored, and their meaning. Nothing is called.

use std::io::{BufRead, Seek};

use ficta_core::{Error, Result};

use super::{
    machine::Machine,
    span::{Encoding, Span},
    value::{Array, Value},
};

/// The functions and types that a pickle may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Global {
    /// `_codecs.encode(text, "latin1")`: bytes as Python 3 stores them for Python 2.
    Encode,
    /// `bytes()`, `bytearray(...)`.
    Bytes,
    /// `numpy.ndarray`, as an argument.
    NdArray,
    /// `numpy.dtype(code, ...)`.
    DType,
    /// `numpy.core.multiarray._reconstruct(...)`: an empty array, whose content follows.
    Reconstruct,
    /// `numpy.core.multiarray.scalar(dtype, bytes)`.
    Scalar,
    /// `numpy.core.numeric._frombuffer(bytes, dtype, shape, order)`: protocol 5.
    FromBuffer,
}

impl Global {
    /// The global of this name, where it is known.
    pub fn find(module: &str, name: &str) -> Option<Self> {
        Some(match (module, name) {
            ("_codecs", "encode") => Self::Encode,
            ("__builtin__" | "builtins", "bytes" | "bytearray") => Self::Bytes,
            ("numpy", "ndarray") => Self::NdArray,
            ("numpy", "dtype") => Self::DType,
            ("numpy.core.multiarray" | "numpy._core.multiarray", "_reconstruct") => Self::Reconstruct,
            ("numpy.core.multiarray" | "numpy._core.multiarray", "scalar") => Self::Scalar,
            ("numpy.core.numeric" | "numpy._core.numeric", "_frombuffer") => Self::FromBuffer,
            _ => return None,
        })
    }
}

impl<R: BufRead + Seek> Machine<R> {
    /// What `function(*arguments)` stands for.
    pub(super) fn call(&mut self, function: Value, arguments: Value) -> Result<Value> {
        let Value::Global(function) = function else {
            return Err(self.refuse(&format!("a call of {}", function.kind())));
        };
        let arguments = self.few_items(arguments)?;
        match (function, &arguments[..]) {
            (Global::Bytes, []) => Ok(Value::Bytes(Span {
                offset: self.at(),
                length: 0,
                encoding: Encoding::Raw,
            })),
            (Global::Bytes, [bytes @ Value::Bytes(_)]) => Ok(*bytes),
            (Global::Bytes | Global::Encode, [Value::Text(text), codec]) => {
                let codec = self.short(*codec)?;
                match &*codec {
                    "latin1" | "latin-1" | "iso-8859-1" => Ok(Value::Bytes(*text)),
                    other => Err(self.refuse(&format!("text to be encoded as `{other}`"))),
                }
            }
            (Global::DType, [code, ..]) => {
                let code = self.short(*code)?;
                self.new_dtype(code)
            }
            (Global::Reconstruct, [Value::Global(Global::NdArray), ..]) => self.new_array(Array::default()),
            (Global::Scalar, [Value::DType(dtype), Value::Bytes(data)]) => Ok(Value::Scalar {
                dtype: *dtype,
                data: *data,
            }),
            (Global::FromBuffer, [data @ Value::Bytes(_), Value::DType(dtype), shape, ..]) => {
                let array = Array {
                    dtype: self.dtype(*dtype),
                    shape: self.shape(*shape)?,
                    data: Some(*data),
                };
                self.new_array(array)
            }
            (function, arguments) => {
                let kinds: Vec<_> = arguments.iter().map(Value::kind).collect();
                Err(self.refuse(&format!("{function:?} called with ({})", kinds.join(", "))))
            }
        }
    }

    /// Gives `state` to the array or dtype `object`.
    pub(super) fn build(&mut self, object: Value, state: Value) -> Result<()> {
        let state = self.few_items(state)?;
        match (object, &state[..]) {
            // (version, byte order, ...)
            (Value::DType(dtype), [_, order, ..]) => {
                if self.short(*order)? == ">" {
                    self.mark_big_endian(dtype);
                }
                Ok(())
            }
            // (version, shape, dtype, in Fortran's order, data); the oldest have no version.
            (Value::Array(array), [_, shape, Value::DType(dtype), _, data] | [shape, Value::DType(dtype), _, data]) => {
                let built = Array {
                    dtype: self.dtype(*dtype),
                    shape: self.shape(*shape)?,
                    data: Some(*data),
                };
                self.set_array(array, built);
                Ok(())
            }
            (object, state) => {
                let kinds: Vec<_> = state.iter().map(Value::kind).collect();
                Err(self.refuse(&format!("state ({}) for {}", kinds.join(", "), object.kind())))
            }
        }
    }

    fn shape(&self, value: Value) -> Result<Vec<u64>> {
        let extents = self.few_items(value)?;
        let extent = |value: &Value| match value {
            Value::Int(n) => u64::try_from(*n).ok(),
            _ => None,
        };
        let shape: Option<Vec<u64>> = extents.iter().map(extent).collect();
        shape.ok_or_else(|| Error::data(format!("offset {}: an array's shape is no list of counts", self.at())))
    }
}
