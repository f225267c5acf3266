//! The tensors of a state dict among what a pickle holds.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use ficta_core::{Error, Result};

use super::{Stored, pickle::Value, storage::View};

/// Where training programs put the state dict beside other things, in order of preference.
const NESTED: [&str; 5] = ["state_dict_backbone", "state_dict", "backbone", "model", "net"];

type Items = RefCell<Vec<(Value, Value)>>;

/// Every tensor of the state dict; `read` takes one up.
pub(crate) fn tensors(root: &Value, mut read: impl FnMut(&View) -> Result<Stored>) -> Result<BTreeMap<String, Stored>> {
    let dict = state_dict(root).ok_or_else(|| {
        Error::data("no state dict in the file").help("save the weights alone: torch.save(network.state_dict(), path)")
    })?;
    let mut found = BTreeMap::new();
    for (key, value) in dict.borrow().iter() {
        if let (Value::Text(name), Value::Tensor(view)) = (key, value) {
            let stored = read(view).map_err(|e| e.context(format!("tensor `{name}`")))?;
            found.insert(name.to_string(), stored);
        }
    }
    Ok(found)
}

/// A dict that holds tensors: the root, or the one under a usual name.
fn state_dict(root: &Value) -> Option<Rc<Items>> {
    let dict = |value: &Value| match value {
        Value::Dict(dict) => Some(Rc::clone(dict)),
        _ => None,
    };
    let root = dict(root)?;
    let has_tensors = |dict: &Rc<Items>| dict.borrow().iter().any(|(_, value)| matches!(value, Value::Tensor(_)));
    if has_tensors(&root) {
        return Some(root);
    }
    let items = root.borrow();
    let under = |name: &str| {
        let found = items
            .iter()
            .find(|(key, _)| matches!(key, Value::Text(text) if &**text == name))?;
        dict(&found.1).filter(|dict| has_tensors(dict))
    };
    NESTED.iter().find_map(|name| under(name))
}
