//! NumPy's `.npy` files of floats (NEP 1).
//!
//! Layout: `\x93NUMPY`, version (1, 2 or 3), length of the header (u16, from version 2 on u32, little-endian), a header that is a Python dictionary
//! literal with `descr`, `fortran_order` and `shape`, then the elements.

use std::path::Path;

use ficta_core::{Error, Result};

use super::{
    mapped::Mapped,
    tensors::{Tensor, Values},
};

/// What every `.npy` file begins with.
pub const MAGIC: &[u8] = b"\x93NUMPY";

/// Reads an array of f32 or f64 of either byte order, row- or column-major, with any number of dimensions.
///
/// # Errors
/// [`ficta_core::ErrorKind::IO`] or [`ficta_core::ErrorKind::DATA`] with the path: no `.npy` file, another type, cut short.
pub fn read(path: &Path) -> Result<Tensor> {
    let file = Mapped::open(path)?;
    parse(file.bytes()).map_err(|e| e.context(path.display()))
}

/// [`read`] with the elements as f32, whatever they are in the file, and the shape.
///
/// # Errors
/// As for [`read`].
pub fn read_f32(path: &Path) -> Result<(Vec<f32>, Vec<usize>)> {
    let file = Mapped::open(path)?;
    let array = Array::parse(file.bytes()).map_err(|e| e.context(path.display()))?;
    let values = match array.wide {
        true => array.values(|bytes| array.f64(bytes) as f32),
        false => array.values(|bytes| array.f32(bytes)),
    };
    Ok((values, array.shape))
}

/// Reads the content of a `.npy` file.
///
/// # Errors
/// As for [`read`], without the path.
pub fn parse(bytes: &[u8]) -> Result<Tensor> {
    let array = Array::parse(bytes)?;
    let values = match array.wide {
        true => Values::F64(array.values(|bytes| array.f64(bytes))),
        false => Values::F32(array.values(|bytes| array.f32(bytes))),
    };
    Tensor::of(&array.shape, values)
}

/// An array as it lies in its file.
struct Array<'a> {
    /// As many as the shape says.
    elements: &'a [u8],
    shape: Vec<usize>,
    /// f64, not f32.
    wide: bool,
    big_endian: bool,
    /// The first dimension varies fastest.
    fortran: bool,
}

