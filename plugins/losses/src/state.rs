//! Running statistics in a checkpoint: f64 numbers in little-endian order.

use ficta_core::{Error, Result};

/// The bytes of `numbers`.
pub(crate) fn write(numbers: &[f64]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_le_bytes()).collect()
}

/// `N` finite numbers from `bytes`.
pub(crate) fn read<const N: usize>(loss: &str, bytes: &[u8]) -> Result<[f64; N]> {
    let (chunks, rest) = bytes.as_chunks::<8>();
    let numbers: Vec<f64> = chunks.iter().map(|b| f64::from_le_bytes(*b)).collect();
    match <[f64; N]>::try_from(numbers) {
        Ok(numbers) if rest.is_empty() && numbers.iter().all(|n| n.is_finite()) => Ok(numbers),
        _ => Err(Error::data(format!(
            "{loss}: a state of {} bytes, expected {N} numbers of 8 bytes each",
            bytes.len()
        ))
        .help("the checkpoint was written with another loss; start the training anew")),
    }
}
