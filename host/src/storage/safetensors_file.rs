//! The bytes of a safetensors file.
//!
//! Reading is the `safetensors` crate's. Writing is ours, because that crate writes metadata in the order of a `HashMap`, which changes
//! from process to process. Layout: u64 header length; JSON header, padded with spaces to 8 bytes; the tensors, widest elements first,
//! then by name.

use std::{collections::BTreeMap, fmt::Write as _, fs, io::Write, path::Path};

use ficta_core::{Error, ErrorKind, Result};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use super::{
    atomic,
    tensors::{Tensor, Tensors, Values},
};

pub(super) fn write(tensors: &Tensors, path: &Path) -> Result<()> {
    let (header, order) = layout(tensors)?;
    atomic::write_file(path, |out| {
        out.write_all(&(header.len() as u64).to_le_bytes())?;
        out.write_all(header.as_bytes())?;
        order.iter().try_for_each(|tensor| write_values(out, tensor.values()))
    })
}

fn layout(tensors: &Tensors) -> Result<(String, Vec<&Tensor>)> {
    let named = tensors.tensors.iter();
    let mut entries: Vec<_> = named
        .map(|(name, tensor)| (Entry::new(name, file_type(tensor.values()), tensor.shape()), tensor))
        .collect();
    entries.sort_by_key(|(entry, _)| entry.order());
    let (lines, tensors_in_order): (Vec<_>, Vec<_>) = entries.into_iter().unzip();
    Ok((header(&tensors.metadata, &lines)?, tensors_in_order))
}

/// What the header says of a tensor, apart from its place.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    name: &'a str,
    dtype: Dtype,
    shape: &'a [usize],
}

impl<'a> Entry<'a> {
    pub(super) fn new(name: &'a str, dtype: Dtype, shape: &'a [usize]) -> Self {
        Self { name, dtype, shape }
    }

    pub(super) fn name(&self) -> &'a str {
        self.name
    }

    /// What tensors are sorted by in a file.
    pub(super) fn order(&self) -> (std::cmp::Reverse<Dtype>, &'a str) {
        (std::cmp::Reverse(self.dtype), self.name)
    }

    /// Length of the tensor.
    pub(super) fn bytes(&self) -> usize {
        self.shape.iter().product::<usize>() * self.dtype.bitsize() / 8
    }
}

/// The header of a file with these tensors in this order.
pub(super) fn header(metadata: &BTreeMap<String, String>, entries: &[Entry<'_>]) -> Result<String> {
    let quoted = |text: &str| {
        serde_json::to_string(text).map_err(|e| Error::wrap(ErrorKind::DATA, format!("name {text:?}"), &e))
    };
    let mut fields = Vec::new();
    if !metadata.is_empty() {
        let pairs: Result<Vec<String>> = metadata
            .iter()
            .map(|(k, v)| Ok(format!("{}:{}", quoted(k)?, quoted(v)?)))
            .collect();
        fields.push(format!("\"__metadata__\":{{{}}}", pairs?.join(",")));
    }
    let mut offset = 0;
    for entry in entries {
        if entry.name == "__metadata__" {
            return Err(Error::data(
                "`__metadata__` cannot be the name of a tensor in a safetensors file",
            ));
        }
        let end = offset + entry.bytes();
        let shape: Vec<String> = entry.shape.iter().map(usize::to_string).collect();
        let mut field = quoted(entry.name)?;
        let _ = write!(
            field,
            ":{{\"dtype\":\"{}\",\"shape\":[{}],\"data_offsets\":[{offset},{end}]}}",
            entry.dtype,
            shape.join(",")
        );
        fields.push(field);
        offset = end;
    }
    let mut header = format!("{{{}}}", fields.join(","));
    header.push_str(&" ".repeat(header.len().next_multiple_of(8) - header.len()));
    Ok(header)
}

/// The type in the file's terms. Its order is by width.
fn file_type(values: &Values) -> Dtype {
    match values {
        Values::U8(_) => Dtype::U8,
        Values::U64(_) => Dtype::U64,
        Values::I64(_) => Dtype::I64,
        Values::F32(_) => Dtype::F32,
        Values::F64(_) => Dtype::F64,
    }
}

fn write_values(out: &mut dyn Write, values: &Values) -> std::io::Result<()> {
    macro_rules! little_endian {
        ($v:expr) => {
            $v.chunks(8192).try_for_each(|some| {
                let bytes: Vec<u8> = some.iter().flat_map(|x| x.to_le_bytes()).collect();
                out.write_all(&bytes)
            })
        };
    }
    match values {
        Values::U8(v) => out.write_all(v),
        Values::U64(v) => little_endian!(v),
        Values::I64(v) => little_endian!(v),
        Values::F32(v) => little_endian!(v),
        Values::F64(v) => little_endian!(v),
    }
}

pub(super) fn read(path: &Path) -> Result<Tensors> {
    let bytes = fs::read(path).map_err(|e| atomic::io_error("read", path, &e))?;
    let metadata = match SafeTensors::read_metadata(&bytes) {
        Ok((_, metadata)) => metadata,
        Err(e) => return Err(unreadable(path, &bytes, &e)),
    };
    let mut tensors = copied(path, parse(path, &bytes)?.iter())?;
    tensors.metadata.extend(metadata.metadata().clone().unwrap_or_default());
    Ok(tensors)
}

/// What the bytes of the file at `path` hold.
pub(super) fn parse<'a>(path: &Path, bytes: &'a [u8]) -> Result<SafeTensors<'a>> {
    SafeTensors::deserialize(bytes).map_err(|e| unreadable(path, bytes, &e))
}

