//! Snapshots of tensors that bear the last digits of another machine.

use std::fmt::Write;

use insta::{Comparator, Snapshot, internals::SnapshotContents};

use crate::{DType, Error, Result, TensorRef};

/// Up to this many elements a snapshot lists all, above it a summary.
const LISTED: usize = 256;
/// Elements that a summary shows.
const PROBES: usize = 16;

/// Compares the numbers in two snapshots within `atol + rtol * |reference|`, and everything between them exactly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NumericComparator {
    /// Relative tolerance.
    pub rtol: f64,
    /// Absolute tolerance.
    pub atol: f64,
}

impl Default for NumericComparator {
    /// rtol 1e-4, atol 1e-6: f32 arithmetic in another order.
    fn default() -> Self {
        Self { rtol: 1e-4, atol: 1e-6 }
    }
}

impl NumericComparator {
    fn close(&self, reference: &str, test: &str) -> bool {
        match (reference.parse::<f64>(), test.parse::<f64>()) {
            (Ok(r), Ok(t)) if r.is_nan() => t.is_nan(),
            (Ok(r), Ok(t)) => r == t || r.is_finite() && (r - t).abs() <= self.atol + self.rtol * r.abs(),
            _ => reference == test,
        }
    }

    /// Whether two texts match.
    pub fn matches_text(&self, reference: &str, test: &str) -> bool {
        let (mut r, mut t) = (tokens(reference), tokens(test));
        loop {
            match (r.next(), t.next()) {
                (None, None) => return true,
                (Some(r), Some(t)) if self.close(r, t) => {}
                _ => return false,
            }
        }
    }
}

/// Words between brackets, commas and blanks, and those separators themselves.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.trim()
        .split_inclusive([' ', ',', '[', ']', '\n'])
        .flat_map(|piece| {
            let word = piece.trim_end_matches([' ', ',', '[', ']', '\n']);
            [word, &piece[word.len()..]]
                .into_iter()
                .filter(|token| !token.is_empty())
        })
}

impl Comparator for NumericComparator {
    fn matches(&self, reference: &Snapshot, test: &Snapshot) -> bool {
        match (reference.contents(), test.contents()) {
            (SnapshotContents::Text(r), SnapshotContents::Text(t)) => self.matches_text(&r.to_string(), &t.to_string()),
            (r, t) => r == t,
        }
    }
    fn dyn_clone(&self) -> Box<dyn Comparator> {
        Box::new(*self)
    }
}

/// A tensor as text: shape, type, and all elements to six digits; above 256 elements, the mean, L2 norm, extremes and 16 evenly spaced elements.
///
/// # Errors
/// An element type without a Rust type, or memory that is not the host's.
pub fn describe_tensor(tensor: &TensorRef<'_>) -> Result<String> {
    let values: Vec<f64> = match tensor.dtype() {
        DType::F32 => tensor.as_slice::<f32>()?.iter().map(|v| f64::from(*v)).collect(),
        DType::F64 => tensor.as_slice::<f64>()?.to_vec(),
        DType::U8 => tensor.as_slice::<u8>()?.iter().map(|v| f64::from(*v)).collect(),
        DType::I64 => tensor.as_slice::<i64>()?.iter().map(|v| *v as f64).collect(),
        DType::U64 => tensor.as_slice::<u64>()?.iter().map(|v| *v as f64).collect(),
        other => return Err(Error::unsupported(format!("snapshot of a tensor of type {other:?}"))),
    };
    let mut text = format!("shape {:?} {:?}\n", tensor.shape(), tensor.dtype());
    if values.len() <= LISTED {
        let width = tensor.shape().last().copied().unwrap_or(1).max(1);
        for row in values.chunks(width) {
            let _ = writeln!(text, "[{}]", join(row));
        }
        return Ok(text);
    }
    let n = values.len() as f64;
    let norm = values.iter().map(|v| v * v).sum::<f64>().sqrt();
    let (low, high) = values
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(*v), h.max(*v)));
    let _ = writeln!(text, "mean {}", digits(values.iter().sum::<f64>() / n));
    let _ = writeln!(text, "l2 {}\nmin {}\nmax {}", digits(norm), digits(low), digits(high));
    let at: Vec<usize> = (0..PROBES).map(|i| i * (values.len() - 1) / (PROBES - 1)).collect();
    let probes: Vec<f64> = at.iter().map(|i| values[*i]).collect();
    let _ = writeln!(text, "elements {at:?}\n[{}]", join(&probes));
    Ok(text)
}

fn join(values: &[f64]) -> String {
    values.iter().map(|v| digits(*v)).collect::<Vec<_>>().join(", ")
}

