//! Named f32 tensors in a safetensors file, whole or not at all.

use std::{collections::BTreeMap, fs, path::Path};

use ficta_core::{Error, ErrorKind, Result};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

/// Shape and elements by name.
pub type Tensors = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

fn failed(path: &Path, kind: ErrorKind, e: &(dyn std::error::Error + 'static)) -> Error {
    Error::wrap(kind, path.display().to_string(), e)
}

/// Writes aside and renames, so that a stop in between leaves what was there.
pub fn write(path: &Path, tensors: &Tensors) -> Result<()> {
    let bytes = |values: &[f32]| values.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
    let owned: Vec<_> = tensors
        .iter()
        .map(|(name, (shape, values))| (name, shape.clone(), bytes(values)))
        .collect();
    let views = owned.iter().map(|(name, shape, bytes)| {
        TensorView::new(Dtype::F32, shape.clone(), bytes).map(|view| ((*name).clone(), view))
    });
    let views = views
        .collect::<Result<Vec<_>, _>>()
        .map_err(|e| failed(path, ErrorKind::SHAPE, &e))?;
    let data = safetensors::serialize(views, None).map_err(|e| failed(path, ErrorKind::OTHER, &e))?;
    let aside = path.with_extension("part");
    fs::write(&aside, data)
        .and_then(|()| fs::rename(&aside, path))
        .map_err(|e| failed(path, ErrorKind::IO, &e))
}

/// Reads what [`write`] wrote.
pub fn read(path: &Path) -> Result<Tensors> {
    let bytes = fs::read(path).map_err(|e| failed(path, ErrorKind::IO, &e))?;
    let file = SafeTensors::deserialize(&bytes).map_err(|e| failed(path, ErrorKind::DATA, &e))?;
    let mut all = Tensors::new();
    for (name, view) in file.tensors() {
        if view.dtype() != Dtype::F32 {
            return Err(Error::data(format!(
                "{}: `{name}` holds {:?}, expected F32",
                path.display(),
                view.dtype()
            )));
        }
        let words = view.data().chunks_exact(4);
        let values = words.map(|w| f32::from_le_bytes([w[0], w[1], w[2], w[3]])).collect();
        all.insert(name, (view.shape().to_vec(), values));
    }
    Ok(all)
}

/// Takes a tensor of this shape out; `None` in the shape stands for any extent.
pub fn take(tensors: &mut Tensors, path: &Path, name: &str, shape: &[Option<usize>]) -> Result<(Vec<usize>, Vec<f32>)> {
    let found = tensors
        .remove(name)
        .ok_or_else(|| Error::data(format!("{}: it has no `{name}`", path.display())))?;
    let fits = found.0.len() == shape.len() && found.0.iter().zip(shape).all(|(n, want)| want.is_none_or(|w| w == *n));
    if !fits || found.1.iter().any(|x| !x.is_finite()) {
        return Err(Error::data(format!(
            "{}: `{name}` has shape {:?}, expected {shape:?} of finite numbers",
            path.display(),
            found.0
        ))
        .help("it belongs to a network of other parameters"));
    }
    Ok(found)
}
