//! Checks a component's parameters against its JSON Schema.

use ficta_core::{Error, Result};
use jsonschema::{ValidationError, error::ValidationErrorKind};
use serde_json::Value;

use crate::nearest::suggestion;

/// Checks `params` against `schema`.
///
/// # Errors
/// Every violation, one a line, with the key; unknown keys with the nearest known ones.
pub fn check(schema: &str, params: &Value) -> Result<()> {
    let schema: Value = serde_json::from_str(schema)
        .map_err(|e| Error::config(format!("its parameter schema is no JSON: {e}")).help("mend the plugin"))?;
    let validator = jsonschema::validator_for(&schema)
        .map_err(|e| Error::config(format!("its parameter schema is no JSON Schema: {e}")).help("mend the plugin"))?;
    // Of a schema without properties the validator does not say which key it refuses.
    let takes_nothing = schema["additionalProperties"] == false && schema.get("properties").is_none();
    if let (true, Some(key)) = (takes_nothing, params.as_object().and_then(|given| given.keys().next())) {
        return Err(Error::config(format!(
            "bad parameters: unknown key `{key}` (there is none)"
        )));
    }
    let violations: Vec<_> = validator.iter_errors(params).map(|e| describe(&e, &schema)).collect();
    if violations.is_empty() {
        return Ok(());
    }
    Err(Error::config(format!("bad parameters: {}", violations.join("; "))))
}

fn describe(error: &ValidationError<'_>, schema: &Value) -> String {
    let at = error
        .instance_path()
        .to_string()
        .trim_start_matches('/')
        .replace('/', ".");
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            let known: Vec<_> = schema
                .get("properties")
                .and_then(Value::as_object)
                .map(|p| p.keys().map(String::as_str).collect())
                .unwrap_or_default();
            let lines = unexpected
                .iter()
                .map(|key| format!("unknown key `{key}` ({})", suggestion(key, known.clone())));
            lines.collect::<Vec<_>>().join("; ")
        }
        _ if at.is_empty() => error.to_string(),
        _ => format!("`{at}`: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn violations_name_the_key() {
        let schema = json!({
            "type": "object",
            "properties": {"scale": {"type": "number", "minimum": 0}, "margin": {"type": "number"}},
            "additionalProperties": false
        })
        .to_string();
        assert!(check(&schema, &json!({"scale": 3})).is_ok());
        let text = |v| check(&schema, &v).unwrap_err().message().to_owned();
        assert_eq!(
            text(json!({"scal": 3})),
            "bad parameters: unknown key `scal` (nearest: `scale`)"
        );
        assert_eq!(
            text(json!({"scale": "big"})),
            "bad parameters: `scale`: \"big\" is not of type \"number\""
        );
        assert_eq!(
            text(json!({"scale": -1})),
            "bad parameters: `scale`: -1 is less than the minimum of 0"
        );
        let nothing = json!({"type": "object", "additionalProperties": false}).to_string();
        assert!(check(&nothing, &json!({})).is_ok());
        let error = check(&nothing, &json!({"dim": 3})).unwrap_err();
        assert_eq!(error.message(), "bad parameters: unknown key `dim` (there is none)");
    }
}
