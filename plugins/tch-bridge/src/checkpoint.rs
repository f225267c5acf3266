//! Named tensors in a safetensors file, with a JSON value beside them.

use std::{
    collections::{BTreeMap, HashMap},
    fs::File,
    io::Write,
    path::Path,
};

use ficta_core::{Error, ErrorKind, Result};
use ficta_state_dict::{StateDict, without_wrappers};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde::{Serialize, de::DeserializeOwned};
use tch::{Kind, Tensor};

use crate::OrBackend;

/// The one key of the file's metadata. One only, because the format's writer keeps a hash map, and files shall be the same byte by byte.
const KEY: &str = "ficta";

/// Writes tensors and `description` to `path`: beside it first, then flushed to the disk and renamed, so that a file is there whole or not at all.
/// Equal content gives equal bytes.
///
/// # Errors
/// [`ErrorKind::IO`]: the folder is missing, no rights, no space.
pub fn write<'a>(
    path: &Path,
    tensors: impl IntoIterator<Item = (String, &'a Tensor)>,
    description: &impl Serialize,
) -> Result<()> {
    let mut named = Vec::new();
    for (name, tensor) in tensors {
        let (dtype, bytes) = bytes_of(tensor).map_err(|e| e.context(format!("tensor `{name}`")))?;
        let shape: Vec<usize> = tensor.size().iter().map(|d| *d as usize).collect();
        named.push((name, dtype, shape, bytes));
    }
    let views = named
        .iter()
        .map(|(name, dtype, shape, bytes)| Ok((name, TensorView::new(*dtype, shape.clone(), bytes)?)));
    let text =
        serde_json::to_string(description).map_err(|e| Error::wrap(ErrorKind::OTHER, "describing a checkpoint", &e))?;
    let file = views
        .collect::<std::result::Result<Vec<_>, _>>()
        .and_then(|views| safetensors::serialize(views, Some(HashMap::from([(KEY.into(), text)]))))
        .map_err(|e| Error::wrap(ErrorKind::OTHER, "serialising tensors", &e))?;
    place(path, &file)
}

/// Writes a file: beside its place first, then flushed to the disk and renamed, so that it is there whole or not at all.
///
/// # Errors
/// [`ErrorKind::IO`]: the folder is missing, no rights, no space.
pub fn place(path: &Path, content: &[u8]) -> Result<()> {
    put(path, content).map_err(|e| Error::wrap(ErrorKind::IO, format!("cannot write {}", path.display()), &e))
}

fn put(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let folder = path
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut aside = tempfile::NamedTempFile::new_in(folder)?;
    aside.write_all(content)?;
    // Temporary files are private to their owner; this one becomes an ordinary file.
    #[cfg(unix)]
    aside
        .as_file()
        .set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
    aside.as_file().sync_all()?;
    aside.persist(path).map_err(|e| e.error)?;
    // The new name is on the disk only once the folder is.
    File::open(folder)?.sync_all()
}

fn bytes_of(tensor: &Tensor) -> Result<(Dtype, Vec<u8>)> {
    let dtype = match tensor.kind() {
        Kind::Float => Dtype::F32,
        Kind::Double => Dtype::F64,
        Kind::Int64 => Dtype::I64,
        other => return Err(Error::unsupported(format!("saving tensors of {other:?}"))),
    };
    let mut bytes = vec![0; tensor.numel() * tensor.kind().elt_size_in_bytes()];
    let plain = tensor
        .f_detach()
        .and_then(|t| t.f_contiguous())
        .or_backend("saving a tensor")?;
    plain
        .f_copy_data_u8(&mut bytes, plain.numel())
        .or_backend("saving a tensor")?;
    Ok((dtype, bytes))
}

/// What a file holds.
pub struct Saved {
    tensors: BTreeMap<String, Tensor>,
    /// Tensors of types that are no weights'.
    left_out: BTreeMap<String, Dtype>,
    description: Option<String>,
    source: String,
}

