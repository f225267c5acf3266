//! A component by name, and its parameters as `KEY=VALUE`.

use ficta_core::{Error, Result};
use serde_json::Value;

use crate::config::{ComponentChoice, assign, parse};

/// The choice of `plugin` with `params`; values are TOML, or text.
///
/// # Errors
/// A parameter without `=`.
pub fn choice(plugin: &str, params: &[String], flag: &str) -> Result<ComponentChoice> {
    let mut value = Value::Object(serde_json::Map::new());
    for param in params {
        let (key, text) = param
            .split_once('=')
            .ok_or_else(|| Error::config(format!("{flag} {param}: expected KEY=VALUE")))?;
        assign(&mut value, key.trim(), parse(text))?;
    }
    Ok(ComponentChoice {
        plugin: plugin.into(),
        params: value,
    })
}
