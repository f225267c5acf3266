//! Parquet as Hugging Face's `datasets` reads it: `data/train-00000-of-00001.parquet` with `image` (`bytes`, `path`) and `label`, a `ClassLabel` where
//! labels run from 0.

use std::{
    fs::{self, File},
    io::BufWriter,
    path::{Path, PathBuf},
    sync::Arc,
};

use ficta_core::{Error, ErrorKind, Result};
use parquet::{
    basic::{Compression, LogicalType, Repetition, Type as Physical},
    data_type::{ByteArray, ByteArrayType, DataType, Int64Type},
    errors::{ParquetError, Result as ParquetResult},
    file::{
        metadata::KeyValue,
        properties::{WriterProperties, WriterPropertiesPtr},
        writer::{SerializedFileWriter, SerializedRowGroupWriter},
    },
    schema::types::{Type, TypePtr},
};

use super::{Choice, Item, SetWriter};
use crate::storage::atomic::io_error;

/// Rows of a group: few, so that one image can be had without reading many.
const GROUP_ROWS: usize = 256;
/// A group is closed when its images have come to this many bytes.
const GROUP_BYTES: usize = 64 << 20;
/// A file is closed when it has come to this many bytes.
const FILE_BYTES: usize = 512 << 20;

#[derive(Default)]
struct Rows {
    images: Vec<ByteArray>,
    paths: Vec<ByteArray>,
    labels: Vec<i64>,
    bytes: usize,
}

pub(super) struct ParquetWriter {
    folder: PathBuf,
    schema: TypePtr,
    properties: WriterPropertiesPtr,
    open: Option<SerializedFileWriter<BufWriter<File>>>,
    files: usize,
    bytes: usize,
    rows: Rows,
}

fn wrong(e: &ParquetError) -> Error {
    Error::wrap(ErrorKind::IO, "cannot write Parquet", e)
}

/// What `datasets` reads the columns' meaning from.
fn features(chosen: &[Choice], names: &dyn Fn(i64) -> String) -> String {
    let mut labels: Vec<i64> = chosen.iter().map(|choice| choice.label).collect();
    labels.sort_unstable();
    labels.dedup();
    let dense = labels.iter().copied().eq(0..labels.len() as i64);
    let label = match dense {
        true => serde_json::json!({"names": labels.into_iter().map(names).collect::<Vec<_>>(), "_type": "ClassLabel"}),
        false => serde_json::json!({"dtype": "int64", "_type": "Value"}),
    };
    serde_json::json!({"info": {"features": {"image": {"_type": "Image"}, "label": label}}}).to_string()
}

fn schema() -> ParquetResult<Type> {
    let binary = |name: &str, logical| {
        Type::primitive_type_builder(name, Physical::BYTE_ARRAY)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(logical)
            .build()
            .map(Arc::new)
    };
    let image = Type::group_type_builder("image")
        .with_repetition(Repetition::OPTIONAL)
        .with_fields(vec![binary("bytes", None)?, binary("path", Some(LogicalType::String))?])
        .build()?;
    let label = Type::primitive_type_builder("label", Physical::INT64)
        .with_repetition(Repetition::OPTIONAL)
        .build()?;
    Type::group_type_builder("schema")
        .with_fields(vec![Arc::new(image), Arc::new(label)])
        .build()
}

impl ParquetWriter {
    pub(super) fn new(folder: &Path, chosen: &[Choice], names: &dyn Fn(i64) -> String) -> Result<Self> {
        let folder = folder.join("data");
        fs::create_dir_all(&folder).map_err(|e| io_error("write", &folder, &e))?;
        let about = KeyValue::new("huggingface".to_owned(), features(chosen, names));
        // Encoded images cannot be compressed further, and without dictionary and statistics they are not held twice.
        let properties = WriterProperties::builder()
            .set_created_by(concat!("ficta version ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_compression(Compression::UNCOMPRESSED)
            .set_dictionary_enabled(false)
            .set_statistics_enabled(parquet::file::properties::EnabledStatistics::None)
            .set_write_batch_size(32)
            .set_data_page_row_count_limit(32)
            .set_key_value_metadata(Some(vec![about]))
            .build();
        Ok(Self {
            folder,
            schema: Arc::new(schema().map_err(|e| wrong(&e))?),
            properties: Arc::new(properties),
            open: None,
            files: 0,
            bytes: 0,
            rows: Rows::default(),
        })
    }

    fn part(&self, number: usize) -> PathBuf {
        self.folder.join(format!("part-{number:05}"))
    }

    fn flush(&mut self) -> Result<()> {
        let rows = std::mem::take(&mut self.rows);
        if rows.labels.is_empty() {
            return Ok(());
        }
        if self.open.is_none() {
            let path = self.part(self.files);
            let file = File::create_new(&path).map_err(|e| io_error("write", &path, &e))?;
            let file = BufWriter::with_capacity(1 << 20, file);
            let writer = SerializedFileWriter::new(file, self.schema.clone(), self.properties.clone());
            self.open = Some(writer.map_err(|e| wrong(&e))?);
            self.files += 1;
            self.bytes = 0;
        }
        if let Some(writer) = &mut self.open {
            group(writer, &rows).map_err(|e| wrong(&e))?;
        }
        self.bytes += rows.bytes;
        if self.bytes >= FILE_BYTES {
            self.close()?;
        }
        Ok(())
    }

    fn close(&mut self) -> Result<()> {
        let Some(writer) = self.open.take() else { return Ok(()) };
        let file = writer.into_inner().map_err(|e| wrong(&e))?;
        file.into_inner()
            .map(drop)
            .map_err(|e| io_error("write", &self.folder, e.error()))
    }
}

fn group<W: std::io::Write + Send>(writer: &mut SerializedFileWriter<W>, rows: &Rows) -> ParquetResult<()> {
    let mut group = writer.next_row_group()?;
    put::<ByteArrayType, _>(&mut group, &rows.images, 2)?;
    put::<ByteArrayType, _>(&mut group, &rows.paths, 2)?;
    put::<Int64Type, _>(&mut group, &rows.labels, 1)?;
    group.close().map(drop)
}

fn put<T: DataType, W: std::io::Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    values: &[T::T],
    level: i16,
) -> ParquetResult<()> {
    let Some(mut column) = group.next_column()? else {
        return Err(ParquetError::General("the schema has too few columns".into()));
    };
    column
        .typed::<T>()
        .write_batch(values, Some(&vec![level; values.len()]), None)?;
    column.close()
}

impl SetWriter for ParquetWriter {
    fn add(&mut self, item: &Item<'_>) -> Result<()> {
        self.rows.images.push(ByteArray::from(item.bytes.to_vec()));
        self.rows.paths.push(ByteArray::from(item.file_name));
        self.rows.labels.push(item.label);
        self.rows.bytes += item.bytes.len();
        if self.rows.labels.len() >= GROUP_ROWS || self.rows.bytes >= GROUP_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.flush()?;
        self.close()?;
        for number in 0..self.files {
            let name = self
                .folder
                .join(format!("train-{number:05}-of-{:05}.parquet", self.files));
            fs::rename(self.part(number), &name).map_err(|e| io_error("write", &name, &e))?;
        }
        Ok(())
    }
}
