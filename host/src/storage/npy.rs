//! NumPy's `.npy` files of floats in two dimensions.
//!
//! Layout: `\x93NUMPY`, version (1, 2 or 3), length of the header (u16, from version 2 on u32, little-endian), a header that is a Python dictionary
//! literal with `descr`, `fortran_order` and `shape`, then the elements.

use std::{fs, path::Path};

use ficta_core::{Error, Result};

use super::{
    atomic::io_error,
    tensors::{Tensor, Values},
};

/// Reads an array of little-endian f32 or f64, row-major, with any number of dimensions.
///
/// # Errors
/// [`ficta_core::ErrorKind::IO`] or [`ficta_core::ErrorKind::DATA`] with the path: no `.npy` file, another type or order, cut short.
pub fn read(path: &Path) -> Result<Tensor> {
    let bytes = fs::read(path).map_err(|e| io_error("read", path, &e))?;
    parse(&bytes).map_err(|e| e.context(path.display()))
}

/// Reads the content of a `.npy` file.
///
/// # Errors
/// As for [`read`], without the path.
pub fn parse(bytes: &[u8]) -> Result<Tensor> {
    let cut =
        || Error::data(format!("the .npy file is cut short at {} bytes", bytes.len())).help("make or copy it again");
    let rest = bytes
        .strip_prefix(b"\x93NUMPY")
        .ok_or_else(|| Error::data("this is no .npy file: it does not begin with `\\x93NUMPY`"))?;
    let (length, rest) = match rest {
        [1, _, a, b, rest @ ..] => (usize::from(u16::from_le_bytes([*a, *b])), rest),
        [2 | 3, _, a, b, c, d, rest @ ..] => (u32::from_le_bytes([*a, *b, *c, *d]) as usize, rest),
        [version, _, ..] if *version > 3 || *version == 0 => {
            return Err(Error::data(format!("version {version} of .npy, expected 1, 2 or 3")));
        }
        _ => return Err(cut()),
    };
    let header = rest.get(..length).ok_or_else(cut)?;
    let elements = &rest[length..];
    let header = std::str::from_utf8(header).map_err(|_| Error::data("the header is no UTF-8"))?;
    let bad = |what: &str| Error::data(format!("{what} in the header `{}`", header.trim().escape_debug()));
    let descr = field(header, "descr").ok_or_else(|| bad("no `descr`"))?;
    if field(header, "fortran_order").is_none_or(|order| !order.starts_with("False")) {
        return Err(bad("no `fortran_order: False`").help("save it row-major: numpy.ascontiguousarray(a)"));
    }
    let shape = field(header, "shape")
        .and_then(|text| text.strip_prefix('(')?.split_once(')'))
        .ok_or_else(|| bad("no `shape`"))?
        .0;
    let shape = shape
        .split(',')
        .map(str::trim)
        .filter(|extent| !extent.is_empty())
        .map(|extent| extent.parse().map_err(|_| bad("a shape that is no list of counts")))
        .collect::<Result<Vec<usize>>>()?;
    let wide = descr.starts_with("'<f8'") || descr.starts_with("\"<f8\"");
    if !wide && !descr.starts_with("'<f4'") && !descr.starts_with("\"<f4\"") {
        return Err(bad("elements other than '<f4' and '<f8'").help("save it as floats: a.astype(numpy.float32)"));
    }
    let width = if wide { 8 } else { 4 };
    let expected = shape.iter().try_fold(width, |n: usize, d| n.checked_mul(*d));
    if expected != Some(elements.len()) {
        return Err(Error::data(format!(
            "{} bytes of elements do not fill shape {shape:?} of {width} bytes each",
            elements.len()
        ))
        .help("the file is cut short or damaged: make or copy it again"));
    }
    let values = if wide {
        Values::F64(
            elements
                .as_chunks::<8>()
                .0
                .iter()
                .map(|x| f64::from_le_bytes(*x))
                .collect(),
        )
    } else {
        Values::F32(
            elements
                .as_chunks::<4>()
                .0
                .iter()
                .map(|x| f32::from_le_bytes(*x))
                .collect(),
        )
    };
    Tensor::of(&shape, values)
}

/// What follows `'name':` in a Python dictionary literal.
fn field<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    let after = ['\'', '"'].iter().find_map(|quote| {
        let key = format!("{quote}{name}{quote}");
        Some(&header[header.find(&key)? + key.len()..])
    })?;
    after.trim_start().strip_prefix(':').map(str::trim_start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(header: &str, elements: &[u8]) -> Vec<u8> {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend_from_slice(&(header.len() as u16).to_le_bytes());
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(elements);
        bytes
    }

    fn message(bytes: &[u8]) -> String {
        parse(bytes).unwrap_err().message().to_owned()
    }

    #[test]
    fn floats_come_back() {
        // numpy.save of numpy.array([[1, -2], [3, 0.5]], numpy.float32)
        let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }          \n";
        let elements: Vec<u8> = [1f32, -2.0, 3.0, 0.5].iter().flat_map(|x| x.to_le_bytes()).collect();
        let read = parse(&file(header, &elements)).unwrap();
        assert_eq!(
            (read.shape(), read.values()),
            (&[2, 2][..], &Values::F32(vec![1.0, -2.0, 3.0, 0.5]))
        );
        let wide = file(
            "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }",
            &7f64.to_le_bytes(),
        );
        assert_eq!(parse(&wide).unwrap().values(), &Values::F64(vec![7.0]));
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }";
        assert!(message(b"PK").contains("no .npy file"));
        assert!(message(b"\x93NUMPY\x01").contains("cut short"));
        assert!(message(&file(header, &[0; 15])).contains("15 bytes of elements do not fill shape [2, 2]"));
        assert!(message(&file(&header.replace("<f4", "|O"), &[0; 16])).contains("elements other than"));
        assert!(message(&file(&header.replace("False", "True"), &[0; 16])).contains("fortran_order"));
        assert!(
            message(&file(&header.replace("(2, 2)", "(99999999999, 99999999999)"), &[0; 16])).contains("do not fill")
        );
        assert!(message(&file(&header.replace("(2, 2)", "(2, x)"), &[0; 16])).contains("no list of counts"));
    }

    proptest::proptest! {
        #[test]
        fn mutated_bytes_never_panic(at in 0usize..90, byte: u8, cut in 0usize..90) {
            let mut bytes = file("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }", &[0; 16]);
            let place = at % bytes.len();
            bytes[place] = byte;
            let _ = parse(&bytes);
            let _ = parse(&bytes[..cut.min(bytes.len())]);
        }
    }
}