impl Saved {
    /// Reads a file that [`write()`] or another tool wrote: safetensors, or PyTorch's `torch.save` (`.pth`; nothing in it is run). What the file
    /// holds decides, not its name. From safetensors f32, f64 and i64 come as they are, f16 and bf16 as f32; from `torch.save` all come as f32,
    /// but for `num_batches_tracked`. What wrappers put before every name is taken off ([`without_wrappers`]).
    ///
    /// # Errors
    /// [`ErrorKind::IO`] where it cannot be read, [`ErrorKind::DATA`] where it is no such file.
    pub fn read(path: &Path) -> Result<Self> {
        let source = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|e| Error::wrap(ErrorKind::IO, format!("cannot read {source}"), &e))?;
        if StateDict::is_torch_save(&bytes) {
            drop(bytes);
            return Self::from_state_dict(&StateDict::read(path)?);
        }
        let invalid = |e| {
            Error::wrap(ErrorKind::DATA, format!("{source} is no whole safetensors file"), &e)
                .help("the file was cut short or written by something else; make it anew")
        };
        let file = SafeTensors::deserialize(&bytes).map_err(invalid)?;
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(invalid)?;
        let description = header.metadata().as_ref().and_then(|m| m.get(KEY)).cloned();
        let (mut tensors, mut left_out) = (BTreeMap::new(), BTreeMap::new());
        for (name, view) in file.tensors() {
            let (stored, kind) = match view.dtype() {
                Dtype::F32 => (Kind::Float, Kind::Float),
                Dtype::F16 => (Kind::Half, Kind::Float),
                Dtype::BF16 => (Kind::BFloat16, Kind::Float),
                Dtype::F64 => (Kind::Double, Kind::Double),
                Dtype::I64 => (Kind::Int64, Kind::Int64),
                other => {
                    left_out.insert(name, other);
                    continue;
                }
            };
            let shape: Vec<i64> = view.shape().iter().map(|d| *d as i64).collect();
            let tensor = Tensor::f_from_data_size(view.data(), &shape, stored)
                .and_then(|t| t.f_to_kind(kind))
                .or_backend("reading a tensor")?;
            tensors.insert(name, tensor);
        }
        Ok(Self {
            tensors: without_wrappers(tensors),
            left_out,
            description,
            source,
        })
    }

    fn from_state_dict(dict: &StateDict) -> Result<Self> {
        let tensor = |name: &str| -> Result<(String, Tensor)> {
            let stored = dict.get(name).ok_or_else(|| dict.missing(name))?;
            let shape: Vec<i64> = stored.shape.iter().map(|d| *d as i64).collect();
            let kind = if name.ends_with("num_batches_tracked") {
                Kind::Int64
            } else {
                Kind::Float
            };
            let tensor = Tensor::f_from_slice(&stored.values)
                .and_then(|t| t.f_reshape(shape)?.f_to_kind(kind))
                .or_backend("reading a tensor")?;
            Ok((name.to_owned(), tensor))
        };
        Ok(Self {
            tensors: dict.names().map(tensor).collect::<Result<_>>()?,
            left_out: BTreeMap::new(),
            description: None,
            source: dict.source().to_owned(),
        })
    }

    /// The description that was written with the tensors.
    ///
    /// # Errors
    /// [`ErrorKind::DATA`]: there is none, or it is of another form.
    pub fn description<T: DeserializeOwned>(&self) -> Result<T> {
        let help = "the file was written by another program or version";
        let text = self
            .description
            .as_deref()
            .ok_or_else(|| Error::data(format!("{} does not say what it holds", self.source)).help(help))?;
        serde_json::from_str(text).map_err(|e| {
            Error::wrap(
                ErrorKind::DATA,
                format!("{}: cannot use its description", self.source),
                &e,
            )
            .help(help)
        })
    }

    /// Names of all tensors, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// A tensor by name, if it is there.
    pub fn get(&self, name: &str) -> Option<&Tensor> {
        self.tensors.get(name)
    }

    /// A copy of the tensor with this name, which must have `model`'s shape and type, in `model`'s memory order.
    ///
    /// # Errors
    /// [`ErrorKind::DATA`]: missing, or of another shape or type.
    pub fn like(&self, name: &str, model: &Tensor) -> Result<Tensor> {
        let found = self.get(name).ok_or_else(|| self.missing(name))?;
        if found.size() != model.size() || found.kind() != model.kind() {
            return Err(Error::data(format!(
                "{}: tensor `{name}` is {:?} {:?}, expected {:?} {:?}",
                self.source,
                found.kind(),
                found.size(),
                model.kind(),
                model.size()
            ))
            .help(OTHER_NETWORK));
        }
        // In the model's memory order: convolutions choose their kernels, and optimisers walk, by it.
        let copy = || {
            let mut out = model.f_detach()?.f_empty_like()?;
            out.f_copy_(found)?;
            Ok(out)
        };
        tch::no_grad(copy).or_backend("taking a tensor up")
    }

    fn missing(&self, name: &str) -> Error {
        match self.left_out.get(name) {
            None => Error::data(format!("{} has no tensor `{name}`", self.source)).help(OTHER_NETWORK),
            Some(dtype) => Error::data(format!(
                "{}: tensor `{name}` is of type {dtype:?}, expected F32, F16 or BF16",
                self.source
            ))
            .help("save the weights as float32"),
        }
    }

    /// Where it was read from, for messages.
    pub fn source(&self) -> &str {
        &self.source
    }
}

const OTHER_NETWORK: &str =
    "the file belongs to a network of other dimensions; use the parameters it was made with, or train anew";
