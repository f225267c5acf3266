//! The bytes of a Parquet file, through the `parquet` crate without Arrow.

use std::{path::Path, sync::Arc};

use ficta_core::{Error, Result};
use parquet::{
    basic::{Compression, LogicalType, Repetition, Type as Physical},
    data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FloatType, Int64Type},
    errors::{ParquetError, Result as ParquetResult},
    file::{
        properties::WriterProperties,
        writer::{SerializedFileWriter, SerializedRowGroupWriter},
    },
    schema::types::Type,
};

use super::{
    parquet_reader::{MOST_PER_BYTE, ParquetReader},
    table::{Column, Table},
};

pub(super) fn encode(table: &Table) -> ParquetResult<Vec<u8>> {
    let fields: ParquetResult<Vec<_>> = table
        .columns()
        .map(|(name, column)| field(name, column).map(Arc::new))
        .collect();
    let schema = Type::group_type_builder("schema").with_fields(fields?).build()?;
    // No time, no machine: only what depends on the content and on the version that writes.
    let properties = WriterProperties::builder()
        .set_created_by(concat!("ficta version ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(Compression::SNAPPY)
        .build();
    let mut writer = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties))?;
    let mut group = writer.next_row_group()?;
    for (_, column) in table.columns() {
        match column {
            Column::I64(v) => put::<Int64Type>(&mut group, v)?,
            Column::F64(v) => put::<DoubleType>(&mut group, v)?,
            Column::F32(v) => put::<FloatType>(&mut group, v)?,
            Column::Bool(v) => put::<BoolType>(&mut group, v)?,
            Column::Text(v) => {
                let bytes: Vec<ByteArray> = v.iter().map(|text| ByteArray::from(text.as_str())).collect();
                put::<ByteArrayType>(&mut group, &bytes)?;
            }
        }
    }
    group.close()?;
    writer.into_inner()
}

fn field(name: &str, column: &Column) -> ParquetResult<Type> {
    let (physical, logical) = match column {
        Column::I64(_) => (Physical::INT64, None),
        Column::F64(_) => (Physical::DOUBLE, None),
        Column::F32(_) => (Physical::FLOAT, None),
        Column::Bool(_) => (Physical::BOOLEAN, None),
        Column::Text(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
    };
    Type::primitive_type_builder(name, physical)
        .with_repetition(Repetition::REQUIRED)
        .with_logical_type(logical)
        .build()
}

fn put<T: DataType>(group: &mut SerializedRowGroupWriter<'_, Vec<u8>>, values: &[T::T]) -> ParquetResult<()> {
    let Some(mut column) = group.next_column()? else {
        return Err(ParquetError::General("the schema has too few columns".into()));
    };
    column.typed::<T>().write_batch(values, None, None)?;
    column.close()
}

pub(super) fn decode(path: &Path) -> Result<Table> {
    let reader = ParquetReader::open(path)?;
    let schema = reader.metadata().file_metadata().schema_descr();
    let mut table = Table::new();
    for (at, description) in schema.columns().iter().enumerate() {
        let name = description.name();
        if description.max_def_level() > 0 || description.max_rep_level() > 0 {
            let message = format!(
                "{}: column `{name}` is optional or repeated, expected required",
                path.display()
            );
            return Err(Error::data(message));
        }
        let read = || match description.physical_type() {
            Physical::INT64 => get::<Int64Type>(&reader, at).map(Column::I64).map(Some),
            Physical::DOUBLE => get::<DoubleType>(&reader, at).map(Column::F64).map(Some),
            Physical::FLOAT => get::<FloatType>(&reader, at).map(Column::F32).map(Some),
            Physical::BOOLEAN => get::<BoolType>(&reader, at).map(Column::Bool).map(Some),
            Physical::BYTE_ARRAY => texts(&reader, at).map(Column::Text).map(Some),
            _ => Ok(None),
        };
        let Some(column) = reader.sound(read)? else {
            let message = format!(
                "{}: column `{name}` is of type {}",
                path.display(),
                description.physical_type()
            );
            return Err(Error::data(message).help("expected INT64, DOUBLE, FLOAT, BOOLEAN or BYTE_ARRAY"));
        };
        table = table.with(name, column)?;
    }
    Ok(table)
}

fn get<T: DataType>(reader: &ParquetReader, column: usize) -> ParquetResult<Vec<T::T>> {
    let mut values = Vec::new();
    for (at, group) in reader.groups().iter().enumerate() {
        let rows = usize::try_from(group.num_rows()).unwrap_or(0);
        let mut typed = reader.column::<T>(at, column)?;
        let (read, _, _) = typed.read_records(rows, None, None, &mut values)?;
        if read != rows {
            return Err(ParquetError::EOF(format!("row group {at} has {read} of {rows} rows")));
        }
    }
    Ok(values)
}

/// Bytes that a column of texts may have in a file of any size: 1 GiB.
const SHORT_TEXT: u64 = 1 << 30;

fn texts(reader: &ParquetReader, column: usize) -> ParquetResult<Vec<String>> {
    let most = SHORT_TEXT.max(reader.size().saturating_mul(MOST_PER_BYTE));
    let (mut texts, mut size) = (Vec::new(), 0);
    for (at, group) in reader.groups().iter().enumerate() {
        let mut typed = reader.column::<ByteArrayType>(at, column)?;
        // One by one: texts that begin like the one before take few bytes in the file, however long they are.
        for row in 0..group.num_rows() {
            let mut value = Vec::with_capacity(1);
            typed.read_records(1, None, None, &mut value)?;
            let Some(text) = value.pop() else {
                let rows = group.num_rows();
                return Err(ParquetError::EOF(format!("row group {at} has {row} of {rows} rows")));
            };
            size += text.len() as u64;
            if size > most {
                return Err(ParquetError::General(format!("more than {most} bytes of text")));
            }
            texts.push(text.as_utf8()?.to_owned());
        }
    }
    Ok(texts)
}
