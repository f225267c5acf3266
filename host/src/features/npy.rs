//! NumPy's `.npy` (NEP 1): a matrix of f32 or f64.

use std::{
    fs::File,
    io::{BufReader, Read},
    path::Path,
};

use ficta_core::{Error, Result};

use super::FeatureTable;
use crate::{pipeline::matrix::Matrix, storage::atomic::io_error};

/// What every `.npy` file begins with.
pub(super) const MAGIC: &[u8] = b"\x93NUMPY";
/// Numbers converted at once.
const BLOCK: usize = 1 << 16;

/// Reads `[N,d]`.
pub(super) fn read(path: &Path) -> Result<FeatureTable> {
    let file = File::open(path).map_err(|e| io_error("read", path, &e))?;
    let size = file.metadata().map_err(|e| io_error("read", path, &e))?.len();
    let mut file = BufReader::with_capacity(1 << 20, file);
    let bad = |what: String| Error::data(format!("{}: {what}", path.display()));
    let mut exact = |n: usize, what: &str| -> Result<Vec<u8>> {
        let mut bytes = vec![0; n];
        file.read_exact(&mut bytes)
            .map_err(|e| io_error("read", path, &e).context(format!("{what} of {n} bytes")))?;
        Ok(bytes)
    };
    let start = exact(8, "the start")?;
    let length = match start[6] {
        1 => u64::from(le16(&exact(2, "the header's length")?)),
        2 | 3 => u64::from(le32(&exact(4, "the header's length")?)),
        other => return Err(bad(format!("version {other} of the .npy format, expected 1, 2 or 3"))),
    };
    if length > size {
        return Err(bad(format!(
            "truncated: a header of {length} bytes in a file of {size}"
        )));
    }
    let header = exact(length as usize, "the header")?;
    let header = Header::parse(&String::from_utf8_lossy(&header)).map_err(bad)?;
    let count = header.rows.checked_mul(header.cols).filter(|n| *n as u64 <= size);
    let Some(count) = count else {
        return Err(bad(format!(
            "shape ({}, {}) in a file of {size} bytes",
            header.rows, header.cols
        )));
    };
    let mut data = Vec::with_capacity(count);
    while data.len() < count {
        let some = BLOCK.min(count - data.len());
        let bytes = exact(some * header.width, "the data")
            .map_err(|e| e.help(format!("the file holds fewer than {count} numbers: save it again")))?;
        header.convert(&bytes, &mut data);
    }
    let data = match header.fortran {
        true => (0..count)
            .map(|i| data[i % header.cols * header.rows + i / header.cols])
            .collect(),
        false => data,
    };
    FeatureTable {
        feature: Matrix::new(data, header.rows, header.cols)?,
        name: path.display().to_string(),
        ..FeatureTable::default()
    }
    .checked()
}

fn le16(bytes: &[u8]) -> u16 {
    u16::from_le_bytes([bytes[0], bytes[1]])
}

