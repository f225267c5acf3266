//! Values of a column of a row group, with their gaps.

use parquet::{
    column::reader::ColumnReaderImpl,
    data_type::{ByteArray, ByteArrayType, DataType, Int32Type, Int64Type},
    errors::{ParquetError, Result},
};

use crate::storage::parquet_reader::ParquetReader;

/// Rows read in one step.
pub const STEP: usize = 64;

/// A column that is read from front to back.
pub struct Column<T: DataType> {
    reader: ColumnReaderImpl<T>,
    full: i16,
}

impl<T: DataType> Column<T> {
    /// The column `at` of a group.
    ///
    /// # Errors
    /// A damaged file.
    pub fn open(file: &ParquetReader, group: usize, at: usize) -> Result<Self> {
        let full = file.groups()[group].column(at).column_descr().max_def_level();
        let reader = file.column(group, at)?;
        Ok(Self { reader, full })
    }

    /// Passes over `rows` rows.
    ///
    /// # Errors
    /// A damaged file; one that ends early.
    pub fn skip(&mut self, rows: usize) -> Result<()> {
        match self.reader.skip_records(rows)? {
            skipped if skipped == rows => Ok(()),
            skipped => Err(ParquetError::EOF(format!(
                "the column ends after {skipped} of {rows} rows"
            ))),
        }
    }

    /// The next `rows` rows; none where there is no value.
    ///
    /// # Errors
    /// A damaged file; one that ends early.
    pub fn next(&mut self, rows: usize) -> Result<Vec<Option<T::T>>> {
        let (mut values, mut levels) = (Vec::new(), Vec::new());
        let wanted = (self.full > 0).then_some(&mut levels);
        let (read, _, _) = self.reader.read_records(rows, wanted, None, &mut values)?;
        if read != rows {
            return Err(ParquetError::EOF(format!(
                "the column has {read} more rows, expected {rows}"
            )));
        }
        if self.full == 0 {
            return Ok(values.into_iter().map(Some).collect());
        }
        let mut values = values.into_iter();
        let mut next = |level: &i16| if *level == self.full { values.next() } else { None };
        Ok(levels.iter().map(&mut next).collect())
    }
}

/// Calls `each` for the integers of a whole group.
///
/// # Errors
/// A damaged file; what `each` returns is inside.
pub fn integers<E>(
    file: &ParquetReader,
    group: usize,
    at: usize,
    rows: usize,
    wide: bool,
    mut each: impl FnMut(Option<i64>) -> Result<(), E>,
) -> Result<Result<(), E>> {
    fn go<T: DataType, E>(
        mut column: Column<T>,
        rows: usize,
        each: &mut dyn FnMut(Option<i64>) -> Result<(), E>,
        as_i64: fn(T::T) -> i64,
    ) -> Result<Result<(), E>> {
        let mut left = rows;
        while left > 0 {
            let step = left.min(8192);
            for value in column.next(step)? {
                if let Err(e) = each(value.map(as_i64)) {
                    return Ok(Err(e));
                }
            }
            left -= step;
        }
        Ok(Ok(()))
    }
    match wide {
        true => go(Column::<Int64Type>::open(file, group, at)?, rows, &mut each, |v| v),
        false => go(Column::<Int32Type>::open(file, group, at)?, rows, &mut each, i64::from),
    }
}

/// Calls `each` for the texts of a whole group.
///
/// # Errors
/// As for [`integers`].
pub fn texts<E>(
    file: &ParquetReader,
    group: usize,
    at: usize,
    rows: usize,
    mut each: impl FnMut(Option<ByteArray>) -> Result<(), E>,
) -> Result<Result<(), E>> {
    let mut column = Column::<ByteArrayType>::open(file, group, at)?;
    // One by one: texts that begin like the one before take few bytes in the file, however long they are.
    for _ in 0..rows {
        for value in column.next(1)? {
            if let Err(e) = each(value) {
                return Ok(Err(e));
            }
        }
    }
    Ok(Ok(()))
}
