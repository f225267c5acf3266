//! Weights of the dlib face-recognition ResNet out of npm's @vladmandic/face-api.

use std::fs::File;
use std::path::Path;

use anyhow::{Context, Result, bail};
use flate2::read::GzDecoder;
use tar::Archive;

use crate::client::Client;
use crate::digest;
use crate::install::Item;
use crate::manifest::Entry;
use crate::wheel;

/// The cache's folder with the weights, their manifest and the package's licence.
pub const ITEM: Item = Item {
    name: "face-api-1.7.15",
    mebibytes: 64,
    fill,
};

const PACKAGE: &str = "@vladmandic/face-api@1.7.15";

/// Member of the tarball, name in the cache, SHA-256.
const FILES: [(&str, &str, &str); 3] = [
    (
        "package/model/face_recognition_model.bin",
        "face_recognition_model.bin",
        "b413e420d6840b2775fba32008db6f3cddb07d485967fb42cfcf379c16a8c589",
    ),
    (
        "package/model/face_recognition_model-weights_manifest.json",
        "face_recognition_model-weights_manifest.json",
        "cbaffa501b0b9275a12b63357a6843e7e30c054e1c9151e1a5f879b26e32986b",
    ),
    (
        "package/LICENSE",
        "LICENSE",
        "9a3442b79acaf4fbc7c2e07b7e2d8f84af9bb3871bf08a69d80304ab00640e9a",
    ),
];

fn fill(client: &dyn Client, downloads: &Path, tree: &Path) -> Result<Vec<Entry>> {
    let tarball = client.npm_package(PACKAGE, downloads)?;
    let entries = extract(&tarball, tree).with_context(|| format!("cannot read {}", tarball.display()));
    // npm checks what it downloads; the pinned hashes are those of the files inside, so the tarball itself cannot be
    // told apart from a damaged one next time.
    std::fs::remove_file(&tarball).with_context(|| format!("cannot delete {}", tarball.display()))?;
    entries.and_then(check)
}

fn extract(tarball: &Path, tree: &Path) -> Result<Vec<Entry>> {
    let mut archive = Archive::new(GzDecoder::new(File::open(tarball)?));
    let mut entries = Vec::new();
    for member in archive.entries()? {
        let mut member = member?;
        let path = member.path()?.to_string_lossy().into_owned();
        if let Some((_, name, _)) = FILES.iter().find(|(source, ..)| *source == path) {
            entries.push(wheel::write(&mut member, tree, name)?);
        }
    }
    Ok(entries)
}

fn check(entries: Vec<Entry>) -> Result<Vec<Entry>> {
    for (source, name, sha256) in FILES {
        match entries.iter().find(|entry| entry.path == name) {
            None => bail!("{PACKAGE} holds no {source}"),
            Some(entry) if entry.sha256 != sha256 => {
                return Err(digest::mismatch(name, PACKAGE, sha256, &entry.sha256, entry.size));
            }
            Some(_) => {}
        }
    }
    Ok(entries)
}
