//! Tests of the whole report.

use std::{collections::BTreeMap, sync::OnceLock};

use super::{files, files::texts, input::Input, panels, plates};

mod browser;
mod page;
mod sample;
mod snapshots;
mod sparse;
mod writing;

/// The sample's files, made once for all tests.
fn sample_files() -> &'static BTreeMap<String, Vec<u8>> {
    static FILES: OnceLock<BTreeMap<String, Vec<u8>>> = OnceLock::new();
    FILES.get_or_init(|| files(&sample::input(&sample::drawn)).unwrap())
}

/// The files that are text, by name.
fn texts_of(input: &Input) -> BTreeMap<String, String> {
    texts(input, &panels::all(input), &plates::all(input))
        .unwrap()
        .into_iter()
        .map(|(name, bytes)| (name, String::from_utf8(bytes).unwrap()))
        .collect()
}

/// The page.
fn page_of(input: &Input) -> String {
    texts_of(input).remove("index.html").unwrap()
}

/// A page's text without the inlined pictures, in which any letters may follow each other.
fn without_pictures(page: &str) -> String {
    page.split("base64,")
        .enumerate()
        .map(|(n, part)| match n {
            0 => part,
            _ => part.split_once('"').unwrap().1,
        })
        .collect()
}
