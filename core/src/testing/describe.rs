//! Tensors as text.

use std::fmt::Write;

use crate::{DType, Error, Result, TensorRef};

/// Up to this many elements a snapshot lists all, above it a summary.
const LISTED: usize = 256;
/// Elements that a summary shows.
const PROBES: usize = 16;

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

#[cfg(test)]
mod tests {
    use super::*;

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
}
