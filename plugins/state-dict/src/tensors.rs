//! The tensors of a state dict among what a pickle holds.

use std::collections::BTreeMap;

use ficta_core::{Error, Result};

use super::{
    Stored,
    pickle::{Pickled, Value},
    storage::View,
};

/// Where training programs put the state dict beside other things, in order of preference.
const NESTED: [&str; 5] = ["state_dict_backbone", "state_dict", "backbone", "model", "net"];

/// How often a file's bytes may be read as elements, all tensors together. Tied weights share a storage, those of layers that are run again and again
/// some dozen times; without a bound a few names would fill any memory.
const MOST_SHARED: usize = 32;

/// Every tensor of the state dict of a file of `size` bytes; `read` takes one up.
///
/// # Errors
/// `DATA` where there is no state dict, or its tensors share their storages too often; those of `read`.
pub(crate) fn tensors(
    pickled: &Pickled,
    size: usize,
    mut read: impl FnMut(&View) -> Result<Stored>,
) -> Result<BTreeMap<String, Stored>> {
    let dict = state_dict(pickled).ok_or_else(|| {
        Error::data("no state dict in the file").help("save the weights alone: torch.save(network.state_dict(), path)")
    })?;
    let (mut found, mut taken) = (BTreeMap::new(), 0usize);
    for item in dict {
        if let [Value::Text(name), Value::Tensor(view)] = item {
            let stored = read(view).map_err(|e| e.context(format!("tensor `{name}`")))?;
            taken = taken.saturating_add(stored.values.len() * view.element.size());
            if taken > size.saturating_mul(MOST_SHARED) {
                return Err(Error::data(format!(
                    "the tensors up to `{name}` take {taken} bytes, more than {MOST_SHARED} times the file's {size}: too many share a storage"
                ))
                .help("save each tensor by itself: torch.save({k: v.clone() for k, v in network.state_dict().items()}, path)"));
            }
            found.insert(name.to_string(), stored);
        }
    }
    Ok(found)
}

/// A dict that holds tensors: the root, or the one under a usual name.
fn state_dict(pickled: &Pickled) -> Option<&[[Value; 2]]> {
    let has_tensors = |dict: &&[[Value; 2]]| dict.iter().any(|[_, value]| matches!(value, Value::Tensor(_)));
    let root = pickled.dict(&pickled.root)?;
    if has_tensors(&root) {
        return Some(root);
    }
    let under = |name: &str| {
        let named = |key: &Value| matches!(key, Value::Text(text) if &**text == name);
        let [_, value] = root.iter().find(|[key, _]| named(key))?;
        pickled.dict(value).filter(has_tensors)
    };
    NESTED.iter().find_map(|name| under(name))
}
