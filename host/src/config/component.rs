//! A component and its parameters.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A plugin's component and its parameters.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ComponentChoice {
    /// Name of the component.
    pub plugin: String,
    /// Its parameters.
    #[serde(default = "empty_object")]
    pub params: Value,
}

/// Parameters where none are given.
pub(super) fn empty_object() -> Value {
    Value::Object(serde_json::Map::new())
}
