//! Reader of TensorFlow.js weight manifests: a JSON list of tensors beside `.bin` files that hold them end to end.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use ficta_core::{Error, ErrorKind, Result};
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// How such a manifest's file name ends.
const MANIFEST_SUFFIX: &str = "weights_manifest.json";

#[derive(Deserialize)]
struct Group {
    paths: Vec<String>,
    weights: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    shape: Vec<usize>,
    dtype: String,
    quantization: Option<Quantization>,
}

/// A stored value `q` stands for `q * scale + min`.
#[derive(Deserialize)]
struct Quantization {
    dtype: String,
    scale: f64,
    min: f64,
}

/// Named tensors, in f32 and in the layout in which they were stored.
#[derive(Debug)]
pub struct Weights {
    manifest: PathBuf,
    tensors: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
    manifest_sha256: String,
    data_sha256: String,
}

impl Weights {
    /// Reads a manifest, or the only one of a folder, and the files it names.
    ///
    /// # Errors
    /// `CONFIG` where there is no manifest, `IO` where reading fails, `DATA` where the manifest is malformed or the files do not hold
    /// exactly its tensors, `UNSUPPORTED` for stored types other than uint8-quantised and plain float32.
    pub fn read(path: &Path) -> Result<Self> {
        let manifest = locate(path)?;
        let text = read_file(&manifest)?;
        let groups: Vec<Group> = serde_json::from_slice(&text).map_err(|e| {
            let what = format!("{} is no weight manifest", manifest.display());
            Error::wrap(ErrorKind::DATA, what, &e).help(FETCH_AGAIN)
        })?;
        let folder = manifest.parent().unwrap_or(Path::new(""));
        let mut tensors = BTreeMap::new();
        let mut data_hash = Sha256::new();
        for group in &groups {
            read_group(group, folder, &mut data_hash, &mut tensors)
                .map_err(|e| e.context(format!("weights of {}", manifest.display())))?;
        }
        Ok(Self {
            manifest,
            tensors,
            manifest_sha256: hex(&Sha256::digest(&text)),
            data_sha256: hex(&data_hash.finalize()),
        })
    }

    /// Takes the tensor of this name out.
    ///
    /// # Errors
    /// `DATA` where it is missing or has another shape.
    pub fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let Some((found, values)) = self.tensors.remove(name) else {
            return Err(Error::data(format!("{}: no tensor `{name}`", self.manifest.display())).help(OTHER_NETWORK));
        };
        if found != shape {
            return Err(Error::data(format!(
                "{}: tensor `{name}` has shape {found:?}, expected {shape:?}",
                self.manifest.display()
            ))
            .help(OTHER_NETWORK));
        }
        Ok(values)
    }

    /// Checks that every tensor has been taken.
    ///
    /// # Errors
    /// `DATA` with the name of one that has not.
    pub fn finish(&self) -> Result<()> {
        match self.tensors.keys().next() {
            None => Ok(()),
            Some(name) => Err(Error::data(format!(
                "{}: tensor `{name}` and {} more do not belong to this network",
                self.manifest.display(),
                self.tensors.len() - 1
            ))
            .help(OTHER_NETWORK)),
        }
    }

    /// SHA-256 of the manifest (it holds scales and minima), in hexadecimal.
    pub fn manifest_sha256(&self) -> &str {
        &self.manifest_sha256
    }

    /// SHA-256 of the weight files, one after the other, in hexadecimal.
    pub fn data_sha256(&self) -> &str {
        &self.data_sha256
    }
}

const FETCH_AGAIN: &str = "the file may be damaged: delete it and fetch the weights again";
const OTHER_NETWORK: &str =
    "give the folder with `face_recognition_model-weights_manifest.json` of @vladmandic/face-api";

fn locate(path: &Path) -> Result<PathBuf> {
    if path.is_file() {
        return Ok(path.to_path_buf());
    }
    if !path.is_dir() {
        return Err(
            Error::config(format!("weights: there is no file or folder {}", path.display())).help(OTHER_NETWORK),
        );
    }
    let cannot_list = |e: std::io::Error| Error::wrap(ErrorKind::IO, format!("cannot list {}", path.display()), &e);
    let mut found = Vec::new();
    for entry in fs::read_dir(path).map_err(cannot_list)? {
        let entry = entry.map_err(cannot_list)?;
        if entry.file_name().to_string_lossy().ends_with(MANIFEST_SUFFIX) {
            found.push(entry.path());
        }
    }
    found.sort();
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err(Error::config(format!("weights: no `*{MANIFEST_SUFFIX}` in {}", path.display())).help(OTHER_NETWORK)),
        n => Err(
            Error::config(format!("weights: {n} manifests in {}, which one?", path.display()))
                .help(format!("give the manifest itself, for example {}", found[0].display())),
        ),
    }
}

fn read_group(
    group: &Group,
    folder: &Path,
    hash: &mut Sha256,
    tensors: &mut BTreeMap<String, (Vec<usize>, Vec<f32>)>,
) -> Result<()> {
    let mut data = Vec::new();
    for name in &group.paths {
        // A manifest is data from elsewhere: it may name files beside itself, and no others.
        let mut parts = Path::new(name).components();
        if !matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None)) {
            return Err(Error::data(format!("path `{name}` is no plain file name")));
        }
        let bytes = read_file(&folder.join(name))?;
        hash.update(&bytes);
        data.extend_from_slice(&bytes);
    }
    let mut rest = data.as_slice();
    for entry in &group.weights {
        let values = entry.decode(&mut rest, data.len())?;
        if tensors
            .insert(entry.name.clone(), (entry.shape.clone(), values))
            .is_some()
        {
            return Err(Error::data(format!("two tensors are named `{}`", entry.name)));
        }
    }
    if !rest.is_empty() {
        let (got, expected) = (data.len(), data.len() - rest.len());
        let what = format!(
            "{} holds {got} bytes, its tensors take {expected}",
            group.paths.join(" + ")
        );
        return Err(Error::data(what).help(FETCH_AGAIN));
    }
    Ok(())
}

impl Entry {
    /// Decodes this tensor from the front of `rest` and moves `rest` past it.
    fn decode(&self, rest: &mut &[u8], total: usize) -> Result<Vec<f32>> {
        let width = match (self.dtype.as_str(), &self.quantization) {
            ("float32", None) => 4,
            ("float32", Some(q)) if q.dtype == "uint8" => 1,
            (dtype, q) => {
                let stored = q.as_ref().map_or(dtype, |q| &q.dtype);
                return Err(Error::unsupported(format!(
                    "tensor `{}` is {dtype} stored as {stored}; float32 stored as float32 or uint8 can be read",
                    self.name
                )));
            }
        };
        let bytes = self.shape.iter().try_fold(width, |n: usize, d| n.checked_mul(*d));
        let Some((front, back)) = bytes.and_then(|n| rest.split_at_checked(n)) else {
            return Err(Error::data(format!(
                "tensor `{}` of shape {:?} begins at byte {} of {total} and does not end before the data does",
                self.name,
                self.shape,
                total - rest.len()
            ))
            .help(FETCH_AGAIN));
        };
        *rest = back;
        let values: Vec<f32> = match &self.quantization {
            Some(q) => front.iter().map(|b| (f64::from(*b) * q.scale + q.min) as f32).collect(),
            None => front.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect(),
        };
        if values.iter().any(|v| !v.is_finite()) {
            return Err(Error::data(format!(
                "tensor `{}` holds values that are not finite",
                self.name
            )));
        }
        Ok(values)
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|e| Error::wrap(ErrorKind::IO, format!("cannot read {}", path.display()), &e))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
