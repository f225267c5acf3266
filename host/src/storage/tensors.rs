//! Named tensors with string metadata, kept in safetensors files.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

use ficta_core::{DType, Element, Error, Result, TensorRef};

use super::safetensors_file;

/// The elements of a tensor, row-major.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// 8-bit unsigned integers.
    U8(Vec<u8>),
    /// 64-bit unsigned integers.
    U64(Vec<u64>),
    /// 64-bit signed integers.
    I64(Vec<i64>),
    /// 32-bit floats.
    F32(Vec<f32>),
    /// 64-bit floats.
    F64(Vec<f64>),
}

impl Values {
    /// Number of elements.
    pub fn len(&self) -> usize {
        match self {
            Self::U8(v) => v.len(),
            Self::U64(v) => v.len(),
            Self::I64(v) => v.len(),
            Self::F32(v) => v.len(),
            Self::F64(v) => v.len(),
        }
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The element type.
    pub fn dtype(&self) -> DType {
        match self {
            Self::U8(_) => DType::U8,
            Self::U64(_) => DType::U64,
            Self::I64(_) => DType::I64,
            Self::F32(_) => DType::F32,
            Self::F64(_) => DType::F64,
        }
    }
}

/// Element types that are stored.
pub trait Stored: Element {
    /// Wraps elements.
    fn wrap(values: Vec<Self>) -> Values;
    /// The elements, where they are of this type.
    fn unwrap(values: &Values) -> Option<&[Self]>;
    /// The elements themselves, where they are of this type.
    fn unwrap_owned(values: Values) -> Option<Vec<Self>>;
}

macro_rules! stored {
    ($($ty:ty => $variant:ident),*) => {$(
        impl Stored for $ty {
            fn wrap(values: Vec<Self>) -> Values {
                Values::$variant(values)
            }
            fn unwrap(values: &Values) -> Option<&[Self]> {
                if let Values::$variant(v) = values { Some(v) } else { None }
            }
            fn unwrap_owned(values: Values) -> Option<Vec<Self>> {
                if let Values::$variant(v) = values { Some(v) } else { None }
            }
        }
    )*};
}
stored!(u8 => U8, u64 => U64, i64 => I64, f32 => F32, f64 => F64);

/// A tensor in host memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    shape: Vec<usize>,
    values: Values,
}

impl Tensor {
    /// Row-major elements with their shape, outermost dimension first.
    ///
    /// # Errors
    /// A shape that does not hold as many elements.
    pub fn new<T: Stored>(shape: &[usize], values: Vec<T>) -> Result<Self> {
        Self::of(shape, T::wrap(values))
    }

    pub(super) fn of(shape: &[usize], values: Values) -> Result<Self> {
        let product = shape.iter().try_fold(1usize, |n, d| n.checked_mul(*d));
        if product != Some(values.len()) {
            return Err(Error::shape(format!(
                "shape {shape:?} does not hold {} elements",
                values.len()
            )));
        }
        Ok(Self {
            shape: shape.to_vec(),
            values,
        })
    }

    /// Extent of each dimension, outermost first.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The elements.
    pub fn values(&self) -> &Values {
        &self.values
    }

    /// A view to lend to a component.
    ///
    /// # Errors
    /// More dimensions than a [`TensorRef`] has room for.
    pub fn view(&self) -> Result<TensorRef<'_>> {
        match &self.values {
            Values::U8(v) => TensorRef::new(v, &self.shape),
            Values::U64(v) => TensorRef::new(v, &self.shape),
            Values::I64(v) => TensorRef::new(v, &self.shape),
            Values::F32(v) => TensorRef::new(v, &self.shape),
            Values::F64(v) => TensorRef::new(v, &self.shape),
        }
    }
}

/// Named tensors and string metadata. Getters that fail name the file they were read from, the tensor, what was expected and what
/// is there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tensors {
    origin: Option<PathBuf>,
    pub(super) tensors: BTreeMap<String, Tensor>,
    /// Free text by key, kept in the file's header.
    pub metadata: BTreeMap<String, String>,
}

impl Tensors {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a tensor, or replaces the one of that name.
    ///
    /// # Errors
    /// A shape that does not hold as many elements.
    pub fn insert<T: Stored>(&mut self, name: &str, shape: &[usize], values: Vec<T>) -> Result<()> {
        let tensor = Tensor::new(shape, values).map_err(|e| e.context(format!("tensor `{name}`")))?;
        self.tensors.insert(name.to_owned(), tensor);
        Ok(())
    }

