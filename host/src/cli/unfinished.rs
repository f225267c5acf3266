//! Work that takes long and goes on where it was stopped: where it lies, and whether it is the same work.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// A hidden folder beside `out`, for what is not finished: `out` appears whole or not at all.
pub fn work_folder(out: &Path) -> PathBuf {
    let name = out.file_name().unwrap_or_default().to_string_lossy();
    out.with_file_name(format!(".{name}.work"))
}

/// The keys of `settings` whose values `found`, what other work was asked for, does not have, as in `count, images`; `None` where it has all.
pub fn differences(found: &Value, settings: &Value) -> Option<String> {
    let all = settings.as_object().into_iter().flatten();
    let keys: Vec<&str> = all
        .filter(|(key, value)| found.get(key.as_str()) != Some(value))
        .map(|(key, _)| key.as_str())
        .collect();
    (!keys.is_empty()).then(|| keys.join(", "))
}
