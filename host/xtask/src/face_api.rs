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
type Wanted = (&'static str, &'static str, &'static str);

const FILES: [Wanted; 3] = [
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
    let entries = extract(&tarball, &FILES, tree).with_context(|| format!("cannot read {}", tarball.display()));
    // npm checks what it downloads; the pinned hashes are those of the files inside, so the tarball itself cannot be
    // told apart from a damaged one next time.
    std::fs::remove_file(&tarball).with_context(|| format!("cannot delete {}", tarball.display()))?;
    check(entries?, &FILES)
}

fn extract(tarball: &Path, files: &[Wanted], tree: &Path) -> Result<Vec<Entry>> {
    let mut archive = Archive::new(GzDecoder::new(File::open(tarball)?));
    let mut entries = Vec::new();
    for member in archive.entries()? {
        let mut member = member?;
        let path = member.path()?.to_string_lossy().into_owned();
        if let Some((_, name, _)) = files.iter().find(|(source, ..)| *source == path) {
            entries.push(wheel::write(&mut member, tree, name)?);
        }
    }
    Ok(entries)
}

fn check(entries: Vec<Entry>, files: &[Wanted]) -> Result<Vec<Entry>> {
    for &(source, name, sha256) in files {
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

#[cfg(test)]
mod tests {
    use flate2::{Compression, write::GzEncoder};

    use super::*;

    /// What `sha256sum` says of `weights`.
    const SHA256: &str = "9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c";

    /// A tarball with these members, as npm packs them.
    fn tarball(folder: &Path, members: &[(&str, &str)]) -> std::path::PathBuf {
        let path = folder.join("package.tgz");
        let mut archive = tar::Builder::new(GzEncoder::new(File::create(&path).unwrap(), Compression::fast()));
        for (name, content) in members {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            archive.append_data(&mut header, name, content.as_bytes()).unwrap();
        }
        archive.into_inner().unwrap().finish().unwrap();
        path
    }

    fn from(members: &[(&str, &str)], files: &[Wanted]) -> (tempfile::TempDir, Result<Vec<Entry>>) {
        let folder = tempfile::tempdir().unwrap();
        let tree = folder.path().join("tree");
        std::fs::create_dir(&tree).unwrap();
        let entries = extract(&tarball(folder.path(), members), files, &tree);
        (folder, entries.and_then(|entries| check(entries, files)))
    }

    #[test]
    fn the_wanted_members_are_taken_and_no_others() {
        let members = [("package/model/a.bin", "weights"), ("package/README.md", "words")];
        let (folder, entries) = from(&members, &[("package/model/a.bin", "a.bin", SHA256)]);
        let entries = entries.unwrap();
        assert_eq!((entries.len(), entries[0].sha256.as_str()), (1, SHA256));
        let tree = folder.path().join("tree");
        assert_eq!(std::fs::read_to_string(tree.join("a.bin")).unwrap(), "weights");
        assert!(!tree.join("README.md").exists());
    }

    #[test]
    fn another_checksum_is_refused_with_both() {
        let members = [("package/model/a.bin", "weighs")];
        let error = from(&members, &[("package/model/a.bin", "a.bin", SHA256)])
            .1
            .unwrap_err();
        let text = format!("{error:#}");
        for part in ["a.bin", PACKAGE, SHA256] {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn a_member_that_is_missing_is_named() {
        let error = from(&[("package/other", "")], &[("package/model/a.bin", "a.bin", SHA256)]).1;
        let text = format!("{:#}", error.unwrap_err());
        assert!(text.contains("holds no package/model/a.bin"), "{text}");
    }
}
