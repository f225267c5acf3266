//! A first reading of a Parquet file's footer, which only counts.

use parquet::errors::{ParquetError, Result};
use thrift::{
    TConfiguration,
    protocol::{TCompactInputProtocol, TInputProtocol, TType},
};

/// The length of the footer and `PAR1`.
const TAIL: usize = 8;

/// Goes through the footer once, each element of a list taking the bytes that it has to take. The `parquet` crate passes over as many elements of an unknown
/// list as it says it has: truths of no bytes, two thousand million of them in six bytes.
///
/// # Errors
/// A footer that ends within an element. One that does not fit the file is left to the crate's words.
pub(super) fn check(file: &[u8]) -> Result<()> {
    let Some((before, tail)) = file.split_last_chunk::<TAIL>() else {
        return Ok(());
    };
    let [a, b, c, d, magic @ ..] = *tail;
    let length = u32::from_le_bytes([a, b, c, d]) as usize;
    if &magic != b"PAR1" || length > before.len() {
        return Ok(());
    }
    read(&before[before.len() - length..]).map_err(|e| {
        let why = super::parquet_pages::why(e);
        ParquetError::General(format!("offset {}: the footer: {why}", before.len() - length))
    })
}

fn read(footer: &[u8]) -> thrift::Result<()> {
    let limits = TConfiguration::builder().max_string_size(Some(footer.len())).build()?;
    TCompactInputProtocol::with_config(footer, limits).skip(TType::Struct)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PYTHONS: &[u8] = include_bytes!("../../tests/fixtures/sets/parquet/train-00000-of-00001.parquet");

    #[test]
    fn a_footer_that_promises_more_than_it_has_is_refused() {
        check(PYTHONS).unwrap();
        check(b"PAR1").unwrap();
        // Field 15, unknown: a list of 2^31 - 1 truths.
        let mut lying = vec![0xf9, 0xf1, 0xff, 0xff, 0xff, 0xff, 0x07, 0];
        lying.extend((lying.len() as u32).to_le_bytes());
        lying.extend(b"PAR1");
        let refused = check(&lying).unwrap_err().to_string();
        assert!(refused.contains("offset 0: the footer: "), "{refused}");
    }
}
