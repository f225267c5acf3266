//! What a pickle builds.

use ficta_core::{Error, Result};

use super::{call::Global, span::Span};

/// A value; containers are numbers into the tables of [`Pickled`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// `None`.
    None,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A floating-point number.
    Float(f64),
    /// Bytes: Python 2 `str`, `bytes`, `bytearray`.
    Bytes(Span),
    /// Text, in the encoding of its span.
    Text(Span),
    /// Bytes in the span's encoding, of which a NumPy scalar is made; the number is that of its type.
    Scalar {
        /// Index of the element type.
        dtype: u32,
        /// The element.
        data: Span,
    },
    /// A list or a tuple.
    Sequence(u32),
    /// A NumPy element type.
    DType(u32),
    /// A NumPy array.
    Array(u32),
    /// A function or type that this reader knows.
    #[doc(hidden)]
    Global(Global),
    /// The mark that a group of values begins with.
    #[doc(hidden)]
    Mark,
}

impl Value {
    /// The kind in words, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Bool(_) => "a bool",
            Self::Int(_) => "an integer",
            Self::Float(_) => "a float",
            Self::Bytes(_) => "bytes",
            Self::Text(_) => "text",
            Self::Scalar { .. } => "a NumPy scalar",
            Self::Sequence(_) => "a list or tuple",
            Self::DType(_) => "a NumPy dtype",
            Self::Array(_) => "a NumPy array",
            Self::Global(_) => "a function or type",
            Self::Mark => "a mark",
        }
    }
}

/// A NumPy array.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Array {
    /// NumPy's code of the element type, such as `u1`, `b1`, `i8`, `O8`.
    pub dtype: String,
    /// Extents.
    pub shape: Vec<u64>,
    /// The elements: bytes, or a sequence for objects. `None` before the pickle has given them.
    pub data: Option<Value>,
}

/// What a whole pickle builds.
#[derive(Clone, Debug)]
pub struct Pickled {
    /// The value that the pickle stands for.
    pub root: Value,
    pub(super) sequences: Vec<Vec<Value>>,
    pub(super) arrays: Vec<Array>,
    pub(super) dtypes: Vec<String>,
}

impl Pickled {
    /// Items of a list or tuple, or of a one-dimensional array of objects.
    pub fn items(&self, value: Value) -> Option<&[Value]> {
        match value {
            Value::Sequence(at) => self.sequences.get(at as usize).map(Vec::as_slice),
            Value::Array(at) => match self.arrays.get(at as usize)?.data {
                Some(Value::Sequence(inner)) => self.sequences.get(inner as usize).map(Vec::as_slice),
                _ => None,
            },
            _ => None,
        }
    }

    /// The array, where the value is one.
    pub fn array(&self, value: Value) -> Option<&Array> {
        match value {
            Value::Array(at) => self.arrays.get(at as usize),
            _ => None,
        }
    }

    /// Element type of a scalar.
    pub fn dtype(&self, at: u32) -> &str {
        self.dtypes.get(at as usize).map_or("", String::as_str)
    }

    /// The bytes behind `value`: bytes, or a one-dimensional array of `u1`.
    ///
    /// # Errors
    /// Another value, or an array of another type or shape.
    pub fn bytes(&self, value: Value) -> Result<Span> {
        if let Value::Bytes(span) = value {
            return Ok(span);
        }
        let Some(array) = self.array(value) else {
            return Err(Error::data(format!(
                "expected bytes or a NumPy array of uint8, got {}",
                value.kind()
            )));
        };
        match (&*array.dtype, &*array.shape, array.data) {
            ("u1", [length], Some(Value::Bytes(span)))
                if span.encoding != super::Encoding::Raw || span.length == *length =>
            {
                Ok(span)
            }
            ("u1", [length], Some(Value::Bytes(span))) => Err(Error::data(format!(
                "an array of {length} bytes whose data is {} bytes long",
                span.length
            ))),
            (dtype, shape, _) => Err(Error::data(format!(
                "expected a one-dimensional NumPy array of u1 (an encoded image), got {dtype} {shape:?}"
            ))),
        }
    }
}
