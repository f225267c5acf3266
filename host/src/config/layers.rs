//! Run file, then `FICTA__...` environment, then `--set a.b=c`.

use std::path::PathBuf;

use config::{Config, ConfigError, Environment, File, FileFormat};
use ficta_core::{Error, Result};
use serde_json::Value;

use super::RunConfig;
use crate::nearest::suggestion;

/// Where a run's values come from.
#[derive(Clone, Debug)]
pub struct Layers {
    /// The run file.
    pub file: PathBuf,
    /// `KEY=VALUE` from the command line; the value is TOML, or a plain string where it is not. It replaces what stands there, tables
    /// too: another component takes other parameters.
    pub set: Vec<String>,
}

/// The per-user cache that `${FICTA_CACHE}` stands for: that variable, else `$XDG_CACHE_HOME/ficta`, else `~/.cache/ficta`.
pub fn cache_folder() -> Option<PathBuf> {
    let path = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    path("FICTA_CACHE")
        .or_else(|| path("XDG_CACHE_HOME").map(|p| p.join("ficta")))
        .or_else(|| path("HOME").map(|p| p.join(".cache/ficta")))
}

impl Layers {
    /// Reads, merges, expands `${NAME}` in strings and checks.
    ///
    /// # Errors
    /// An unreadable file, bad TOML, an unknown key (with the nearest), a wrong type, a value out of range.
    pub fn read(&self) -> Result<RunConfig> {
        let text = std::fs::read_to_string(&self.file)
            .map_err(|e| Error::config(format!("run file {}: {e}", self.file.display())))?;
        let builder = Config::builder()
            .add_source(File::from_str(&text, FileFormat::Toml))
            .add_source(
                Environment::with_prefix("FICTA")
                    .prefix_separator("__")
                    .separator("__")
                    .try_parsing(true),
            );
        let mut merged: Value = builder
            .build()
            .and_then(Config::try_deserialize)
            .map_err(|e| self.explain(&e))?;
        for assignment in &self.set {
            apply(&mut merged, "--set", assignment)?;
        }
        let run: RunConfig = serde_path_to_error::deserialize(expand(merged)?).map_err(|e| self.explain_type(&e))?;
        run.check().map_err(|e| e.context(self.file.display()))?;
        Ok(run)
    }

    fn explain(&self, error: &ConfigError) -> Error {
        Error::config(format!("{}: {error}", self.file.display()))
    }

    fn explain_type(&self, error: &serde_path_to_error::Error<serde_json::Error>) -> Error {
        let (path, text) = (error.path().to_string(), error.inner().to_string());
        let quoted: Vec<_> = text.split('`').skip(1).step_by(2).collect();
        let what = match (text.starts_with("unknown field"), quoted.split_first()) {
            (true, Some((wanted, known))) => {
                format!("unknown key `{wanted}`; {}", suggestion(wanted, known.iter().copied()))
            }
            _ => text,
        };
        let place = if path == "." {
            String::new()
        } else {
            format!("{path}: ")
        };
        Error::config(format!("{}: {place}{what}", self.file.display()))
    }
}

/// Puts the value of `KEY=VALUE` in its place; `option` is what the command line calls such an assignment.
///
/// # Errors
/// No `=`; a key inside something that is no table.
pub(crate) fn apply(root: &mut Value, option: &str, assignment: &str) -> Result<()> {
    let (key, value) = assignment
        .split_once('=')
        .ok_or_else(|| Error::config(format!("{option} {assignment}: expected KEY=VALUE")))?;
    assign(root, option, key.trim(), parse(value.trim()))
}

/// `text` as TOML, or as a string.
pub(crate) fn parse(text: &str) -> Value {
    let table = toml::from_str::<toml::Table>(&format!("value = {text}"));
    match table.ok().and_then(|mut t| t.remove("value")) {
        Some(value) => convert(value),
        None => text.into(),
    }
}

fn convert(value: toml::Value) -> Value {
    match value {
        toml::Value::String(s) => s.into(),
        toml::Value::Integer(i) => i.into(),
        toml::Value::Float(f) => f.into(),
        toml::Value::Boolean(b) => b.into(),
        toml::Value::Datetime(d) => d.to_string().into(),
        toml::Value::Array(a) => a.into_iter().map(convert).collect(),
        toml::Value::Table(t) => Value::Object(t.into_iter().map(|(k, v)| (k, convert(v))).collect()),
    }
}

/// Puts `value` at `key` (`a.b.c`), making the tables on the way.
fn assign(root: &mut Value, option: &str, key: &str, value: Value) -> Result<()> {
    let mut at = root;
    let mut path = String::new();
    for part in key.split('.') {
        let table = at.as_object_mut().ok_or_else(|| {
            Error::config(format!(
                "{option} {key}: `{path}` is no table, so there is no `{part}` in it"
            ))
        })?;
        at = table
            .entry(part)
            .or_insert_with(|| Value::Object(serde_json::Map::new()));
        path = if path.is_empty() {
            part.to_owned()
        } else {
            format!("{path}.{part}")
        };
    }
    *at = value;
    Ok(())
}

/// Replaces `${NAME}` in every string by the environment's value.
fn expand(value: Value) -> Result<Value> {
    Ok(match value {
        Value::String(text) => Value::String(expand_text(&text)?),
        Value::Array(items) => Value::Array(items.into_iter().map(expand).collect::<Result<_>>()?),
        Value::Object(map) => Value::Object(
            map.into_iter()
                .map(|(k, v)| Ok((k, expand(v)?)))
                .collect::<Result<_>>()?,
        ),
        other => other,
    })
}

fn expand_text(text: &str) -> Result<String> {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(start) = rest.find("${") {
        let end = rest[start..].find('}').map(|e| start + e);
        let end = end.ok_or_else(|| Error::config(format!("`{text}`: a `${{` without its `}}`")))?;
        let name = &rest[start + 2..end];
        let value = match name {
            "FICTA_CACHE" => cache_folder().map(|p| p.to_string_lossy().into_owned()),
            _ => std::env::var(name).ok(),
        };
        out.push_str(&rest[..start]);
        out.push_str(&value.ok_or_else(|| {
            Error::config(format!("`{text}`: the environment has no {name}")).help(format!("export {name}=..."))
        })?);
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    Ok(out)
}
