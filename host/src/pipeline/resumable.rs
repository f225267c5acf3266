//! Components that write down where they stand: see [`ficta_core::IdSelector::select`].

use std::path::Path;

use ficta_core::{Kind, Result};
use serde_json::{Value, json};

use crate::{config::ComponentChoice, registry::Registry};

/// The parameter that such a component has.
const CHECKPOINT: &str = "checkpoint";
/// Seconds between two writings, unless told otherwise: shorter work leaves no file.
pub const EVERY: f64 = 60.0;

/// The parameters of `choice` with a place for its state, if it is a component that keeps one and the user has not named another.
///
/// # Errors
/// No such component.
pub fn with_checkpoint(
    registry: &Registry,
    kind: Kind,
    choice: &ComponentChoice,
    file: &Path,
    every: f64,
) -> Result<Value> {
    let entry = registry.find(kind, &choice.plugin)?;
    let schema: Value = serde_json::from_str(&entry.component.params_schema).unwrap_or_default();
    let mut params = choice.params.clone();
    let keeps = schema["properties"].get(CHECKPOINT).is_some() && params.get(CHECKPOINT).is_none_or(Value::is_null);
    if let (true, Some(params)) = (keeps, params.as_object_mut()) {
        params.insert(CHECKPOINT.into(), json!({"file": file, "every": every}));
    }
    Ok(params)
}
