//! `--param KEY=VALUE`.

use ficta_core::Result;
use serde_json::{Value, json};

use crate::config::layers::apply;

/// The parameters of one component on the command line.
#[derive(clap::Args, Debug)]
pub struct ComponentParamArgs {
    /// A parameter of the component: `--param threshold_real=0.75`. The value is TOML, or a plain string where it is not.
    #[arg(long = "param", value_name = "KEY=VALUE")]
    pub params: Vec<String>,
}

impl ComponentParamArgs {
    /// As a run file's `params` would give them.
    ///
    /// # Errors
    /// No `=`; a key inside something that is no table.
    pub fn value(&self) -> Result<Value> {
        parse(&self.params)
    }
}

/// Parameters, as a run file's `params` would give them.
///
/// # Errors
/// No `=`; a key inside something that is no table.
pub fn parse(given: &[String]) -> Result<Value> {
    let mut value = json!({});
    given.iter().try_for_each(|one| apply(&mut value, "--param", one))?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_toml_or_text() {
        let given = ["a=1", "b=0.5", "c=true", "d=std-ratio", "e={ x = 1 }", "f.g=2"].map(str::to_owned);
        let args = ComponentParamArgs { params: given.to_vec() };
        assert_eq!(
            args.value().unwrap(),
            json!({"a": 1, "b": 0.5, "c": true, "d": "std-ratio", "e": {"x": 1}, "f": {"g": 2}})
        );
        let bad = |text: &str| {
            ComponentParamArgs {
                params: vec![text.into()],
            }
            .value()
            .unwrap_err()
            .to_string()
        };
        assert_eq!(bad("a"), "--param a: expected KEY=VALUE");
    }
}