/// Six significant digits; no negative zero.
fn digits(value: f64) -> String {
    let rounded: f64 = format!("{value:.5e}").parse().unwrap_or(value);
    format!("{:?}", rounded + 0.0)
}

/// Asserts that a [`TensorRef`](crate::TensorRef) matches its stored insta snapshot: six digits, compared within a tolerance.
///
/// `assert_tensor_snapshot!(tensor)`, `assert_tensor_snapshot!("name", tensor)`, and either with `, rtol = 1e-3, atol = 1e-5` after it. Defaults as in
/// [`NumericComparator`](crate::testing::NumericComparator).
#[macro_export]
macro_rules! assert_tensor_snapshot {
    ($name:literal, $tensor:expr, rtol = $rtol:expr, atol = $atol:expr $(,)?) => {
        $crate::assert_tensor_snapshot!(@ [$name,] $tensor, $crate::testing::NumericComparator { rtol: $rtol, atol: $atol })
    };
    ($name:literal, $tensor:expr $(,)?) => {
        $crate::assert_tensor_snapshot!(@ [$name,] $tensor, $crate::testing::NumericComparator::default())
    };
    ($tensor:expr, rtol = $rtol:expr, atol = $atol:expr $(,)?) => {
        $crate::assert_tensor_snapshot!(@ [] $tensor, $crate::testing::NumericComparator { rtol: $rtol, atol: $atol })
    };
    ($tensor:expr $(,)?) => {
        $crate::assert_tensor_snapshot!(@ [] $tensor, $crate::testing::NumericComparator::default())
    };
    (@ [$($name:tt)*] $tensor:expr, $comparator:expr) => {{
        let text = $crate::testing::describe_tensor(&$tensor).expect("a tensor that can be read");
        let mut settings = $crate::testing::insta::Settings::clone_current();
        settings.set_comparator(Box::new($comparator));
        settings.set_omit_expression(true);
        settings.bind(|| $crate::testing::insta::assert_snapshot!($($name)* text));
    }};
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_within_the_tolerance_and_words_exactly() {
        let c = NumericComparator { rtol: 1e-3, atol: 1e-6 };
        assert!(c.matches_text("shape [2] f32\n[1.0, -2.0e-7]", "shape [2] f32\n[1.0009, 0.0]\n"));
        assert!(!c.matches_text("[1.0]", "[1.002]"));
        assert!(!c.matches_text("shape [2] f32", "shape [2] f64"));
        assert!(!c.matches_text("[1.0, 2.0]", "[1.0 2.0]"));
        assert!(!c.matches_text("[1.0, 2.0]", "[1.0, 2.0, 3.0]"));
        assert!(!c.matches_text("[1.0]", "[NaN]"));
        assert!(!c.matches_text("[inf]", "[1.0]") && !c.matches_text("[inf]", "[-inf]"));
        assert!(c.matches_text("[inf, NaN]", "[inf, NaN]"));
    }

    #[test]
    fn six_digits() {
        let written: Vec<_> = [1.0 / 3.0, -1e-9 / 3.0, -0.0, 65_504.0, f64::NAN].map(digits).into();
        assert_eq!(written, ["0.333333", "-3.33333e-10", "0.0", "65504.0", "NaN"]);
    }

    #[test]
    fn small_tensors_are_listed_and_large_ones_summed_up() {
        let small = [1u8, 2, 3, 4, 5, 6];
        let text = describe_tensor(&TensorRef::new(&small, &[2, 3]).unwrap()).unwrap();
        assert_eq!(text, "shape [2, 3] u8\n[1.0, 2.0, 3.0]\n[4.0, 5.0, 6.0]\n");
        let large: Vec<f32> = (0..301).map(|i| i as f32).collect();
        let text = describe_tensor(&TensorRef::new(&large, &[301]).unwrap()).unwrap();
        assert!(
            text.contains("mean 150.0\n") && text.contains("min 0.0\nmax 300.0\n"),
            "{text}"
        );
        assert!(text.ends_with("260.0, 280.0, 300.0]\n"), "{text}");
    }

    #[test]
    fn the_macro_takes_a_snapshot_with_its_tolerance() {
        let values = [0.1f32, -2.5, 1e-7];
        let tensor = TensorRef::new(&values, &[3]).unwrap();
        assert_tensor_snapshot!("three_numbers", tensor);
        let near = [0.100_001f32, -2.5, 0.0];
        assert_tensor_snapshot!("three_numbers", TensorRef::new(&near, &[3]).unwrap());
        let far = [0.11f32, -2.5, 0.0];
        assert_tensor_snapshot!(
            "three_numbers",
            TensorRef::new(&far, &[3]).unwrap(),
            rtol = 0.2,
            atol = 0.0001
        );
    }
}
