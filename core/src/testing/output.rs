//! What a component gave, owned, so that two outcomes can be compared and shown.

use crate::{Element, Result, TensorRef, testing::describe_tensor};

use super::closeness::differences;

/// Elements of one tensor.
#[derive(Clone, Debug)]
enum Values {
    F32(Vec<f32>),
    F64(Vec<f64>),
    I64(Vec<i64>),
    U8(Vec<u8>),
}

/// An element type that an [`Output`] holds.
pub trait Recorded: Element {
    #[doc(hidden)]
    fn record(values: Vec<Self>) -> RecordedValues;
}

#[doc(hidden)]
pub struct RecordedValues(Values);

macro_rules! recorded {
    ($($type:ty => $variant:ident),*) => {$(
        impl Recorded for $type {
            fn record(values: Vec<Self>) -> RecordedValues {
                RecordedValues(Values::$variant(values))
            }
        }
    )*};
}
recorded!(f32 => F32, f64 => F64, i64 => I64, u8 => U8);

/// The named tensors and numbers that a component gave.
#[derive(Clone, Debug, Default)]
pub struct Output(Vec<(String, Vec<usize>, Values)>);

impl Output {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a tensor.
    #[must_use]
    pub fn with<T: Recorded>(mut self, name: &str, values: Vec<T>, shape: &[usize]) -> Self {
        self.0.push((name.into(), shape.into(), T::record(values).0));
        self
    }

    /// Adds a number.
    #[must_use]
    pub fn with_number(self, name: &str, value: f64) -> Self {
        self.with(name, vec![value], &[])
    }

    /// The first floating-point element that is NaN or infinite, in words. Callers fill their buffers with NaN before a call, so that an
    /// element that was left unwritten shows here.
    pub fn not_finite(&self) -> Option<String> {
        let first = |bad: Option<(usize, f64)>, name: &str| {
            bad.map(|(i, v)| format!("{name}[{i}] is {v} (unwritten elements are NaN)"))
        };
        self.0.iter().find_map(|(name, _, values)| match values {
            Values::F32(v) => first(
                v.iter().position(|x| !x.is_finite()).map(|i| (i, f64::from(v[i]))),
                name,
            ),
            Values::F64(v) => first(v.iter().position(|x| !x.is_finite()).map(|i| (i, v[i])), name),
            Values::I64(_) | Values::U8(_) => None,
        })
    }

    /// Where two outcomes differ in their bits (any two NaN are alike); `None` where they do not.
    pub fn bits_differ(&self, other: &Self) -> Option<String> {
        self.compare(other, |a, b| {
            let bits = |v: f64| if v.is_nan() { f64::NAN.to_bits() } else { v.to_bits() };
            let at = a.iter().zip(b).position(|(a, b)| bits(*a) != bits(*b))?;
            let count = a.iter().zip(b).filter(|(a, b)| bits(**a) != bits(**b)).count();
            Some(format!(
                "{count} of {} elements differ; [{at}]: {:?} and {:?}",
                a.len(),
                a[at],
                b[at]
            ))
        })
    }

    /// Where two outcomes differ by more than a tolerance; `None` where they do not.
    pub fn differ(&self, other: &Self, rtol: f64, atol: f64) -> Option<String> {
        self.compare(other, |a, b| differences(a, b, rtol, atol))
    }

    fn compare(&self, other: &Self, compare: impl Fn(&[f64], &[f64]) -> Option<String>) -> Option<String> {
        if self.0.len() != other.0.len() {
            return Some(format!("{} results against {}", self.0.len(), other.0.len()));
        }
        self.0
            .iter()
            .zip(&other.0)
            .find_map(|((name, shape, a), (_, others, b))| {
                if shape != others {
                    return Some(format!("{name}: shape {shape:?} against {others:?}"));
                }
                compare(&a.numbers(), &b.numbers()).map(|why| format!("{name}: {why}"))
            })
    }

    /// For a snapshot: every number and tensor under its name.
    ///
    /// # Errors
    /// Values that do not fill their shape.
    pub fn describe(&self) -> Result<String> {
        let mut text = String::new();
        for (name, shape, values) in &self.0 {
            let tensor = match values {
                Values::F32(v) => describe_tensor(&TensorRef::new(v, shape)?),
                Values::F64(v) => describe_tensor(&TensorRef::new(v, shape)?),
                Values::I64(v) => describe_tensor(&TensorRef::new(v, shape)?),
                Values::U8(v) => describe_tensor(&TensorRef::new(v, shape)?),
            }?;
            text += &format!("{name}: {tensor}");
        }
        Ok(text)
    }
}

impl Values {
    fn numbers(&self) -> Vec<f64> {
        match self {
            Self::F32(v) => v.iter().map(|x| f64::from(*x)).collect(),
            Self::F64(v) => v.clone(),
            Self::I64(v) => v.iter().map(|x| *x as f64).collect(),
            Self::U8(v) => v.iter().map(|x| f64::from(*x)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(x: f32) -> Output {
        Output::new()
            .with("x", vec![x, f32::NAN], &[2])
            .with("n", vec![3i64], &[1])
    }

    #[test]
    fn differences_are_named_and_nan_is_nan() {
        assert_eq!(output(1.0).bits_differ(&output(1.0)), None);
        let why = output(1.0).bits_differ(&output(1.000_000_1)).unwrap();
        assert!(
            why.starts_with("x: 1 of 2 elements differ; [0]: 1.0 and 1.0000001"),
            "{why}"
        );
        assert!(output(0.0).bits_differ(&output(-0.0)).is_some());
        let plain = |x: f32| Output::new().with("x", vec![x], &[1]);
        assert_eq!(plain(1.0).differ(&plain(1.000_000_1), 1e-5, 0.0), None);
        assert!(plain(1.0).differ(&plain(1.1), 1e-5, 0.0).is_some());
        assert!(plain(1.0).bits_differ(&Output::new()).is_some());
    }

    #[test]
    fn unwritten_elements_show() {
        assert_eq!(
            output(1.0).not_finite().unwrap(),
            "x[1] is NaN (unwritten elements are NaN)"
        );
        assert_eq!(Output::new().with_number("loss", 1.0).not_finite(), None);
    }

    #[test]
    fn every_result_is_described_under_its_name() {
        let text = Output::new()
            .with_number("loss", 0.5)
            .with("rank", vec![1i64, -1], &[2])
            .describe()
            .unwrap();
        assert_eq!(text, "loss: shape [] f64\n[0.5]\nrank: shape [2] i64\n[1.0, -1.0]\n");
    }
}
