//! A safetensors file whose tensors of bytes are written row by row, so that they need not be held.

use std::{collections::BTreeMap, fs::File, os::unix::fs::FileExt, path::Path};

use ficta_core::{Error, Result};
use safetensors::Dtype;

use super::{
    atomic::{io_error, write_anywhere},
    safetensors_file::{Entry, header},
};

/// A file under way: `label` and tensors of bytes with as many rows.
pub(crate) struct RowTensors<'a> {
    path: &'a Path,
    file: &'a File,
    /// Where each tensor of bytes begins, and the length of its rows.
    tensors: BTreeMap<String, (usize, usize)>,
}

impl RowTensors<'_> {
    /// Writes the file `path`, whole or not at all, with the bytes that [`super::Tensors::write`] would write. `fill` begins it and puts every row in its
    /// place.
    ///
    /// # Errors
    /// What `fill` returns; [`ficta_core::ErrorKind::IO`] with the path.
    pub(crate) fn write(path: &Path, fill: impl FnOnce(&mut RowTensors<'_>) -> Result<()>) -> Result<()> {
        let tensors = BTreeMap::new();
        write_anywhere(path, |file| fill(&mut RowTensors { path, file, tensors }))
    }

    /// Writes the labels `[N]` and makes room for tensors of bytes of N rows, each row of the shape given.
    ///
    /// # Errors
    /// [`ficta_core::ErrorKind::IO`] with the path.
    pub(crate) fn begin(&mut self, labels: &[i64], rows: &[(&str, &[usize])]) -> Result<()> {
        let count = [labels.len()];
        let shapes: Vec<_> = rows.iter().map(|(_, row)| [&count[..], row].concat()).collect();
        let mut entries = vec![Entry::new("label", Dtype::I64, &count)];
        let bytes = rows.iter().zip(&shapes);
        entries.extend(bytes.map(|((name, _), shape)| Entry::new(name, Dtype::U8, shape)));
        entries.sort_by_key(Entry::order);
        let header = header(&BTreeMap::new(), &entries)?;
        let mut start = [&(header.len() as u64).to_le_bytes(), header.as_bytes()].concat();
        // Labels are wider than bytes, and so they come first.
        start.extend(labels.iter().flat_map(|label| label.to_le_bytes()));
        let mut end = start.len() - entries[0].bytes();
        for entry in &entries {
            let row = rows.iter().find(|(name, _)| *name == entry.name());
            if let Some((name, row)) = row {
                self.tensors.insert((*name).to_owned(), (end, row.iter().product()));
            }
            end += entry.bytes();
        }
        let made = self.file.set_len(end as u64);
        made.and_then(|()| self.file.write_all_at(&start, 0))
            .map_err(|e| io_error("write", self.path, &e))
    }

    /// Writes row `at` of a tensor of bytes.
    ///
    /// # Errors
    /// [`ficta_core::ErrorKind::IO`] with the path; a row of another length; a tensor that [`RowTensors::begin`] was not told of.
    pub(crate) fn put(&self, name: &str, at: usize, row: &[u8]) -> Result<()> {
        let (start, length) = self.tensors.get(name).copied().unwrap_or_default();
        if row.len() != length {
            let shown = self.path.display();
            return Err(Error::shape(format!(
                "{shown}: a row of {} bytes in `{name}`, expected {length}",
                row.len()
            )));
        }
        self.file
            .write_all_at(row, (start + at * length) as u64)
            .map_err(|e| io_error("write", self.path, &e))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::storage::Tensors;

    #[test]
    fn rows_in_any_order_give_the_bytes_of_the_whole() {
        let folder = tempfile::tempdir().unwrap();
        let (whole, by_rows) = (folder.path().join("whole"), folder.path().join("rows"));
        for labels in [vec![3i64, -1, 7], Vec::new()] {
            let n = labels.len();
            let mut tensors = Tensors::new();
            tensors.insert("small", &[n, 2], (0..2 * n as u8).collect()).unwrap();
            tensors
                .insert("full", &[n, 1, 3], (100..100 + 3 * n as u8).collect())
                .unwrap();
            tensors.insert("label", &[n], labels.clone()).unwrap();
            tensors.write(&whole).unwrap();
            RowTensors::write(&by_rows, |file| {
                file.begin(&labels, &[("small", &[2]), ("full", &[1, 3])])?;
                for at in (0..n).rev() {
                    file.put("full", at, &[0, 1, 2].map(|i| 100 + 3 * at as u8 + i))?;
                    file.put("small", at, &[0, 1].map(|i| 2 * at as u8 + i))?;
                }
                Ok(())
            })
            .unwrap();
            assert_eq!(fs::read(&by_rows).unwrap(), fs::read(&whole).unwrap(), "{n} rows");
        }
    }

    #[test]
    fn a_row_of_another_length_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows");
        let error = RowTensors::write(&path, |file| {
            file.begin(&[1, 2], &[("small", &[2])])?;
            file.put("small", 0, &[1, 2, 3])
        });
        let message = error.unwrap_err().message().to_owned();
        assert!(
            message.ends_with("rows: a row of 3 bytes in `small`, expected 2"),
            "{message}"
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