fn le32(bytes: &[u8]) -> u32 {
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

#[derive(Debug, PartialEq)]
struct Header {
    /// Bytes of a number: 4 or 8.
    width: usize,
    big_endian: bool,
    fortran: bool,
    rows: usize,
    cols: usize,
}

impl Header {
    /// A Python literal: `{'descr': '<f4', 'fortran_order': False, 'shape': (10, 512), }`.
    fn parse(text: &str) -> Result<Self, String> {
        let value = |key: &str| {
            let after = text.split_once(&format!("'{key}':")).map(|(_, rest)| rest.trim_start());
            after.ok_or_else(|| format!("no `{key}` in the header {}", text.trim()))
        };
        let descr = value("descr")?;
        let (order, width) = match descr.get(..5) {
            Some("'<f4'" | "'=f4'") => (false, 4),
            Some("'<f8'" | "'=f8'") => (false, 8),
            Some("'>f4'") => (true, 4),
            Some("'>f8'") => (true, 8),
            _ => {
                let got = descr.split(',').next().unwrap_or_default();
                return Err(format!(
                    "elements of type {got}, expected f4 or f8; `x.astype('float32')` converts"
                ));
            }
        };
        let fortran = value("fortran_order")?.starts_with("True");
        let shape = value("shape")?;
        let inner = shape
            .strip_prefix('(')
            .and_then(|s| s.split_once(')'))
            .map(|(inner, _)| inner);
        let extents: Option<Vec<usize>> = inner.and_then(|inner| {
            let parts = inner.split(',').map(str::trim).filter(|part| !part.is_empty());
            parts.map(|part| part.trim_end_matches('L').parse().ok()).collect()
        });
        match extents.as_deref() {
            Some([rows, cols]) => Ok(Self {
                width,
                big_endian: order,
                fortran,
                rows: *rows,
                cols: *cols,
            }),
            _ => Err(format!(
                "shape {}, expected (N, d)",
                shape.split_inclusive(')').next().unwrap_or_default()
            )),
        }
    }

    fn convert(&self, bytes: &[u8], out: &mut Vec<f32>) {
        match (self.width, self.big_endian) {
            (4, false) => out.extend(bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b))),
            (4, true) => out.extend(bytes.as_chunks().0.iter().map(|b| f32::from_be_bytes(*b))),
            (_, false) => out.extend(bytes.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b) as f32)),
            (_, true) => out.extend(bytes.as_chunks().0.iter().map(|b| f64::from_be_bytes(*b) as f32)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(descr: &str, fortran: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let header = format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n");
        let mut bytes = [MAGIC, &[1, 0], &(header.len() as u16).to_le_bytes(), header.as_bytes()].concat();
        bytes.extend(data);
        bytes
    }

    fn parse(bytes: &[u8]) -> Result<FeatureTable> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npy");
        std::fs::write(&path, bytes).unwrap();
        read(&path)
    }

    const NUMBERS: [f64; 6] = [1.0, -2.5, 3.25, 4.0, 0.0, 1e-3];

    #[test]
    fn every_layout_gives_the_same_numbers() {
        let singles: Vec<f32> = NUMBERS.iter().map(|x| *x as f32).collect();
        let turned = [0, 3, 1, 4, 2, 5].map(|i: usize| singles[i]);
        let bytes = |order: &[f32]| order.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
        let all = [
            file("<f4", "False", "(2, 3)", &bytes(&singles)),
            file("<f4", "True", "(2, 3)", &bytes(&turned)),
            file(
                ">f4",
                "False",
                "(2, 3)",
                &singles.iter().flat_map(|x| x.to_be_bytes()).collect::<Vec<u8>>(),
            ),
            file(
                "<f8",
                "False",
                "(2, 3)",
                &NUMBERS.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>(),
            ),
            file(
                ">f8",
                "False",
                "(2L, 3L)",
                &NUMBERS.iter().flat_map(|x| x.to_be_bytes()).collect::<Vec<u8>>(),
            ),
        ];
        for bytes in all {
            let table = parse(&bytes).unwrap();
            assert_eq!((table.feature.rows, table.feature.cols), (2, 3));
            assert_eq!(table.feature.data, singles);
        }
    }

    #[test]
    fn bad_files_say_what_is_wrong() {
        let says = |bytes: &[u8], words: &str| {
            let error = parse(bytes).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        };
        says(&file("<i8", "False", "(1, 1)", &[0; 8]), "elements of type '<i8'");
        says(&file("<f4", "False", "(3,)", &[0; 12]), "shape (3,), expected (N, d)");
        says(&file("<f4", "False", "(2, 3)", &[0; 20]), "fewer than 6 numbers");
        says(
            &file("<f4", "False", "(99999999999, 999999999)", &[0; 20]),
            "in a file of",
        );
        says(
            &file("<f4", "False", "(1, 1)", &f32::NAN.to_le_bytes()),
            "row 0: NaN in dimension 0",
        );
        says(&file("<f4", "False", "(0, 3)", &[]), "shape [0, 3]");
        says(&[MAGIC, &[9, 0, 0, 0]].concat(), "version 9");
    }
}