    /// Writes a safetensors file, whole or not at all. The same content gives the same bytes.
    ///
    /// # Errors
    /// [`ficta_core::ErrorKind::IO`] with the path.
    pub fn write(&self, path: &Path) -> Result<()> {
        safetensors_file::write(self, path)
    }

    /// Reads a safetensors file.
    ///
    /// # Errors
    /// [`ficta_core::ErrorKind::IO`] or, where the file is truncated or no safetensors file, [`ficta_core::ErrorKind::DATA`]; with the path.
    pub fn read(path: &Path) -> Result<Self> {
        safetensors_file::read(path)
    }

    /// None yet, of a file that getters name.
    pub(super) fn of_file(path: &Path) -> Self {
        Self {
            origin: Some(path.to_owned()),
            ..Self::default()
        }
    }

    /// Names of the tensors, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// Whether there is a tensor of this name.
    pub fn contains(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    /// A tensor of any type.
    ///
    /// # Errors
    /// No tensor of that name.
    pub fn tensor(&self, name: &str) -> Result<&Tensor> {
        self.tensors.get(name).ok_or_else(|| self.absent(name))
    }

    /// The elements of a tensor and its extents: `let (feature, [n, d]) = file.get::<f32, 2>("feature")?;`.
    ///
    /// # Errors
    /// No tensor of that name; another element type; another number of dimensions.
    pub fn get<T: Stored, const N: usize>(&self, name: &str) -> Result<(&[T], [usize; N])> {
        let tensor = self.tensor(name)?;
        let expected = || format!("{:?} with {N} dimensions", T::DTYPE);
        let values = T::unwrap(&tensor.values).ok_or_else(|| self.mismatch(name, &expected(), tensor))?;
        let dims = tensor
            .shape
            .as_slice()
            .try_into()
            .map_err(|_| self.mismatch(name, &expected(), tensor))?;
        Ok((values, dims))
    }

    /// [`Tensors::get`] with `None` where there is no tensor of that name.
    ///
    /// # Errors
    /// Another element type or number of dimensions.
    pub fn get_optional<T: Stored, const N: usize>(&self, name: &str) -> Result<Option<(&[T], [usize; N])>> {
        if self.contains(name) {
            self.get(name).map(Some)
        } else {
            Ok(None)
        }
    }

    /// The elements of a tensor of exactly this shape.
    ///
    /// # Errors
    /// No tensor of that name; another element type or shape.
    pub fn get_shaped<T: Stored>(&self, name: &str, shape: &[usize]) -> Result<&[T]> {
        let tensor = self.tensor(name)?;
        match T::unwrap(&tensor.values) {
            Some(values) if tensor.shape == shape => Ok(values),
            _ => Err(self.mismatch(name, &format!("{:?} {shape:?}", T::DTYPE), tensor)),
        }
    }

    /// Takes a tensor's elements out, uncopied, with its extents.
    ///
    /// # Errors
    /// As for [`Tensors::get`]; the tensor then stays.
    pub fn take<T: Stored, const N: usize>(&mut self, name: &str) -> Result<(Vec<T>, [usize; N])> {
        let (_, dims) = self.get::<T, N>(name)?;
        let owned = self
            .tensors
            .remove(name)
            .and_then(|tensor| T::unwrap_owned(tensor.values));
        Ok((owned.ok_or_else(|| self.absent(name))?, dims))
    }

    /// Takes a tensor of any type out, uncopied.
    ///
    /// # Errors
    /// No tensor of that name.
    pub fn take_tensor(&mut self, name: &str) -> Result<Tensor> {
        self.tensors.remove(name).ok_or_else(|| self.absent(name))
    }

    /// A value of the metadata.
    ///
    /// # Errors
    /// No such key.
    pub fn meta(&self, key: &str) -> Result<&str> {
        let value = self.metadata.get(key).map(String::as_str);
        value.ok_or_else(|| Error::data(format!("{self}: no metadata `{key}`")))
    }

    /// Checks that a float tensor holds neither NaN nor infinity.
    ///
    /// # Errors
    /// [`ficta_core::ErrorKind::DATA`] with the index of the first that is not finite; no tensor of that name.
    pub fn check_finite(&self, name: &str) -> Result<()> {
        let tensor = self.tensor(name)?;
        let bad = match &tensor.values {
            Values::F32(v) => v.iter().position(|x| !x.is_finite()).map(|at| (at, v[at].to_string())),
            Values::F64(v) => v.iter().position(|x| !x.is_finite()).map(|at| (at, v[at].to_string())),
            _ => None,
        };
        let Some((at, value)) = bad else { return Ok(()) };
        let mut index = Vec::new();
        let mut rest = at;
        for extent in tensor.shape.iter().rev() {
            index.insert(0, rest % extent);
            rest /= extent;
        }
        let message = format!("{self}: tensor `{name}` holds {value} at {index:?}, expected finite numbers");
        Err(Error::data(message).help("look at the image or the row that it came from"))
    }

    fn absent(&self, name: &str) -> Error {
        let there: Vec<&str> = self.names().collect();
        let there = if there.is_empty() {
            "nothing".into()
        } else {
            there.join(", ")
        };
        Error::data(format!("{self}: no tensor `{name}`; it holds {there}"))
    }

    fn mismatch(&self, name: &str, expected: &str, got: &Tensor) -> Error {
        let got = format!("{:?} {:?}", got.values.dtype(), got.shape);
        Error::shape(format!("{self}: tensor `{name}`: expected {expected}, got {got}"))
    }
}

impl fmt::Display for Tensors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Some(path) => write!(f, "{}", path.display()),
            None => f.write_str("tensors in memory"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Tensors {
        let mut tensors = Tensors::new();
        tensors
            .insert("feature", &[2, 3], vec![0.5f32, 1.0, 1.5, 2.0, f32::NAN, 3.0])
            .unwrap();
        tensors.insert("label", &[2], vec![-1i64, 7]).unwrap();
        tensors
    }

    fn message<T: fmt::Debug>(result: Result<T>) -> String {
        result.unwrap_err().message().to_owned()
    }

    #[test]
    fn getters_give_values_and_extents() {
        let mut tensors = sample();
        assert_eq!(tensors.get::<i64, 1>("label").unwrap(), (&[-1, 7][..], [2]));
        assert_eq!(tensors.get::<f32, 2>("feature").unwrap().1, [2, 3]);
        assert_eq!(tensors.get_shaped::<i64>("label", &[2]).unwrap(), [-1, 7]);
        assert_eq!(tensors.get_optional::<f32, 1>("center").unwrap(), None);
        assert_eq!(
            tensors
                .tensor("label")
                .unwrap()
                .view()
                .unwrap()
                .as_slice::<i64>()
                .unwrap(),
            [-1, 7]
        );
        assert_eq!(tensors.take::<i64, 1>("label").unwrap(), (vec![-1, 7], [2]));
        assert!(!tensors.contains("label"));
    }

    #[test]
    fn getters_say_what_is_wrong() {
        let mut tensors = sample();
        assert_eq!(
            message(tensors.get::<f64, 2>("feature")),
            "tensors in memory: tensor `feature`: expected f64 with 2 dimensions, got f32 [2, 3]"
        );
        assert_eq!(
            message(tensors.get::<i64, 2>("label")),
            "tensors in memory: tensor `label`: expected i64 with 2 dimensions, got i64 [2]"
        );
        assert_eq!(
            message(tensors.get_shaped::<i64>("label", &[3])),
            "tensors in memory: tensor `label`: expected i64 [3], got i64 [2]"
        );
        assert_eq!(
            message(tensors.tensor("mean")),
            "tensors in memory: no tensor `mean`; it holds feature, label"
        );
        assert!(tensors.take::<u8, 1>("label").is_err());
        assert!(tensors.contains("label"), "a failed take leaves the tensor");
        assert!(message(tensors.insert("x", &[2, 2], vec![1u8])).contains("does not hold 1 elements"));
        assert!(message(tensors.meta("encoder")).contains("no metadata `encoder`"));
    }

    #[test]
    fn numbers_that_are_not_finite_are_found() {
        let tensors = sample();
        tensors.check_finite("label").unwrap();
        assert_eq!(
            message(tensors.check_finite("feature")),
            "tensors in memory: tensor `feature` holds NaN at [1, 1], expected finite numbers"
        );
    }
}
