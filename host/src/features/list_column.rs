//! Features in a Parquet file: a column of lists of floats, as pandas, Polars and pyarrow write them.

use std::path::Path;

use ficta_core::{Error, Result};
use parquet::{
    basic::Type as Physical,
    data_type::{DataType, DoubleType, FloatType, Int32Type, Int64Type},
    schema::types::ColumnDescriptor,
};

use super::FeatureTable;
use crate::{pipeline::matrix::Matrix, storage::parquet_reader::ParquetReader};

/// What every Parquet file begins with.
pub(super) const MAGIC: &[u8] = b"PAR1";

/// Reads the list column `feature`, or the only one, with the columns `label` and `variance` where they are.
pub(super) fn read(path: &Path) -> Result<FeatureTable> {
    let reader = ParquetReader::open(path)?;
    let schema = reader.metadata().file_metadata().schema_descr_ptr();
    let columns = schema.columns();
    let top = |c: &ColumnDescriptor| c.path().parts().first().cloned().unwrap_or_default();
    let is_floats = |c: &ColumnDescriptor| matches!(c.physical_type(), Physical::FLOAT | Physical::DOUBLE);
    let lists: Vec<usize> = (0..columns.len())
        .filter(|i| columns[*i].max_rep_level() == 1 && is_floats(&columns[*i]))
        .collect();
    let named = lists.iter().find(|i| top(&columns[**i]) == "feature");
    let at = match (named, &lists[..]) {
        (Some(at), _) => *at,
        (None, [only]) => *only,
        _ => {
            let all: Vec<String> = columns.iter().map(|c| top(c)).collect();
            return Err(Error::data(format!(
                "{}: no column `feature`, and {} columns of lists of floats; it holds {}",
                path.display(),
                lists.len(),
                all.join(", ")
            ))
            .help("name the features `feature`, a list of float32 or float64"));
        }
    };
    let flat = |name: &str| (0..columns.len()).find(|i| columns[*i].max_rep_level() == 0 && top(&columns[*i]) == name);
    let feature = match columns[at].physical_type() {
        Physical::FLOAT => matrix::<FloatType>(&reader, at, &columns[at], |x| *x),
        _ => matrix::<DoubleType>(&reader, at, &columns[at], |x| *x as f32),
    };
    let mut table = FeatureTable {
        feature: feature?,
        name: path.display().to_string(),
        ..FeatureTable::default()
    };
    if let Some(at) = flat("label") {
        let labels = match columns[at].physical_type() {
            Physical::INT64 => numbers::<Int64Type, i64>(&reader, at, &columns[at], |x| *x),
            Physical::INT32 => numbers::<Int32Type, i64>(&reader, at, &columns[at], |x| i64::from(*x)),
            other => {
                return Err(
                    Error::data(format!("{}: column `label` is of type {other}", path.display()))
                        .help("labels are integers: `pd.factorize` numbers names"),
                );
            }
        };
        table.label = Some(labels?);
    }
    if let Some(at) = flat("variance").filter(|at| is_floats(&columns[*at])) {
        let variance = match columns[at].physical_type() {
            Physical::FLOAT => numbers::<FloatType, f32>(&reader, at, &columns[at], |x| *x),
            _ => numbers::<DoubleType, f32>(&reader, at, &columns[at], |x| *x as f32),
        };
        table.variance = Some(variance?);
    }
    table.checked()
}

/// What a column holds: its values, and how each is nested.
struct Raw<T> {
    values: Vec<T>,
    definition: Vec<i16>,
    repetition: Vec<i16>,
}

fn raw<T: DataType>(reader: &ParquetReader, column: usize) -> Result<Raw<T::T>> {
    let mut out = Raw {
        values: Vec::new(),
        definition: Vec::new(),
        repetition: Vec::new(),
    };
    reader.sound(|| {
        for at in 0..reader.groups().len() {
            let mut typed = reader.column::<T>(at, column)?;
            loop {
                let (records, _, levels) = typed.read_records(
                    1 << 16,
                    Some(&mut out.definition),
                    Some(&mut out.repetition),
                    &mut out.values,
                )?;
                if records == 0 && levels == 0 {
                    break;
                }
            }
        }
        Ok(())
    })?;
    Ok(out)
}

fn named(reader: &ParquetReader, about: &ColumnDescriptor) -> String {
    format!("{}: column `{}`", reader.path().display(), about.path().string())
}

/// A list column as rows of one length.
fn matrix<T: DataType>(
    reader: &ParquetReader,
    column: usize,
    about: &ColumnDescriptor,
    convert: impl Fn(&T::T) -> f32,
) -> Result<Matrix> {
    let raw = raw::<T>(reader, column)?;
    let name = named(reader, about);
    let mut lengths: Vec<usize> = Vec::new();
    for (at, repetition) in raw.repetition.iter().enumerate() {
        if *repetition == 0 {
            lengths.push(0);
        }
        let row = lengths.len().saturating_sub(1);
        if raw.definition.get(at).is_some_and(|d| *d < about.max_def_level()) {
            return Err(Error::data(format!(
                "{name}, row {row}: a list that is null, empty, or holds a null"
            ))
            .help("leave out rows without features"));
        }
        if let Some(length) = lengths.last_mut() {
            *length += 1;
        }
    }
    let dim = lengths.first().copied().unwrap_or(0);
    if let Some(row) = lengths.iter().position(|length| *length != dim) {
        return Err(Error::data(format!(
            "{name}, row {row}: a list of {} numbers, expected {dim} as in row 0",
            lengths[row]
        )));
    }
    Matrix::new(raw.values.iter().map(convert).collect(), lengths.len(), dim).map_err(|e| e.context(name))
}

/// A flat column without nulls.
fn numbers<T: DataType, U>(
    reader: &ParquetReader,
    column: usize,
    about: &ColumnDescriptor,
    convert: impl Fn(&T::T) -> U,
) -> Result<Vec<U>> {
    let raw = raw::<T>(reader, column)?;
    if let Some(row) = raw.definition.iter().position(|d| *d < about.max_def_level()) {
        return Err(Error::data(format!("{}, row {row} is null", named(reader, about))));
    }
    Ok(raw.values.iter().map(convert).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture(name: &str) -> Result<FeatureTable> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
        FeatureTable::read(&folder.join(name))
    }

    #[test]
    fn what_pyarrow_and_numpy_write_is_read() {
        let expected: Vec<f32> = (0..15).map(|i| (i / 3) as f32 + (i % 3) as f32 / 8.0).collect();
        let (npy, parquet) = (fixture("features.npy").unwrap(), fixture("features.parquet").unwrap());
        for table in [&npy, &parquet] {
            assert_eq!((table.feature.rows, table.feature.cols), (5, 3));
            assert_eq!(table.feature.data, expected);
        }
        assert_eq!(npy.label, None);
        assert_eq!(parquet.label.unwrap(), [4, 4, 7, 7, 9]);
        let variance = parquet.variance.unwrap();
        assert!(variance[1].is_nan());
        assert_eq!((variance[0], variance[4]), (0.5, 1.0));
    }

    #[test]
    fn lists_of_unequal_length_and_nulls_are_named_by_row() {
        for (name, words) in [
            ("ragged.parquet", "row 3: a list of 2 numbers, expected 3"),
            ("nulls.parquet", "row 3: a list that is null"),
        ] {
            let error = fixture(name).unwrap_err();
            assert!(error.message().contains(words), "{error}");
        }
    }
}
