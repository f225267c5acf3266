//! Data that set-up lays into the per-user cache and that is not in the repository.

use std::env;
use std::io::Write;
use std::path::PathBuf;

/// A folder of the cache (`$FICTA_CACHE`, else `$XDG_CACHE_HOME/ficta`, else `~/.cache/ficta`).
///
/// Where it is missing the caller's test cannot run: this says so and gives `None`, or panics where `FICTA_REQUIRE_ASSETS=1`.
pub fn folder(name: &str) -> Option<PathBuf> {
    let variable = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = variable("FICTA_CACHE")
        .or_else(|| {
            variable("XDG_CACHE_HOME")
                .filter(|p| p.is_absolute())
                .map(|p| p.join("ficta"))
        })
        .or_else(|| variable("HOME").map(|p| p.join(".cache/ficta")));
    let folder = cache.map(|cache| cache.join(name));
    if let Some(found) = folder.as_ref().filter(|f| f.is_dir()) {
        return Some(found.clone());
    }
    let place = folder.map_or("no cache folder".into(), |f| f.display().to_string());
    let message = format!("SKIPPED: {place} is missing; `cargo xtask setup` fetches it");
    assert!(
        env::var_os("FICTA_REQUIRE_ASSETS").is_none_or(|v| v != "1"),
        "{message}"
    );
    // Straight to the stream: the test runner swallows what `eprintln!` writes in a test that passes.
    let mut stderr = std::io::stderr();
    writeln!(stderr, "{message}").unwrap();
    None
}

/// The pretrained weights.
pub fn face_api() -> Option<PathBuf> {
    folder("face-api-1.7.15")
}

/// The ORL photographs.
pub fn orl() -> Option<PathBuf> {
    folder("orl-1.4.0")
}
