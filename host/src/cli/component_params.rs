//! `--param KEY=VALUE` of a component.

use ficta_core::{Error, Result};
use serde_json::{Map, Value};

/// The parameters as the JSON object that a component takes. A value is read as JSON where it is JSON (`32`, `true`, `[1,2]`), else as text.
///
/// # Errors
/// No `=`; a key that is given twice.
pub fn parse(given: &[String]) -> Result<Value> {
    let mut out = Map::new();
    for text in given {
        let (key, value) = text.split_once('=').ok_or_else(|| {
            Error::config(format!("--param {text}: expected KEY=VALUE"))
                .help("for example --param weights=glint360k.onnx")
        })?;
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
        if out.insert(key.to_owned(), value).is_some() {
            return Err(Error::config(format!("--param {key} is given twice")));
        }
    }
    Ok(Value::Object(out))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn values_are_json_or_text() {
        let given = ["scale=32", "name=a b", "flip=true", "path=/x=y", "ids=[1,2]"].map(str::to_owned);
        let expected = serde_json::json!({"scale": 32, "name": "a b", "flip": true, "path": "/x=y", "ids": [1, 2]});
        assert_eq!(parse(&given).unwrap(), expected);
        assert!(parse(&["x".to_owned()]).unwrap_err().message().contains("KEY=VALUE"));
        assert!(
            parse(&["x=1".to_owned(), "x=2".to_owned()])
                .unwrap_err()
                .message()
                .contains("twice")
        );
    }
}
