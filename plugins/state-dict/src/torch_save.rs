//! A state dict as `torch.save` writes it: what `torch.load(path, weights_only=True)` reads.

use std::io::{Cursor, Write};

use ficta_core::{Error, ErrorKind, Result};
use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};

use crate::Stored;

/// Where the archive's files lie, as PyTorch has it.
const FOLDER: &str = "archive";

/// The file of a state dict, in the order given: f32, or i64 where a tensor is a counter (`num_batches_tracked`). Equal tensors give equal bytes.
///
/// # Errors
/// [`ErrorKind::DATA`] for more than 4 GiB.
pub fn torch_save<'a>(tensors: impl IntoIterator<Item = (&'a str, &'a Stored)>) -> Result<Vec<u8>> {
    let cannot = |e: &(dyn std::error::Error + 'static)| Error::wrap(ErrorKind::DATA, "cannot write a .pth file", e);
    let mut pickle = Pickle::new();
    let mut storages = Vec::new();
    for (name, tensor) in tensors {
        let counter = name.ends_with("num_batches_tracked");
        pickle.tensor(name, &tensor.shape, counter, storages.len());
        storages.push(match counter {
            true => bytes(&tensor.values, |v| (v as i64).to_le_bytes()),
            false => bytes(&tensor.values, f32::to_le_bytes),
        });
    }
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    // No time of day: equal content shall be equal bytes. PyTorch maps storages into memory where they lie on 64 bytes.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default())
        .with_alignment(64);
    let mut file = |name: &str, content: &[u8]| -> Result<()> {
        zip.start_file(format!("{FOLDER}/{name}"), options)
            .map_err(|e| cannot(&e))?;
        zip.write_all(content).map_err(|e| cannot(&e))
    };
    file("data.pkl", &pickle.finish())?;
    file("byteorder", b"little")?;
    for (index, storage) in storages.iter().enumerate() {
        file(&format!("data/{index}"), storage)?;
    }
    file("version", b"3\n")?;
    Ok(zip.finish().map_err(|e| cannot(&e))?.into_inner())
}

fn bytes<const N: usize>(values: &[f32], encode: impl Fn(f32) -> [u8; N]) -> Vec<u8> {
    values.iter().flat_map(|v| encode(*v)).collect()
}

/// A dict of tensors in pickle's protocol 2.
struct Pickle(Vec<u8>);

impl Pickle {
    fn new() -> Self {
        Self(b"\x80\x02}(".to_vec())
    }

    fn finish(mut self) -> Vec<u8> {
        self.0.extend(b"u.");
        self.0
    }

    /// A key, and `torch._utils._rebuild_tensor_v2(storage, 0, shape, strides, False, OrderedDict())`.
    fn tensor(&mut self, name: &str, shape: &[usize], counter: bool, storage: usize) {
        self.text(name);
        self.0.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((");
        self.text("storage");
        let class: &[u8] = if counter { b"LongStorage" } else { b"FloatStorage" };
        self.0.extend([b"ctorch\n", class, b"\n"].concat());
        self.text(&storage.to_string());
        self.text("cpu");
        self.number(shape.iter().product());
        self.0.extend(b"tQ");
        self.number(0);
        let mut strides = vec![1; shape.len()];
        for axis in (1..shape.len()).rev() {
            strides[axis - 1] = strides[axis] * shape[axis].max(1);
        }
        for extents in [shape, &strides] {
            self.0.push(b'(');
            extents.iter().for_each(|d| self.number(*d));
            self.0.push(b't');
        }
        self.0.extend(b"\x89ccollections\nOrderedDict\n)RtR");
    }

    fn text(&mut self, text: &str) {
        self.0.push(b'X');
        self.0.extend((text.len() as u32).to_le_bytes());
        self.0.extend(text.as_bytes());
    }

    fn number(&mut self, number: usize) {
        match i32::try_from(number) {
            Ok(n) => {
                self.0.push(b'J');
                self.0.extend(n.to_le_bytes());
            }
            Err(_) => {
                self.0.extend([0x8a, 9]);
                self.0.extend((number as u64).to_le_bytes());
                self.0.push(0);
            }
        }
    }
}
