//! A component's parameters on the command line: `--param KEY=VALUE`.

use ficta_core::{Error, Result};
use serde_json::{Value, json};

use crate::config::{ComponentChoice, layers::apply};

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
        parse(&self.params, "--param")
    }
}

/// What the option named `option` gives, as a run file's `params` would.
///
/// # Errors
/// No `=`; a key inside something that is no table.
pub fn parse(given: &[String], option: &str) -> Result<Value> {
    let mut value = json!({});
    given.iter().try_for_each(|one| apply(&mut value, option, one))?;
    Ok(value)
}

/// The choice of `plugin` with the parameters that `option` gives.
///
/// # Errors
/// As [`parse`].
pub fn choice(plugin: &str, given: &[String], option: &str) -> Result<ComponentChoice> {
    Ok(ComponentChoice {
        plugin: plugin.into(),
        params: parse(given, option)?,
    })
}

/// A choice made elsewhere, with the parameters that `option` gives in place of its own.
///
/// # Errors
/// As [`parse`]; parameters of its own that are no table, as a damaged file may have them.
pub fn changed(mut choice: ComponentChoice, given: &[String], option: &str) -> Result<ComponentChoice> {
    if let Value::Object(more) = parse(given, option)? {
        let Some(own) = choice.params.as_object_mut() else {
            return Err(Error::data(format!(
                "the parameters of `{}` are {}, expected a table",
                choice.plugin, choice.params
            )));
        };
        own.extend(more);
    }
    Ok(choice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_changed_key_by_key() {
        let of = |params| ComponentChoice {
            plugin: "ddim".into(),
            params,
        };
        let given = ["steps=9".to_owned()];
        let found = changed(of(json!({"steps": 3, "eta": 0.5})), &given, "--param").unwrap();
        assert_eq!(found.params, json!({"steps": 9, "eta": 0.5}));
        let error = changed(of(json!("steps")), &given, "--param").unwrap_err().to_string();
        assert!(error.contains("`ddim` are \"steps\", expected a table"), "{error}");
    }

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
