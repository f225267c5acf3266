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

/// For people: name and version, and [`details`].
pub fn show(s: &Stamp) {
    out!("{} {}", Stamp::text(&s.plugin), Stamp::text(&s.plugin_version));
    details(s);
}

/// For people: versions, numeric library, licence, a line each.
pub fn details(s: &Stamp) {
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

/// For people, in one line: API, numeric library, licence.
pub fn line(s: &Stamp) -> String {
    let mut parts = vec![format!("plugin API {}.{}", s.api_major, s.api_minor)];
    for (what, field) in [("backend", &s.backend), ("licence", &s.licence)] {
        if !Stamp::text(field).is_empty() {
            parts.push(format!("{what} {}", Stamp::text(field)));
        }
    }
    parts.join(", ")
}
