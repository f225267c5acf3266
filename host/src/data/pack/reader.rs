//! Reads a pack.

use std::{
    fs::File,
    io::{BufReader, Cursor},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use ficta_core::{Error, Result};

use crate::{
    data::pickle::{self, Encoding, Limits, Pickled, Span, Value},
    storage::atomic::io_error,
};

/// A verification pack. It holds where each image stands, and not the images.
#[derive(Debug)]
pub struct Pack {
    path: PathBuf,
    file: File,
    images: Vec<Span>,
    same: Vec<bool>,
}

impl Pack {
    /// Opens a pack and reads where its images stand.
    ///
    /// # Errors
    /// [`ficta_core::ErrorKind::IO`] with the path. [`ficta_core::ErrorKind::DATA`] with path, offset and reason: a pickle that is cut short, that
    /// asks for code, or that is no pack; an image or an answer of another type; another count of images than two for each answer.
    pub fn open(path: &Path) -> Result<Self> {
        let io = |e| io_error("read", path, &e);
        let file = File::open(path).map_err(io)?;
        let size = file.metadata().map_err(io)?.len();
        let reader = BufReader::with_capacity(1 << 16, file.try_clone().map_err(io)?);
        let read = |span: Span| stored(&file, span);
        let (images, same) = pickle::load(reader, size, Limits::default())
            .and_then(|pickled| content(&pickled, read))
            .map_err(|e| e.context(path.display()))?;
        Ok(Self {
            path: path.to_owned(),
            file,
            images,
            same,
        })
    }

    /// Where the pack lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Number of images: two for each pair.
    pub fn len(&self) -> usize {
        self.images.len()
    }

    /// Whether there are no pairs.
    pub fn is_empty(&self) -> bool {
        self.images.is_empty()
    }

    /// Whether the two images of each pair show one person.
    pub fn same(&self) -> &[bool] {
        &self.same
    }

    /// The encoded bytes of image `index`. May be called from several threads at once.
    ///
    /// # Errors
    /// No such image; reading failed; bytes stored as text that cannot be; with path and offset.
    pub fn image(&self, index: usize) -> Result<Vec<u8>> {
        let Some(span) = self.images.get(index) else {
            return Err(Error::data(format!(
                "{}: there is no image {index}, only {}",
                self.path.display(),
                self.len()
            )));
        };
        stored(&self.file, *span)
            .and_then(|bytes| span.decode(bytes))
            .map_err(|e| e.context(format!("{}: image {index}", self.path.display())))
    }

    /// Offset of image `index` in the file, for messages.
    pub fn offset(&self, index: usize) -> Option<u64> {
        self.images.get(index).map(|span| span.offset)
    }
}

/// Reads the content of a pack in memory: images and answers.
///
/// # Errors
/// As for [`Pack::open`], without a path.
pub fn parse(bytes: &[u8]) -> Result<(Vec<Vec<u8>>, Vec<bool>)> {
    let pickled = pickle::load(Cursor::new(bytes), bytes.len() as u64, Limits::default())?;
    let slice = |span: Span| Ok(bytes[span.offset as usize..][..span.length as usize].to_vec());
    let (images, same) = content(&pickled, slice)?;
    let images: Result<Vec<_>> = images.iter().map(|span| span.decode(slice(*span)?)).collect();
    Ok((images?, same))
}

fn stored(file: &File, span: Span) -> Result<Vec<u8>> {
    let mut bytes = vec![0; span.length as usize];
    file.read_exact_at(&mut bytes, span.offset)
        .map_err(|e| Error::io(format!("offset {}: {} bytes: {e}", span.offset, span.length)))?;
    Ok(bytes)
}

/// Images and answers of `(bins, issame)`.
fn content(pickled: &Pickled, read: impl Fn(Span) -> Result<Vec<u8>>) -> Result<(Vec<Span>, Vec<bool>)> {
    let no_pack = |what: String| {
        Error::data(what)
            .help("a verification pack is a pickle of (bins, issame_list): encoded images, two for each truth value")
    };
    let (bins, answers) = match pickled.items(pickled.root) {
        Some([bins, answers]) => (*bins, *answers),
        Some(items) => return Err(no_pack(format!("the pickle holds {} objects, expected 2", items.len()))),
        None => {
            return Err(no_pack(format!(
                "the pickle holds {}, expected a pair",
                pickled.root.kind()
            )));
        }
    };
    let images = pickled
        .items(bins)
        .ok_or_else(|| {
            no_pack(format!(
                "the first object is {}, expected a list of images",
                bins.kind()
            ))
        })?
        .iter()
        .enumerate()
        .map(|(at, value)| pickled.bytes(*value).map_err(|e| e.context(format!("image {at}"))))
        .collect::<Result<Vec<_>>>()?;
    let same = truths(pickled, answers, &read)?;
    if images.len() != 2 * same.len() {
        return Err(no_pack(format!(
            "{} images for {} pairs, expected {}",
            images.len(),
            same.len(),
            2 * same.len()
        )));
    }
    if let Some(empty) = images.iter().position(|span| span.length == 0) {
        return Err(Error::data(format!(
            "offset {}: image {empty} has no bytes",
            images[empty].offset
        )));
    }
    Ok((images, same))
}

/// A list of truth values, or a NumPy array of bools or integers.
fn truths(pickled: &Pickled, answers: Value, read: &impl Fn(Span) -> Result<Vec<u8>>) -> Result<Vec<bool>> {
    if let Some(items) = pickled.items(answers) {
        let one = |(at, value): (usize, &Value)| {
            truth(pickled, *value, read).map_err(|e| e.context(format!("answer {at} of issame")))
        };
        return items.iter().enumerate().map(one).collect();
    }
    let array = pickled.array(answers);
    let Some((array, Some(Value::Bytes(span)))) = array.map(|array| (array, array.data)) else {
        return Err(Error::data(format!(
            "the second object is {}, expected a list of truth values",
            answers.kind()
        )));
    };
    let data = span.decode(read(span)?)?;
    let width = width(&array.dtype)?;
    if !matches!(array.shape[..], [count] if count.checked_mul(width as u64) == Some(data.len() as u64)) {
        return Err(Error::data(format!(
            "offset {}: issame is an array of shape {:?} and type {} with {} bytes",
            span.offset,
            array.shape,
            array.dtype,
            data.len()
        )));
    }
    data.chunks_exact(width)
        .enumerate()
        .map(|(at, number)| zero_or_one(number).ok_or_else(|| not_a_truth(at)))
        .collect()
}

fn truth(pickled: &Pickled, value: Value, read: &impl Fn(Span) -> Result<Vec<u8>>) -> Result<bool> {
    match value {
        Value::Bool(same) => Ok(same),
        Value::Int(0) => Ok(false),
        Value::Int(1) => Ok(true),
        Value::Scalar { dtype, data } if data.encoding != Encoding::Raw || data.length <= 8 => {
            let width = width(pickled.dtype(dtype))?;
            let bytes = data.decode(read(data)?)?;
            (bytes.len() == width)
                .then(|| zero_or_one(&bytes))
                .flatten()
                .ok_or_else(|| Error::data("a NumPy scalar that is neither 0 nor 1"))
        }
        other => Err(Error::data(format!("expected a truth value, got {}", other.kind()))),
    }
}

fn not_a_truth(at: usize) -> Error {
    Error::data(format!("answer {at} of issame is neither 0 nor 1"))
}

/// Bytes of one element.
fn width(dtype: &str) -> Result<usize> {
    match dtype.trim_start_matches('>') {
        "b1" | "u1" | "i1" | "bool" | "?" => Ok(1),
        "i2" | "u2" => Ok(2),
        "i4" | "u4" => Ok(4),
        "i8" | "u8" => Ok(8),
        other => Err(Error::data(format!(
            "expected truth values of NumPy's type b1 or an integer, got {}",
            other.escape_debug()
        ))),
    }
}

/// An integer in either order of bytes, where it is 0 or 1.
fn zero_or_one(bytes: &[u8]) -> Option<bool> {
    let (first, last) = (bytes.first()?, bytes.last()?);
    let sum: u32 = bytes.iter().map(|b| u32::from(*b)).sum();
    match sum {
        0 => Some(false),
        // The 1 must stand at an end: where, is the order of bytes.
        1 if *first == 1 || *last == 1 => Some(true),
        _ => None,
    }
}