/// Copies of some of a file's tensors.
pub(super) fn copied<'a>(path: &Path, some: impl Iterator<Item = (&'a str, TensorView<'a>)>) -> Result<Tensors> {
    let mut tensors = Tensors::of_file(path);
    for (name, view) in some {
        let values = read_values(&view).map_err(|e| e.context(format!("{}: tensor `{name}`", path.display())))?;
        tensors
            .tensors
            .insert(name.to_owned(), Tensor::of(view.shape(), values)?);
    }
    Ok(tensors)
}

fn read_values(view: &TensorView<'_>) -> Result<Values> {
    macro_rules! little_endian {
        ($ty:ty) => {
            // The crate has checked that the bytes divide into elements.
            view.data()
                .as_chunks()
                .0
                .iter()
                .map(|x| <$ty>::from_le_bytes(*x))
                .collect()
        };
    }
    Ok(match view.dtype() {
        Dtype::U8 => Values::U8(view.data().to_vec()),
        Dtype::U64 => Values::U64(little_endian!(u64)),
        Dtype::I64 => Values::I64(little_endian!(i64)),
        Dtype::F32 => Values::F32(little_endian!(f32)),
        Dtype::F64 => Values::F64(little_endian!(f64)),
        other => {
            return Err(Error::data(format!(
                "expected elements of type U8, U64, I64, F32 or F64, got {other}"
            ))
            .help("convert the tensor before saving it, for example with `.float()` in PyTorch"));
        }
    })
}

/// Tells a cut file from one that never was a safetensors file.
pub(super) fn unreadable(path: &Path, bytes: &[u8], cause: &safetensors::SafeTensorError) -> Error {
    let path = path.display();
    let cut = |expected: &str| {
        let message = format!("{path} is truncated: expected {expected}, got {} bytes", bytes.len());
        Error::data(message).help("make or copy the file again")
    };
    let Some(length) = bytes.first_chunk::<8>() else {
        return cut("at least 8 bytes");
    };
    let length = u64::from_le_bytes(*length);
    let begins_like_one = bytes.get(8).is_none_or(|first| *first == b'{') && length < 100_000_000;
    if begins_like_one && bytes.len() as u64 - 8 < length {
        return cut(&format!("a header of {length} bytes"));
    }
    if begins_like_one && let Some(expected) = promised_size(bytes, length) {
        if expected > bytes.len() as u64 {
            return cut(&format!("{expected} bytes"));
        }
        if expected < bytes.len() as u64 {
            let got = bytes.len();
            return Error::data(format!("{path}: expected {expected} bytes by its header, got {got}"));
        }
    }
    Error::wrap(ErrorKind::DATA, format!("{path} is not a safetensors file"), cause)
}

