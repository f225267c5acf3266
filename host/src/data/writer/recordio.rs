//! RecordIO in InsightFace's style: `train.rec`, `train.idx`, `train.lst`, `property`.

use std::{
    fs::File,
    io::{self, BufWriter, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use ficta_core::{Error, Result};

use super::{Item, SetWriter, file_name::safe};
use crate::{
    data::source::recordio::{chunk, payload},
    storage::atomic::io_error,
};

/// Labels above are not exact as f32.
const LARGEST_LABEL: i64 = 1 << 24;

pub(super) struct RecordIoWriter {
    rec_path: PathBuf,
    rec: BufWriter<File>,
    idx: BufWriter<File>,
    lst: BufWriter<File>,
    at: u64,
    key: u64,
    /// Label, first and end key of each identity.
    identities: Vec<(i64, u64, u64)>,
    /// Height and width of the first image.
    size: Option<(u32, u32)>,
    buffer: Vec<u8>,
}

impl RecordIoWriter {
    pub(super) fn new(folder: &Path) -> Result<Self> {
        let create = |name: &str| {
            let path = folder.join(name);
            let file = File::create_new(&path).map_err(|e| io_error("write", &path, &e))?;
            Ok::<_, Error>(BufWriter::with_capacity(1 << 20, file))
        };
        let mut writer = Self {
            rec_path: folder.join("train.rec"),
            rec: create("train.rec")?,
            idx: create("train.idx")?,
            lst: create("train.lst")?,
            at: 0,
            key: 0,
            identities: Vec::new(),
            size: None,
            buffer: Vec::new(),
        };
        // Its labels are known at the end only.
        writer.record(&payload::pair_head([0.0; 2], 0))?;
        Ok(writer)
    }

    fn record(&mut self, payload: &[u8]) -> Result<()> {
        self.buffer.clear();
        chunk::frame(payload, &mut self.buffer).map_err(|length| {
            Error::data(format!(
                "record {}: {length} bytes, RecordIO holds fewer than 2^29",
                self.key
            ))
        })?;
        let written = writeln!(self.idx, "{}\t{}", self.key, self.at).and_then(|()| self.rec.write_all(&self.buffer));
        written.map_err(|e| io_error("write", &self.rec_path, &e))?;
        self.at += self.buffer.len() as u64;
        self.key += 1;
        Ok(())
    }

    fn close(&mut self) -> io::Result<()> {
        self.rec.flush()?;
        self.idx.flush()?;
        self.lst.flush()
    }
}

impl SetWriter for RecordIoWriter {
    fn add(&mut self, item: &Item<'_>) -> Result<()> {
        if item.label > LARGEST_LABEL {
            return Err(Error::data(format!(
                "label {}: RecordIO holds labels as f32, exactly up to {LARGEST_LABEL}",
                item.label
            ))
            .help("give --relabel, which numbers the identities from 0"));
        }
        match self.identities.last_mut() {
            Some((label, _, end)) if *label == item.label => *end = self.key + 1,
            _ => self.identities.push((item.label, self.key, self.key + 1)),
        }
        if self.size.is_none() {
            let reader = image::ImageReader::new(io::Cursor::new(item.bytes)).with_guessed_format();
            self.size = reader.ok().and_then(|r| r.into_dimensions().ok()).map(|(w, h)| (h, w));
        }
        let line = writeln!(
            self.lst,
            "{}\t{}\t{}/{}",
            self.key,
            item.label,
            safe(item.identity),
            safe(item.file_name)
        );
        line.map_err(|e| io_error("write", &self.rec_path.with_extension("lst"), &e))?;
        let mut data = payload::head(item.label as f32, self.key).to_vec();
        data.extend_from_slice(item.bytes);
        self.record(&data)
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        let first = self.key;
        for (_, from, to) in std::mem::take(&mut self.identities) {
            let key = self.key;
            self.record(&payload::pair_head([from as f32, to as f32], key))?;
        }
        let identities = self.key - first;
        let mut head = Vec::new();
        let labels = [first as f32, self.key as f32];
        let _ = chunk::frame(&payload::pair_head(labels, 0), &mut head);
        let folder = self.rec_path.with_file_name("property");
        let (height, width) = self.size.unwrap_or((0, 0));
        let written = self
            .close()
            .and_then(|()| self.rec.seek(SeekFrom::Start(0)))
            .and_then(|_| self.rec.write_all(&head))
            .and_then(|()| self.rec.flush())
            .and_then(|()| std::fs::write(&folder, format!("{identities},{height},{width}\n")));
        written.map_err(|e| io_error("write", &self.rec_path, &e))
    }
}
