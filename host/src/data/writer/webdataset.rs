//! WebDataset: `train-000000.tar` and so on, each sample an image, its `.cls` and a `.json`.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use ficta_core::Result;
use tar::{EntryType, Header};

use super::{Item, SetWriter, file_name::ending_of};
use crate::storage::atomic::io_error;

/// A shard is closed when it has come to this many bytes.
const SHARD_BYTES: u64 = 1 << 30;
/// Most samples of a shard.
const SHARD_SAMPLES: usize = 10_000;

pub(super) struct WebDatasetWriter {
    folder: PathBuf,
    shard: Option<(PathBuf, tar::Builder<BufWriter<File>>)>,
    shards: usize,
    bytes: u64,
    samples: usize,
    key: usize,
}

impl WebDatasetWriter {
    pub(super) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            shard: None,
            shards: 0,
            bytes: 0,
            samples: 0,
            key: 0,
        }
    }

    fn close(&mut self) -> Result<()> {
        match self.shard.take() {
            None => Ok(()),
            Some((path, builder)) => {
                let closed = builder.into_inner().and_then(|mut file| file.flush());
                closed.map_err(|e| io_error("write", &path, &e))
            }
        }
    }

    fn open(&mut self) -> Result<&mut (PathBuf, tar::Builder<BufWriter<File>>)> {
        let path = self.folder.join(format!("train-{:06}.tar", self.shards));
        let file = File::create_new(&path).map_err(|e| io_error("write", &path, &e))?;
        self.shards += 1;
        (self.bytes, self.samples) = (0, 0);
        Ok(self
            .shard
            .insert((path, tar::Builder::new(BufWriter::with_capacity(1 << 20, file)))))
    }
}

/// Neither time nor owner: the same content gives the same bytes.
fn member(builder: &mut tar::Builder<impl Write>, name: &str, content: &[u8]) -> io::Result<()> {
    let mut header = Header::new_ustar();
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    header.set_entry_type(EntryType::Regular);
    builder.append_data(&mut header, name, content)
}

impl SetWriter for WebDatasetWriter {
    fn add(&mut self, item: &Item<'_>) -> Result<()> {
        if self.bytes >= SHARD_BYTES || self.samples >= SHARD_SAMPLES {
            self.close()?;
        }
        let about =
            serde_json::json!({"label": item.label, "identity": item.identity, "file": item.file_name}).to_string();
        let (key, ending, label) = (self.key, ending_of(item.file_name), item.label.to_string());
        let (path, builder) = match self.shard {
            Some(ref mut shard) => shard,
            None => self.open()?,
        };
        let written = member(builder, &format!("{key:09}.cls"), label.as_bytes())
            .and_then(|()| member(builder, &format!("{key:09}.json"), about.as_bytes()))
            .and_then(|()| member(builder, &format!("{key:09}.{ending}"), item.bytes));
        written.map_err(|e| io_error("write", path, &e))?;
        self.key += 1;
        self.samples += 1;
        self.bytes += item.bytes.len() as u64 + 2048;
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.close()
    }
}
