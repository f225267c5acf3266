//! Small tables in memory: named columns of equal length, written as Parquet and as CSV.

use std::{
    fmt::{self, Write as _},
    path::{Path, PathBuf},
};

use ficta_core::{Error, ErrorKind, Result};

use super::{atomic, parquet_file};

/// The values of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    /// 64-bit signed integers.
    I64(Vec<i64>),
    /// 64-bit floats.
    F64(Vec<f64>),
    /// 32-bit floats.
    F32(Vec<f32>),
    /// Text.
    Text(Vec<String>),
    /// Truth values.
    Bool(Vec<bool>),
}

impl Column {
    /// Number of values.
    pub fn len(&self) -> usize {
        match self {
            Self::I64(v) => v.len(),
            Self::F64(v) => v.len(),
            Self::F32(v) => v.len(),
            Self::Text(v) => v.len(),
            Self::Bool(v) => v.len(),
        }
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The type in words.
    fn kind(&self) -> &'static str {
        match self {
            Self::I64(_) => "i64",
            Self::F64(_) => "f64",
            Self::F32(_) => "f32",
            Self::Text(_) => "text",
            Self::Bool(_) => "bool",
        }
    }

    /// One value as CSV shows it: floats with as many digits as it takes to read back the same number, `NaN`, `inf`; text quoted where
    /// it must be.
    fn cell(&self, row: usize, out: &mut String) -> fmt::Result {
        match self {
            Self::I64(v) => write!(out, "{}", v[row]),
            Self::F64(v) => write!(out, "{:?}", v[row]),
            Self::F32(v) => write!(out, "{:?}", v[row]),
            Self::Text(v) => write!(out, "{}", quoted(&v[row])),
            Self::Bool(v) => write!(out, "{}", v[row]),
        }
    }
}

macro_rules! column_from {
    ($($ty:ty => $variant:ident),*) => {$(
        impl From<Vec<$ty>> for Column {
            fn from(values: Vec<$ty>) -> Self {
                Self::$variant(values)
            }
        }
        impl FromIterator<$ty> for Column {
            fn from_iter<I: IntoIterator<Item = $ty>>(values: I) -> Self {
                Self::$variant(values.into_iter().collect())
            }
        }
    )*};
}
column_from!(i64 => I64, f64 => F64, f32 => F32, String => Text, bool => Bool);

macro_rules! getters {
    ($($(#[$doc:meta])* $name:ident $ty:ty => $variant:ident $kind:literal),*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// No such column, or one of another type; with file and column.
        pub fn $name(&self, column: &str) -> Result<&[$ty]> {
            match self.column(column) {
                Some(Column::$variant(values)) => Ok(values),
                other => Err(self.mismatch(column, $kind, other)),
            }
        }
    )*};
}

/// Named columns of equal length, in a fixed order. Two tables are equal if their columns are, wherever they were read from.
#[derive(Clone, Debug, Default)]
pub struct Table {
    origin: Option<PathBuf>,
    columns: Vec<(String, Column)>,
}

impl Table {
    /// No columns yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The table with one more column at its end.
    ///
    /// # Errors
    /// A name that is there already; another length than the columns before.
    pub fn with(mut self, name: &str, values: impl Into<Column>) -> Result<Self> {
        let values = values.into();
        if self.column(name).is_some() {
            return Err(Error::data(format!("the table has a column `{name}` already")));
        }
        if let Some((first, column)) = self.columns.first()
            && column.len() != values.len()
        {
            let (expected, got) = (column.len(), values.len());
            return Err(Error::shape(format!(
                "column `{name}`: expected {expected} rows as in column `{first}`, got {got}"
            )));
        }
        self.columns.push((name.to_owned(), values));
        Ok(self)
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |(_, column)| column.len())
    }

    /// Names and values, in order.
    pub fn columns(&self) -> impl Iterator<Item = (&str, &Column)> {
        self.columns.iter().map(|(name, column)| (name.as_str(), column))
    }

    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|(n, _)| n == name).map(|(_, column)| column)
    }

    getters! {
        /// The integers of a column.
        i64s i64 => I64 "i64",
        /// The 64-bit floats of a column.
        f64s f64 => F64 "f64",
        /// The 32-bit floats of a column.
        f32s f32 => F32 "f32",
        /// The texts of a column.
        texts String => Text "text",
        /// The truth values of a column.
        bools bool => Bool "bool"
    }

    fn mismatch(&self, name: &str, expected: &str, got: Option<&Column>) -> Error {
        let origin = match &self.origin {
            Some(path) => path.display().to_string(),
            None => "table in memory".to_owned(),
        };
        if let Some(column) = got {
            return Error::data(format!(
                "{origin}: column `{name}`: expected {expected}, got {}",
                column.kind()
            ));
        }
        let there: Vec<&str> = self.columns().map(|(name, _)| name).collect();
        Error::data(format!("{origin}: no column `{name}`; it holds {}", there.join(", ")))
    }

    /// The table as CSV (RFC 4180, but lines end with a line feed alone).
    pub fn to_csv(&self) -> String {
        let header: Vec<String> = self.columns.iter().map(|(name, _)| quoted(name)).collect();
        let mut text = header.join(",");
        text.push('\n');
        for row in 0..self.rows() {
            for (at, (_, column)) in self.columns.iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                // Writing to a String cannot fail.
                let _ = column.cell(row, &mut text);
            }
            text.push('\n');
        }
        text
    }

    /// Writes [`Table::to_csv`] to a file.
    ///
    /// # Errors
    /// [`ficta_core::ErrorKind::IO`] with the path.
    pub fn write_csv(&self, path: &Path) -> Result<()> {
        atomic::write_bytes(path, self.to_csv().as_bytes())
    }

    /// Writes a Parquet file: one row group, required columns, Snappy. The same content gives the same bytes.
    ///
    /// # Errors
    /// [`ficta_core::ErrorKind::IO`] with the path; a table without columns.
    pub fn write_parquet(&self, path: &Path) -> Result<()> {
        if self.columns.is_empty() {
            return Err(Error::data(format!(
                "cannot write {}: the table has no columns",
                path.display()
            )));
        }
        let wrong = |e| {
            Error::wrap(
                ErrorKind::DATA,
                format!("cannot write {} as Parquet", path.display()),
                &e,
            )
        };
        atomic::write_bytes(path, &parquet_file::encode(self).map_err(wrong)?)
    }

    /// Reads a Parquet file of flat, required columns, as [`Table::write_parquet`] makes them.
    ///
    /// # Errors
    /// [`ficta_core::ErrorKind::IO`] with the path; [`ficta_core::ErrorKind::DATA`] for other files and other types of columns.
    pub fn read_parquet(path: &Path) -> Result<Self> {
        Ok(Self {
            origin: Some(path.to_owned()),
            ..parquet_file::decode(path)?
        })
    }
}

impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        self.columns == other.columns
    }
}

/// A CSV field.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn audit() -> Table {
        let text = |v: &[&str]| v.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
        Table::new()
            .with("candidate", vec![0i64, -1, i64::MAX])
            .and_then(|t| t.with("t", vec![0.1f32, f32::NAN, 1e20]))
            .and_then(|t| t.with("variance", vec![0.1f64, f64::INFINITY, 1e-300]))
            .and_then(|t| t.with("decision", text(&["keep", "a,b", "say \"no\"\n"])))
            .and_then(|t| t.with("real", vec![true, false, true]))
            .unwrap()
    }

    #[test]
    fn csv_reads_back_and_quotes() {
        let expected = "candidate,t,variance,decision,real\n\
                        0,0.1,0.1,keep,true\n\
                        -1,NaN,inf,\"a,b\",false\n\
                        9223372036854775807,1e20,1e-300,\"say \"\"no\"\"\n\",true\n";
        assert_eq!(audit().to_csv(), expected);
    }

    #[test]
    fn parquet_comes_back_with_its_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.parquet");
        audit().write_parquet(&path).unwrap();
        // NaN differs from itself, its CSV does not.
        assert_eq!(Table::read_parquet(&path).unwrap().to_csv(), audit().to_csv());
    }

    #[test]
    fn a_table_without_rows_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("empty.parquet");
        let empty = Table::new()
            .with("a", Vec::<i64>::new())
            .unwrap()
            .with("b", Vec::<String>::new())
            .unwrap();
        empty.write_parquet(&path).unwrap();
        assert_eq!(Table::read_parquet(&path).unwrap(), empty);
        assert_eq!(empty.to_csv(), "a,b\n");
        assert!(Table::new().write_parquet(&path).is_err());
    }

    #[test]
    fn equal_content_gives_equal_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.parquet");
        let mut seen = Vec::new();
        for _ in 0..3 {
            audit().write_parquet(&path).unwrap();
            seen.push(std::fs::read(&path).unwrap());
        }
        assert!(seen.windows(2).all(|pair| pair[0] == pair[1]));
        let written = concat!("ficta version ", env!("CARGO_PKG_VERSION")).as_bytes();
        assert!(
            seen[0].windows(written.len()).any(|part| part == written),
            "the file says what wrote it"
        );
    }

    #[test]
    fn columns_must_agree() {
        let error = audit().with("more", vec![1i64]).unwrap_err();
        assert_eq!(
            error.message(),
            "column `more`: expected 3 rows as in column `candidate`, got 1"
        );
        assert!(
            audit()
                .with("t", vec![1i64, 2, 3])
                .unwrap_err()
                .message()
                .contains("`t` already")
        );
    }

    #[test]
    fn getters_give_values_and_say_what_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.parquet");
        audit().write_parquet(&path).unwrap();
        let table = Table::read_parquet(&path).unwrap();
        assert_eq!(table.i64s("candidate").unwrap(), [0, -1, i64::MAX]);
        assert_eq!(table.f64s("variance").unwrap(), [0.1, f64::INFINITY, 1e-300]);
        assert_eq!(table.f32s("t").unwrap()[2], 1e20);
        assert_eq!(table.texts("decision").unwrap()[1], "a,b");
        assert_eq!(table.bools("real").unwrap(), [true, false, true]);
        let wrong = table.f64s("t").unwrap_err();
        assert!(
            wrong
                .message()
                .ends_with("audit.parquet: column `t`: expected f64, got f32"),
            "{wrong}"
        );
        assert_eq!(
            audit().texts("blocker").unwrap_err().message(),
            "table in memory: no column `blocker`; it holds candidate, t, variance, decision, real"
        );
    }

    #[test]
    fn other_files_are_rejected() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        audit().write_parquet(&path).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        for cut in [0, 3, bytes.len() / 2, bytes.len() - 1] {
            std::fs::write(&path, &bytes[..cut]).unwrap();
            assert!(Table::read_parquet(&path).unwrap_err().message().contains("a.parquet"));
        }
    }
}