impl<'a> Array<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self> {
        let cut = || {
            Error::data(format!("the .npy file is cut short at {} bytes", bytes.len())).help("make or copy it again")
        };
        let rest = bytes
            .strip_prefix(MAGIC)
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
        let order = field(header, "fortran_order").ok_or_else(|| bad("no `fortran_order`"))?;
        let fortran = match (order.starts_with("True"), order.starts_with("False")) {
            (true, _) => true,
            (_, true) => false,
            _ => return Err(bad("`fortran_order` is neither True nor False")),
        };
        let shape = field(header, "shape")
            .and_then(|text| text.strip_prefix('(')?.split_once(')'))
            .ok_or_else(|| bad("no `shape`"))?
            .0;
        let shape = shape
            .split(',')
            // Python 2 wrote `3L`.
            .map(|extent| extent.trim().trim_end_matches('L'))
            .filter(|extent| !extent.is_empty())
            .map(|extent| extent.parse().map_err(|_| bad("a shape that is no list of counts")))
            .collect::<Result<Vec<usize>>>()?;
        let descr = field(header, "descr")
            .filter(|descr| descr.starts_with(['\'', '"']))
            .ok_or_else(|| bad("no plain `descr`"))?;
        let (big_endian, wide) = match descr.split(['\'', '"']).nth(1) {
            Some("<f4" | "=f4") => (false, false),
            Some("<f8" | "=f8") => (false, true),
            Some(">f4") => (true, false),
            Some(">f8") => (true, true),
            _ => {
                return Err(bad("elements other than f4 and f8").help("save it as floats: a.astype(numpy.float32)"));
            }
        };
        let width = if wide { 8 } else { 4 };
        let expected = shape.iter().try_fold(width, |n: usize, d| n.checked_mul(*d));
        if expected != Some(elements.len()) {
            return Err(Error::data(format!(
                "{} bytes of elements do not fill shape {shape:?} of {width} bytes each",
                elements.len()
            ))
            .help("the file is cut short or damaged: make or copy it again"));
        }
        Ok(Self {
            elements,
            shape,
            wide,
            big_endian,
            fortran,
        })
    }

    fn f32(&self, bytes: [u8; 4]) -> f32 {
        match self.big_endian {
            true => f32::from_be_bytes(bytes),
            false => f32::from_le_bytes(bytes),
        }
    }

    fn f64(&self, bytes: [u8; 8]) -> f64 {
        match self.big_endian {
            true => f64::from_be_bytes(bytes),
            false => f64::from_le_bytes(bytes),
        }
    }

    /// The elements, row-major, each of which `value` makes of its bytes.
    fn values<const W: usize, T>(&self, value: impl Fn([u8; W]) -> T) -> Vec<T> {
        let elements = self.elements.as_chunks::<W>().0;
        match self.fortran {
            false => elements.iter().map(|bytes| value(*bytes)).collect(),
            true => (0..elements.len())
                .map(|i| value(elements[self.column_major(i)]))
                .collect(),
        }
    }

    /// Where element `i`, counted row-major, lies in column-major order.
    fn column_major(&self, mut i: usize) -> usize {
        // The extents of the dimensions before a dimension are what its index counts in steps of.
        let mut step: usize = self.shape.iter().product();
        let mut at = 0;
        for extent in self.shape.iter().rev() {
            step /= extent;
            at += i % extent * step;
            i /= extent;
        }
        at
    }
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

    const NUMBERS: [f64; 6] = [1.0, -2.5, 3.25, 4.0, 0.0, 1e-3];

    #[test]
    fn every_layout_gives_the_same_numbers() {
        let singles: Vec<f32> = NUMBERS.iter().map(|x| *x as f32).collect();
        let turned = [0, 3, 1, 4, 2, 5].map(|i: usize| singles[i]);
        let all = [
            (
                "<f4",
                "False",
                "(2, 3)",
                singles.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>(),
            ),
            (
                "<f4",
                "True",
                "(2, 3)",
                turned.iter().flat_map(|x| x.to_le_bytes()).collect(),
            ),
            (
                ">f4",
                "False",
                "(2, 3)",
                singles.iter().flat_map(|x| x.to_be_bytes()).collect(),
            ),
            (
                "<f8",
                "False",
                "(2, 3)",
                NUMBERS.iter().flat_map(|x| x.to_le_bytes()).collect(),
            ),
            (
                ">f8",
                "False",
                "(2L, 3L)",
                NUMBERS.iter().flat_map(|x| x.to_be_bytes()).collect(),
            ),
        ];
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npy");
        for (descr, fortran, shape, elements) in all {
            let header = format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n");
            std::fs::write(&path, file(&header, &elements)).unwrap();
            assert_eq!(read_f32(&path).unwrap(), (singles.clone(), vec![2, 3]), "{header}");
            let expected = match descr.ends_with('8') {
                true => Values::F64(NUMBERS.to_vec()),
                false => Values::F32(singles.clone()),
            };
            assert_eq!(read(&path).unwrap().values(), &expected, "{header}");
        }
    }

    /// `numpy.asfortranarray(numpy.arange(24, dtype='f4').reshape(2, 3, 4)).ravel(order='K')` are the elements of the file.
    #[test]
    fn three_dimensions_are_turned_too() {
        let elements = [
            0, 12, 4, 16, 8, 20, 1, 13, 5, 17, 9, 21, 2, 14, 6, 18, 10, 22, 3, 15, 7, 19, 11, 23,
        ];
        let bytes: Vec<u8> = elements.iter().flat_map(|x| (*x as f32).to_le_bytes()).collect();
        let header = "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3, 4), }";
        let read = parse(&file(header, &bytes)).unwrap();
        assert_eq!(read.values(), &Values::F32((0..24).map(|x| x as f32).collect()));
        let empty = parse(&file(&header.replace("3", "0"), &[])).unwrap();
        assert_eq!((empty.shape(), empty.values().len()), (&[2, 0, 4][..], 0));
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }";
        assert!(message(b"PK").contains("no .npy file"));
        assert!(message(b"\x93NUMPY\x01").contains("cut short"));
        assert!(message(b"\x93NUMPY\x09\0\0\0").contains("version 9"));
        assert!(message(&file(header, &[0; 15])).contains("15 bytes of elements do not fill shape [2, 2]"));
        assert!(message(&file(&header.replace("<f4", "|O"), &[0; 16])).contains("elements other than"));
        assert!(message(&file(&header.replace("<f4", "<i8"), &[0; 32])).contains("elements other than"));
        assert!(message(&file(&header.replace("False", "Maybe"), &[0; 16])).contains("fortran_order"));
        assert!(
            message(&file(&header.replace("(2, 2)", "(99999999999, 99999999999)"), &[0; 16])).contains("do not fill")
        );
        assert!(message(&file(&header.replace("(2, 2)", "(2, x)"), &[0; 16])).contains("no list of counts"));
    }

    proptest::proptest! {
        #[test]
        fn mutated_bytes_never_panic(at in 0usize..90, byte: u8, cut in 0usize..90) {
            for order in ["False", "True"] {
                let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }".replace("False", order);
                let mut bytes = file(&header, &[0; 16]);
                let place = at % bytes.len();
                bytes[place] = byte;
                let _ = parse(&bytes);
                let _ = parse(&bytes[..cut.min(bytes.len())]);
            }
        }
    }
}
