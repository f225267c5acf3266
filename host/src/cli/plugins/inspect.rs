//! `ficta plugins inspect`.

use crate::cli::own_stdout::out;
use std::path::Path;

use ficta_core::{
    Component, Error, Result,
    load::{LibraryFile, LoadError, Plugin},
};
use serde_json::{Value, json};

use super::{as_value, list::with_origin, schema, stamp};
use crate::{
    cli::{args::InspectArgs, plugin_folders::registry},
    nearest::suggestion,
    registry::{Origin, Registry},
};

pub fn inspect(args: &InspectArgs, as_json: bool) -> Result<()> {
    match args.what.to_str() {
        Some(name) if !args.what.exists() && is_name(name) => by_name(name, &registry(&args.plugins)?, as_json),
        _ => library(&args.what, args, as_json),
    }
}

/// Component names have neither separators nor extensions.
fn is_name(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

/// Shows the components of a name: one a kind and library.
fn by_name(name: &str, registry: &Registry, as_json: bool) -> Result<()> {
    let found: Vec<_> = registry.entries().iter().filter(|e| e.component.name == name).collect();
    if found.is_empty() {
        let near = suggestion(name, registry.entries().iter().map(|e| e.component.name.as_str()));
        return Err(Error::config(format!("no component is named `{name}`; {near}"))
            .help("`ficta plugins list` shows what there is; --plugins DIR adds a folder"));
    }
    if as_json {
        let all: Vec<_> = found.iter().map(|e| with_origin(e)).collect();
        out!("{:#}", json!(all));
        return Ok(());
    }
    for entry in found {
        out!(
            "{} `{name}`: {}  [{}]",
            entry.component.kind,
            entry.component.summary,
            entry.origin
        );
        if let Origin::Library { path, stamp, .. } = &entry.origin {
            out!("  {}", path.display());
            stamp::details(stamp);
        }
        print_params(&entry.component);
    }
    Ok(())
}

/// Shows what a library's file says, and then, unless only that was asked for, what it says once it is opened.
fn library(path: &Path, args: &InspectArgs, as_json: bool) -> Result<()> {
    let file = match LibraryFile::read(path) {
        Ok(file) => file,
        Err(e) => return Err(rejected(&e, as_json.then(|| json!({})))),
    };
    let mut says = stamp::as_value(&file.stamp);
    says["needs"] = json!(file.needed);
    if !as_json {
        stamp::show(&file.stamp);
        out!("  needs {}", file.needed.join(", "));
    }
    if args.stamp {
        if as_json {
            out!("{says:#}");
        }
        return Ok(());
    }
    let plugin = match Plugin::open_file(&file) {
        Ok(plugin) => plugin,
        Err(e) => {
            if let (Some(report), true) = (&e.layout, args.layout) {
                match as_json {
                    true => says["layout"] = json!(report),
                    false => out!("{report}"),
                }
            }
            return Err(rejected(&e, as_json.then_some(says)));
        }
    };
    if args.layout {
        match as_json {
            true => says["layout"] = json!("agrees"),
            false => out!("  the layout of every type that crosses agrees with this host's"),
        }
    }
    let components = plugin.components()?;
    if as_json {
        says["components"] = components.iter().map(as_value).collect();
        out!("{says:#}");
        return Ok(());
    }
    for component in &components {
        out!("\n{} `{}`: {}", component.kind, component.name, component.summary);
        print_params(component);
    }
    Ok(())
}

/// The error of a rejected library; for programs, what it says of itself is printed beside reason and fix.
fn rejected(error: &LoadError, says: Option<Value>) -> Error {
    if let Some(mut says) = says {
        says["path"] = json!(error.path);
        says["rejected"] = json!({"reason": error.reason, "fix": error.fix});
        out!("{says:#}");
    }
    Error::config(format!("{}: {}", error.path.display(), error.reason)).help(error.fix.clone())
}

fn print_params(component: &Component) {
    let schema = schema(component);
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return;
    };
    let required = |key: &str| {
        schema["required"]
            .as_array()
            .is_some_and(|r| r.iter().any(|v| v == key))
    };
    for (key, property) in properties {
        let default = match property.get("default") {
            Some(value) => format!(" = {value}"),
            None if required(key) => " (required)".into(),
            None => String::new(),
        };
        out!("  {key}{default}");
        let text = property.get("description").and_then(Value::as_str).unwrap_or_default();
        for line in text.lines().filter(|l| !l.is_empty()) {
            out!("      {line}");
        }
    }
}