/// The size that the header promises the file to have.
fn promised_size(bytes: &[u8], header: u64) -> Option<u64> {
    let text = bytes.get(8..8 + usize::try_from(header).ok()?)?;
    let value: serde_json::Value = serde_json::from_slice(text).ok()?;
    let ends = value
        .as_object()?
        .values()
        .filter_map(|entry| entry.get("data_offsets")?.get(1)?.as_u64());
    ends.max().unwrap_or(0).checked_add(8 + header)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Tensors {
        let mut tensors = Tensors::new();
        tensors
            .insert("feature", &[2, 2], vec![0.5f32, -1.0, f32::NAN, f32::MIN_POSITIVE])
            .unwrap();
        tensors.insert("label", &[2], vec![i64::MIN, i64::MAX]).unwrap();
        tensors.insert("seed", &[1], vec![u64::MAX]).unwrap();
        tensors.insert("decision", &[3, 1], vec![0u8, 1, 255]).unwrap();
        tensors.insert("precise", &[], vec![std::f64::consts::PI]).unwrap();
        tensors.insert("empty", &[0, 4], Vec::<f32>::new()).unwrap();
        for key in ["encoder", "a", "z", "quoted \" and \\ and \u{e9}"] {
            tensors.metadata.insert(key.into(), format!("value of {key}"));
        }
        tensors
    }

    #[test]
    fn tensors_come_back_bit_for_bit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.safetensors");
        sample().write(&path).unwrap();
        let back = Tensors::read(&path).unwrap();
        assert_eq!(back.metadata, sample().metadata);
        assert_eq!(back.names().collect::<Vec<_>>(), sample().names().collect::<Vec<_>>());
        for name in ["label", "seed", "decision", "precise", "empty"] {
            assert_eq!(back.tensor(name).unwrap(), sample().tensor(name).unwrap());
        }
        let bits = |t: &Tensors| {
            t.get::<f32, 2>("feature")
                .unwrap()
                .0
                .iter()
                .map(|x| x.to_bits())
                .collect::<Vec<_>>()
        };
        assert_eq!(bits(&back), bits(&sample()));
    }

    #[test]
    fn our_bytes_are_those_of_the_crate() {
        // Without metadata the crate is deterministic too.
        let mut ours = sample();
        ours.metadata.clear();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.safetensors");
        ours.write(&path).unwrap();
        let bytes = fs::read(&path).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        assert_eq!(file.len(), 6);
        assert_eq!(safetensors::serialize(file.tensors(), None).unwrap(), bytes);
    }

    #[test]
    fn equal_content_gives_equal_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.safetensors");
        sample().write(&path).unwrap();
        let pinned = "2c30e9a24c7f9a5de07150f288353e259e944a3886a6f90e72c1badb478bdbe1";
        assert_eq!(crate::storage::hash::of_file(&path).unwrap(), pinned);
    }

    #[test]
    fn a_file_cut_anywhere_is_rejected_as_truncated() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.safetensors");
        sample().write(&path).unwrap();
        let bytes = fs::read(&path).unwrap();
        for length in 0..bytes.len() {
            fs::write(&path, &bytes[..length]).unwrap();
            let error = Tensors::read(&path).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::DATA);
            assert!(
                error.message().contains("a.safetensors is truncated"),
                "{length}: {error}"
            );
        }
    }

    #[test]
    fn other_files_are_rejected() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.safetensors");
        for content in [
            "PK\u{3}\u{4} a zip file of some length, no tensors",
            "{\"a\": 1, \"b\": 2, \"c\": 3}",
        ] {
            fs::write(&path, content).unwrap();
            let message = Tensors::read(&path).unwrap_err().message().to_owned();
            assert!(
                message.ends_with("a.safetensors is not a safetensors file"),
                "{message}"
            );
        }
        sample().write(&path).unwrap();
        let mut longer = fs::read(&path).unwrap();
        longer.push(0);
        fs::write(&path, longer).unwrap();
        assert!(Tensors::read(&path).unwrap_err().message().contains("by its header"));
        let missing = Tensors::read(&folder.path().join("none")).unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::IO);
    }

    #[test]
    fn other_element_types_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.safetensors");
        let view = TensorView::new(Dtype::F16, vec![2], &[0; 4]).unwrap();
        fs::write(&path, safetensors::serialize([("half", view)], None).unwrap()).unwrap();
        let message = Tensors::read(&path).unwrap_err().message().to_owned();
        assert!(
            message.contains("tensor `half`") && message.contains("got F16"),
            "{message}"
        );
    }
}
