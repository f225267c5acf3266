//! Named weights in files: safetensors, and PyTorch's `torch.save` in both of its formats.

mod legacy;
mod pickle;
mod safetensors_file;
mod storage;
mod tensors;
mod torch_save;
mod zip_archive;

pub use storage::Element;
pub use torch_save::torch_save;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ficta_core::{Error, ErrorKind, Result};
use sha2::{Digest, Sha256};

/// What wrappers put before each name.
const WRAPPERS: [&str; 2] = ["module.", "_orig_mod."];

/// A tensor of a file, in f32.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// Extent of each dimension; empty for a scalar.
    pub shape: Vec<usize>,
    /// Row-major elements.
    pub values: Vec<f32>,
}

/// The tensors of a file by name.
#[derive(Debug)]
pub struct StateDict {
    source: String,
    tensors: BTreeMap<String, Stored>,
    description: Option<String>,
    sha256: String,
}

impl StateDict {
    /// Reads a file. What it holds decides how, not its name. Nothing of a pickle is run.
    ///
    /// # Errors
    /// `IO` where it cannot be read, `DATA` where it is no such file or not whole.
    pub fn read(path: &Path) -> Result<Self> {
        let source = path.display().to_string();
        let bytes = fs::read(path).map_err(|e| {
            Error::wrap(ErrorKind::IO, format!("cannot read weights from {source}"), &e).help(WHICH_FILE)
        })?;
        let sha256 = Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
        let read = || {
            if bytes.starts_with(b"PK\x03\x04") {
                return Ok((zip_archive::read(&bytes)?, None));
            }
            if legacy::is_one(&bytes) {
                return Ok((legacy::read(&bytes)?, None));
            }
            safetensors_file::read(&bytes)
        };
        let (tensors, description) = read().map_err(|e: Error| e.context(format!("weights from {source}")))?;
        Ok(Self {
            source,
            tensors: without_wrappers(tensors),
            description,
            sha256,
        })
    }

    /// The file, for messages.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// SHA-256 of the file, in hexadecimal.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// What a `ficta` backbone wrote beside the tensors, if it did: JSON.
    pub fn description(&self) -> Option<serde_json::Value> {
        serde_json::from_str(self.description.as_deref()?).ok()
    }

    /// Whether these bytes begin like a file of `torch.save`, of either format.
    pub fn is_torch_save(bytes: &[u8]) -> bool {
        bytes.starts_with(b"PK\x03\x04") || legacy::is_one(bytes)
    }

    /// A tensor that has not been taken.
    pub fn get(&self, name: &str) -> Option<&Stored> {
        self.tensors.get(name)
    }

    /// Names of the tensors that have not been taken.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// The shape of a tensor, if it is there.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.tensors.get(name).map(|t| t.shape.as_slice())
    }

    /// The JSON beside the tensors, as it was written.
    pub fn description_text(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// Takes a tensor out.
    ///
    /// # Errors
    /// `DATA` where it is missing, has another shape, or holds a value that is not finite.
    pub fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let Some(found) = self.tensors.remove(name) else {
            return Err(self.missing(name));
        };
        if found.shape != shape {
            return Err(Error::data(format!(
                "{}: tensor `{name}` has shape {:?}, expected {shape:?}",
                self.source, found.shape
            ))
            .help(OTHER_NETWORK));
        }
        match found.values.iter().position(|v| !v.is_finite()) {
            None => Ok(found.values),
            Some(at) => Err(Error::data(format!(
                "{}: element {at} of tensor `{name}` is {}",
                self.source, found.values[at]
            ))
            .help("the file comes from a training that diverged; use an earlier one")),
        }
    }

    /// The error for a tensor that is not there.
    pub fn missing(&self, name: &str) -> Error {
        Error::data(format!("{} has no tensor `{name}`", self.source)).help(self.nearest(name))
    }

    /// Drops tensors that no network needs.
    pub fn ignore(&mut self, mut which: impl FnMut(&str) -> bool) {
        self.tensors.retain(|name, _| !which(name));
    }

    /// Drops the tensors whose name does not begin with `prefix`, and takes it off the others' names.
    pub fn keep_under(&mut self, prefix: &str) {
        let under = |(name, tensor): (String, Stored)| Some((name.strip_prefix(prefix)?.to_owned(), tensor));
        self.tensors = std::mem::take(&mut self.tensors)
            .into_iter()
            .filter_map(under)
            .collect();
    }

    fn nearest(&self, missing: &str) -> String {
        match self.tensors.keys().next() {
            None => "the file holds no tensors".into(),
            Some(first) => {
                // The name that shares the longest beginning tells where two networks part.
                let shared = |name: &str| name.bytes().zip(missing.bytes()).take_while(|(a, b)| a == b).count();
                let nearest = self.tensors.keys().max_by_key(|name| shared(name)).unwrap_or(first);
                format!(
                    "it has `{nearest}` and {} more; iresnet's names are those of InsightFace's arcface_torch (IR_50 of AdaFace, TFace and evoLVe is another network)",
                    self.tensors.len() - 1
                )
            }
        }
    }
}

const OTHER_NETWORK: &str =
    "the file belongs to another network; leave `depth`, `blocks` and `widths` out to take them from the file";
const WHICH_FILE: &str = "`weights` is a .safetensors, .pth or .pt file with a state dict";

/// Takes off what stands before every name where a network was saved while it was wrapped, for several GPUs or by `torch.compile`.
pub fn without_wrappers<T>(mut tensors: BTreeMap<String, T>) -> BTreeMap<String, T> {
    while let Some(prefix) = WRAPPERS
        .iter()
        .find(|p| !tensors.is_empty() && tensors.keys().all(|name| name.starts_with(**p)))
    {
        tensors = tensors
            .into_iter()
            .map(|(name, t)| (name[prefix.len()..].to_owned(), t))
            .collect();
    }
    tensors
}

#[cfg(test)]
mod tests;
