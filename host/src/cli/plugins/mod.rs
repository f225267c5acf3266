//! `ficta plugins list | inspect | check | new | lock`.

mod check;
mod inspect;
mod list;
mod lock;
mod new;
mod stamp;

use ficta_core::{Component, Result};
use serde_json::{Value, json};

use super::{
    args::{PluginsArgs, PluginsCommand},
    plugin_folders::registry,
};

pub fn plugins(args: &PluginsArgs, as_json: bool) -> Result<()> {
    match &args.command {
        PluginsCommand::List { plugins } => {
            list::list(&registry(plugins)?, as_json);
            Ok(())
        }
        PluginsCommand::Inspect(args) => inspect::inspect(args, as_json),
        PluginsCommand::Check(args) => check::check(args, as_json),
        PluginsCommand::New(args) => new::new(args, as_json),
        PluginsCommand::Lock(args) => lock::lock(args, as_json),
    }
}

fn schema(component: &Component) -> Value {
    serde_json::from_str(&component.params_schema).unwrap_or(Value::Null)
}

/// A component with the schema of its parameters.
fn as_value(c: &Component) -> Value {
    json!({"kind": c.kind, "name": c.name, "summary": c.summary, "params": schema(c)})
}
