//! Safetensors.

use std::collections::BTreeMap;

use ficta_core::{Error, ErrorKind, Result};
use safetensors::{Dtype, SafeTensors};

use super::{Stored, storage::Element};

/// The one key of metadata that `ficta` writes.
const DESCRIPTION: &str = "ficta";

/// Tensors, and the description if there is one. Integers other than i64 and u8 are left out: no weights are.
pub(crate) fn read(bytes: &[u8]) -> Result<(BTreeMap<String, Stored>, Option<String>)> {
    let invalid = |e| {
        Error::wrap(
            ErrorKind::DATA,
            "neither a whole safetensors file nor one of torch.save",
            &e,
        )
        .help("the file was cut short or is of another kind; fetch or write it again")
    };
    let file = SafeTensors::deserialize(bytes).map_err(invalid)?;
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(invalid)?;
    let description = header.metadata().as_ref().and_then(|m| m.get(DESCRIPTION)).cloned();
    let mut tensors = BTreeMap::new();
    for (name, view) in file.tensors() {
        let element = match view.dtype() {
            Dtype::F32 => Element::F32,
            Dtype::F64 => Element::F64,
            Dtype::F16 => Element::F16,
            Dtype::BF16 => Element::Bf16,
            Dtype::I64 => Element::I64,
            Dtype::U8 => Element::U8,
            _ => continue,
        };
        let stored = Stored {
            shape: view.shape().to_vec(),
            values: element.decode(view.data()),
        };
        tensors.insert(name, stored);
    }
    Ok((tensors, description))
}
