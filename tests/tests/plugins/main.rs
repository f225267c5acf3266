//! Plugins as libraries, plugins linked into this test program, and plugins that drive each other.

mod between_libraries;
mod linked_in;
mod listing;

use ficta::registry::Registry;
use ficta_tests::product;

/// The components of these built libraries alone.
fn loaded(crates: &[&str]) -> Registry {
    let mut registry = Registry::default();
    for name in crates {
        registry.load(&product::library(name)).unwrap_or_else(|e| panic!("{e}"));
    }
    registry
}
