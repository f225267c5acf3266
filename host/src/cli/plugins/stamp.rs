//! What a library says of itself, for people and for programs.

use crate::cli::own_stdout::out;
use ficta_core::Stamp;
use serde_json::{Value, json};

/// For programs.
pub fn as_value(s: &Stamp) -> Value {
    json!({
        "plugin": Stamp::text(&s.plugin), "version": Stamp::text(&s.plugin_version),
        "api": format!("{}.{}", s.api_major, s.api_minor), "core": Stamp::text(&s.core_version),
        "rustc": Stamp::text(&s.rustc), "backend": Stamp::text(&s.backend),
        "licence": Stamp::text(&s.licence), "panic": if s.unwinds() { "unwind" } else { "abort" },
    })
}

/// For people.
pub fn show(s: &Stamp) {
    out!("{} {}", Stamp::text(&s.plugin), Stamp::text(&s.plugin_version));
    out!(
        "  plugin API {}.{}, core {}",
        s.api_major,
        s.api_minor,
        Stamp::text(&s.core_version)
    );
    out!("  {}", Stamp::text(&s.rustc));
    for (what, field) in [("backend", &s.backend), ("licence", &s.licence)] {
        if !Stamp::text(field).is_empty() {
            out!("  {what} {}", Stamp::text(field));
        }
    }
    if !s.unwinds() {
        out!("  built with panic = \"abort\"");
    }
}
