//! Files out of a wheel, which is a zip archive.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter};
use std::path::{Component, Path};

use anyhow::{Context, Result, bail};
use zip::ZipArchive;

use crate::digest::HashingWriter;
use crate::manifest::Entry;

/// Extracts the members of `wheel` for which `place` gives a path, to that path below `tree`.
///
/// The archive's own checksums are verified on the way. Returns what was written.
pub fn extract(wheel: &Path, tree: &Path, place: impl Fn(&str) -> Option<String>) -> Result<Vec<Entry>> {
    let file = File::open(wheel).with_context(|| format!("cannot open {}", wheel.display()))?;
    let mut archive =
        ZipArchive::new(BufReader::new(file)).with_context(|| format!("{} is no zip archive", wheel.display()))?;
    let mut entries = Vec::new();
    for index in 0..archive.len() {
        let mut member = archive
            .by_index(index)
            .with_context(|| format!("cannot read {}", wheel.display()))?;
        if member.is_dir() {
            continue;
        }
        let name = member
            .name()
            .with_context(|| format!("a name in {} is malformed", wheel.display()))?;
        let Some(path) = place(&name) else { continue };
        entries.push(
            write(&mut member, tree, &path)
                .with_context(|| format!("cannot extract {} from {}", path, wheel.display()))?,
        );
    }
    Ok(entries)
}

/// Writes `content` to `path` below `tree`.
pub fn write(content: &mut dyn io::Read, tree: &Path, path: &str) -> Result<Entry> {
    if !Path::new(path)
        .components()
        .all(|part| matches!(part, Component::Normal(_)))
    {
        bail!("the path {path:?} leads out of the folder");
    }
    let target = tree.join(path);
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    }
    let file = File::create_new(&target).with_context(|| format!("cannot create {}", target.display()))?;
    let mut writer = HashingWriter::new(BufWriter::with_capacity(1 << 18, file));
    io::copy(content, &mut writer).with_context(|| format!("cannot write {}", target.display()))?;
    let (buffered, sha256, size) = writer.finish();
    buffered
        .into_inner()
        .with_context(|| format!("cannot write {}", target.display()))?;
    Ok(Entry {
        path: path.to_owned(),
        size,
        sha256,
    })
}
