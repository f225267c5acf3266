//! `ficta plugins list | inspect`.

use std::path::Path;

use ficta_core::{Component, Error, Result, Stamp};
use serde_json::{Value, json};

use super::{
    args::{PluginsArgs, PluginsCommand},
    plugin_folders::registry,
};
use crate::{
    loader::{LoadError, Plugin},
    nearest::suggestion,
    registry::{Entry, Origin, Registry},
};

pub fn plugins(args: &PluginsArgs, as_json: bool) -> Result<()> {
    match &args.command {
        PluginsCommand::List { plugins } => {
            list(&registry(plugins)?, as_json);
            Ok(())
        }
        PluginsCommand::Inspect { what, plugins, layout } => match what.to_str() {
            Some(name) if !what.exists() && is_name(name) => describe(name, &registry(plugins)?, as_json),
            _ => inspect(what, *layout, as_json),
        },
    }
}

fn list(registry: &Registry, as_json: bool) {
    if as_json {
        let components: Vec<_> = registry
            .entries()
            .iter()
            .map(|e| json!({"kind": e.component.kind, "name": e.component.name, "summary": e.component.summary, "origin": origin(&e.origin)}))
            .collect();
        let rejected: Vec<_> = registry
            .rejected()
            .iter()
            .map(|e| json!({"path": e.path, "reason": e.reason, "fix": e.fix}))
            .collect();
        println!("{:#}", json!({"components": components, "rejected": rejected}));
        return;
    }
    let mut entries: Vec<_> = registry.entries().iter().collect();
    entries.sort_by(|a, b| (a.component.kind, &a.component.name).cmp(&(b.component.kind, &b.component.name)));
    let width = entries.iter().map(|e| e.component.name.len()).max().unwrap_or(0);
    for entry in &entries {
        let c = &entry.component;
        println!("{:12} {:width$}  {}  [{}]", c.kind, c.name, c.summary, entry.origin);
    }
    if entries.is_empty() {
        println!("no component: --plugins DIR or FICTA_PLUGIN_PATH names folders of plugin libraries");
    }
    for rejected in registry.rejected() {
        println!("rejected     {rejected}");
    }
}

fn origin(origin: &Origin) -> Value {
    match origin {
        Origin::BuiltIn => json!("built in"),
        Origin::Library {
            path,
            name,
            version,
            backend,
        } => {
            json!({"path": path, "name": name, "version": version, "backend": backend})
        }
    }
}

/// Component names have neither separators nor extensions.
fn is_name(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

/// Shows the components of a name: one a kind and library.
fn describe(name: &str, registry: &Registry, as_json: bool) -> Result<()> {
    let found: Vec<_> = registry.entries().iter().filter(|e| e.component.name == name).collect();
    if found.is_empty() {
        let near = suggestion(name, registry.entries().iter().map(|e| e.component.name.as_str()));
        return Err(Error::config(format!("no component is named `{name}`; {near}"))
            .help("`ficta plugins list` shows what there is; --plugins DIR adds a folder"));
    }
    if as_json {
        let all: Vec<_> = found.iter().map(|e| with_origin(e)).collect();
        println!("{:#}", json!(all));
        return Ok(());
    }
    for entry in found {
        println!(
            "{} `{name}`: {}  [{}]",
            entry.component.kind, entry.component.summary, entry.origin
        );
        print_params(&entry.component);
    }
    Ok(())
}

fn with_origin(entry: &Entry) -> Value {
    let mut all = as_value(&entry.component);
    all["origin"] = origin(&entry.origin);
    all
}

fn as_value(c: &Component) -> Value {
    json!({"kind": c.kind, "name": c.name, "summary": c.summary, "params": schema(c)})
}

fn inspect(library: &Path, layout: bool, as_json: bool) -> Result<()> {
    let plugin = Plugin::open(library).map_err(|e| rejected(&e, layout))?;
    let components: Vec<Component> = plugin.module.components()()
        .into_result()?
        .into_iter()
        .map(Component::from)
        .collect();
    let s = plugin.stamp;
    if as_json {
        let components: Vec<_> = components.iter().map(as_value).collect();
        println!(
            "{:#}",
            json!({
                "plugin": Stamp::text(&s.plugin), "version": Stamp::text(&s.plugin_version),
                "api": format!("{}.{}", s.api_major, s.api_minor), "core": Stamp::text(&s.core_version),
                "rustc": Stamp::text(&s.rustc), "backend": Stamp::text(&s.backend),
                "licence": Stamp::text(&s.licence), "components": components,
            })
        );
        return Ok(());
    }
    println!("{} {}", Stamp::text(&s.plugin), Stamp::text(&s.plugin_version));
    println!(
        "  plugin API {}.{}, core {}",
        s.api_major,
        s.api_minor,
        Stamp::text(&s.core_version)
    );
    println!("  {}", Stamp::text(&s.rustc));
    for (what, field) in [("backend", &s.backend), ("licence", &s.licence)] {
        if !Stamp::text(field).is_empty() {
            println!("  {what} {}", Stamp::text(field));
        }
    }
    for component in &components {
        println!("\n{} `{}`: {}", component.kind, component.name, component.summary);
        print_params(component);
    }
    Ok(())
}

fn rejected(error: &LoadError, layout: bool) -> Error {
    if layout && let Some(report) = &error.layout {
        println!("{report}");
    }
    Error::config(format!("{}: {}", error.path.display(), error.reason)).help(error.fix.clone())
}

fn schema(component: &Component) -> Value {
    serde_json::from_str(&component.params_schema).unwrap_or(Value::Null)
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
        println!("  {key}{default}");
        let text = property.get("description").and_then(Value::as_str).unwrap_or_default();
        for line in text.lines().filter(|l| !l.is_empty()) {
            println!("      {line}");
        }
    }
}
