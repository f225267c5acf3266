//! A first reading of a Parquet file's footer.

use parquet::errors::{ParquetError, Result};
use thrift::{
    TConfiguration,
    protocol::{TCompactInputProtocol, TInputProtocol, TType},
};

use super::thrift_structure::{structure, why};

/// The length of the footer and `PAR1`.
const TAIL: usize = 8;

/// Goes through the footer once, each element of a list taking the bytes that it has to take. The `parquet` crate passes over as many elements of an unknown
/// list as it says it has: truths of no bytes, two thousand million of them in six bytes. And it makes room for as many columns as a group says it has.
///
/// # Errors
/// A footer that ends within an element; a schema that promises more than it has. One that does not fit the file is left to the crate's words.
pub(super) fn check(file: &[u8]) -> Result<()> {
    let Some((before, tail)) = file.split_last_chunk::<TAIL>() else {
        return Ok(());
    };
    let [a, b, c, d, magic @ ..] = *tail;
    let length = u32::from_le_bytes([a, b, c, d]) as usize;
    if &magic != b"PAR1" || length > before.len() {
        return Ok(());
    }
    read(&before[before.len() - length..])
        .map_err(|e| ParquetError::General(format!("offset {}: the footer: {}", before.len() - length, why(e))))
}

/// Deepest nesting of columns. A list of structures is four deep.
const DEEPEST: usize = 64;

/// Types of the fields of `FileMetaData` (parquet-format, `parquet.thrift`).
const FILE: [TType; 9] = [
    TType::I32,
    TType::List,
    TType::I64,
    TType::List,
    TType::List,
    TType::String,
    TType::List,
    TType::Struct,
    TType::String,
];
/// And of `SchemaElement`.
const ELEMENT: [TType; 10] = [
    TType::I32,
    TType::I32,
    TType::I32,
    TType::String,
    TType::I32,
    TType::I32,
    TType::I32,
    TType::I32,
    TType::I32,
    TType::Struct,
];

fn read(footer: &[u8]) -> thrift::Result<()> {
    let limits = TConfiguration::builder().max_string_size(Some(footer.len())).build()?;
    let mut protocol = TCompactInputProtocol::with_config(footer, limits);
    structure(&mut protocol, &FILE, &mut |protocol, field| match field.known {
        Some(2) => schema(protocol),
        _ => protocol.skip(field.kind),
    })
}

/// The columns, level by level: no group promises more of them than follow.
fn schema(protocol: &mut dyn TInputProtocol) -> thrift::Result<()> {
    let list = protocol.read_list_begin()?;
    if list.element_type != TType::Struct {
        return Err(format!("a schema of {:?}", list.element_type).into());
    }
    // How many columns each of the groups around this element still has.
    let mut open: Vec<i32> = vec![1];
    for _ in 0..list.size {
        let mut children = 0;
        structure(protocol, &ELEMENT, &mut |protocol, field| match field.known {
            Some(5) => protocol.read_i32().map(|count| children = count),
            _ => protocol.skip(field.kind),
        })?;
        while open.pop_if(|left| *left == 0).is_some() {}
        match open.last_mut() {
            Some(left) => *left -= 1,
            None => return Err("columns outside of the schema".into()),
        }
        if !(0..=list.size).contains(&children) {
            return Err(format!("a group of {children} columns in a schema of {}", list.size).into());
        }
        open.push(children);
        if open.len() > DEEPEST {
            return Err(format!("columns nested {DEEPEST} deep").into());
        }
    }
    match open.iter().all(|left| *left == 0) {
        true => protocol.read_list_end(),
        false => Err("a schema that promises more columns than it has".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PYTHONS: &[u8] = include_bytes!("../../tests/fixtures/sets/parquet/train-00000-of-00001.parquet");

    #[test]
    fn a_footer_that_promises_more_than_it_has_is_refused() {
        check(PYTHONS).unwrap();
        check(b"PAR1").unwrap();
        let refused = |footer: &[u8]| {
            let file = [footer, &(footer.len() as u32).to_le_bytes(), b"PAR1"].concat();
            check(&file).unwrap_err().to_string()
        };
        // Field 15, unknown: a list of 2^31 - 1 truths.
        let truths = refused(&[0xf9, 0xf1, 0xff, 0xff, 0xff, 0xff, 0x07, 0]);
        assert!(truths.contains("offset 0: the footer: "), "{truths}");
        // Field 2, the schema: its elements have field 5, so many columns.
        let columns = refused(&[0x29, 0x1c, 0x55, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0, 0]);
        assert!(
            columns.contains("a group of 2147483647 columns in a schema of 1"),
            "{columns}"
        );
        let missing = refused(&[0x29, 0x2c, 0x55, 4, 0, 0, 0]);
        assert!(missing.contains("promises more columns than it has"), "{missing}");
        let outside = refused(&[0x29, 0x3c, 0x55, 2, 0, 0, 0, 0]);
        assert!(outside.contains("columns outside of the schema"), "{outside}");
        let deep = [&[0x29, 0xfc, 100][..], &[0x55, 2, 0].repeat(100), &[0]].concat();
        assert!(refused(&deep).contains("nested 64 deep"), "{}", refused(&deep));
        assert!(refused(&[0x15, 2, 0x15, 2, 0]).contains("field 2 is of type I32"));
    }
}
