//! A zip archive of an image folder: `person/image.ext`, below any folders.

use std::{
    borrow::Cow,
    io::{Cursor, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use ficta_core::{Error, ErrorKind, Result};
use zip::{ZipArchive, result::ZipError};

use super::{
    Format, ImageSource, archive_path,
    folder::is_image,
    labels::{LabelBuilder, Labels},
    limits,
};
use crate::{data::natural_order, storage::mapped::Mapped};

#[derive(Clone)]
struct Shared(Arc<Mapped>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        self.0.bytes()
    }
}

/// A zip archive. The archive's directory is held in memory, some 300 bytes a member: for millions of images the other layouts are lighter.
pub struct ZipSource {
    path: PathBuf,
    archive: ZipArchive<Cursor<Shared>>,
    /// Place in the archive's directory of each image, person by person.
    members: Vec<u32>,
    labels: Labels,
    passed: usize,
}

impl ZipSource {
    /// Reads the archive's directory.
    ///
    /// # Errors
    /// No zip archive; a path that leads out of it; no images in folders.
    pub fn open(path: &Path) -> Result<Self> {
        Self::open_part(path, |_| true)
    }

    /// The same for the members whose path `part` accepts.
    pub(super) fn open_part(path: &Path, part: impl Fn(&str) -> bool) -> Result<Self> {
        let wrong = |e: &ZipError| {
            Error::wrap(
                ErrorKind::DATA,
                format!("{} is no sound zip archive", path.display()),
                e,
            )
        };
        let reader = Cursor::new(Shared(Arc::new(Mapped::open(path)?)));
        let archive = ZipArchive::new(reader).map_err(|e| wrong(&e))?;
        let (mut found, mut passed) = (Vec::new(), 0);
        for at in 0..archive.len() {
            let entry = archive.by_index_data(at).map_err(|e| wrong(&e))?;
            // Archives of other systems have names in other encodings; folders only need to differ.
            let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
            archive_path::check(&name).map_err(|why| Error::data(format!("{}, member {at}: {why}", path.display())))?;
            let is_folder = name.ends_with('/');
            if is_folder || archive_path::is_hidden(&name) || !part(&name) {
                continue;
            }
            match archive_path::folder(&name) {
                Some(_) if is_image(name.as_ref()) && !entry.is_symlink() => found.push((name, at as u32)),
                _ => passed += 1,
            }
        }
        if found.is_empty() {
            let error = Error::data(format!("no images in folders in {}", path.display()));
            return Err(error.help("expected one folder a person with images inside, as in s1/1.png"));
        }
        found.sort_by(|a, b| natural_order::compare(&a.0, &b.0));
        let mut labels = LabelBuilder::default();
        for (name, _) in &found {
            labels.name(archive_path::folder(name).unwrap_or_default())?;
        }
        Ok(Self {
            path: path.to_owned(),
            archive,
            members: found.into_iter().map(|(_, at)| at).collect(),
            labels: labels.finish(),
            passed,
        })
    }

    fn member_name(&self, index: usize) -> String {
        let entry = self.archive.by_index_data(self.members[index] as usize);
        entry.map_or_else(
            |_| String::new(),
            |e| String::from_utf8_lossy(e.name_raw()).into_owned(),
        )
    }
}

impl ImageSource for ZipSource {
    fn format(&self) -> Format {
        Format::Zip
    }

    fn len(&self) -> usize {
        self.members.len()
    }

    fn label(&self, index: usize) -> i64 {
        self.labels.get(index)
    }

    fn bytes(&self, index: usize) -> Result<Cow<'_, [u8]>> {
        let name = self.name(index);
        let wrong = |e: &(dyn std::error::Error + 'static)| {
            Error::wrap(ErrorKind::DATA, format!("{name} cannot be unpacked"), e)
        };
        // The directory is shared; what is cloned is the place in the file.
        let mut archive = self.archive.clone();
        let member = archive.by_index(self.members[index] as usize).map_err(|e| wrong(&e))?;
        let said = member.size();
        limits::check_encoded(said, &name)?;
        let mut bytes = Vec::with_capacity(said as usize);
        // A member may hold more than it says.
        member
            .take(limits::ENCODED + 1)
            .read_to_end(&mut bytes)
            .map_err(|e| wrong(&e))?;
        limits::check_encoded(bytes.len() as u64, &name)?;
        Ok(Cow::Owned(bytes))
    }

    fn name(&self, index: usize) -> String {
        format!("{}, member {}", self.path.display(), self.member_name(index))
    }

    fn file_name(&self, index: usize) -> Option<String> {
        let name = self.member_name(index);
        Some(name.rsplit('/').next().unwrap_or(&name).to_owned())
    }

    fn identity_name(&self, label: i64) -> Option<String> {
        self.labels.name(label)
    }

    fn notes(&self) -> Vec<String> {
        match self.passed {
            0 => Vec::new(),
            n => vec![format!("passed over: {n} members that are no images of a person")],
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

    use super::*;

    fn archive(members: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in members {
            writer
                .start_file(*name, SimpleFileOptions::default().compression_method(method))
                .unwrap();
            writer.write_all(content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn open(bytes: &[u8]) -> Result<ZipSource> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.zip");
        std::fs::write(&path, bytes).unwrap();
        // The map outlives the name.
        ZipSource::open(&path)
    }

    #[test]
    fn images_are_read_in_natural_order() {
        for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
            let bytes = archive(
                &[
                    ("f/s10/1.png", b"ten"),
                    ("f/s2/1.png", b"two"),
                    ("f/readme.md", b"x"),
                    ("__MACOSX/s2/1.png", b"x"),
                ],
                method,
            );
            let source = open(&bytes).unwrap();
            let all: Vec<_> = (0..source.len())
                .map(|i| (source.label(i), source.bytes(i).unwrap().into_owned()))
                .collect();
            assert_eq!(all, [(0, b"two".to_vec()), (1, b"ten".to_vec())]);
            assert_eq!(source.identity_name(1).as_deref(), Some("s10"));
            assert_eq!(
                source.notes(),
                ["passed over: 1 members that are no images of a person"]
            );
        }
    }

    #[test]
    fn bad_archives_are_refused() {
        let message = |bytes: &[u8]| open(bytes).err().unwrap().to_string();
        assert!(message(b"no zip").contains("is no sound zip archive"));
        let good = archive(&[("s1/1.png", b"x")], CompressionMethod::Stored);
        assert!(message(&good[..good.len() - 10]).contains("is no sound zip archive"));
        let outside = archive(&[("s1/../../1.png", b"x")], CompressionMethod::Stored);
        assert!(message(&outside).contains("leads out of the archive"));
        assert!(message(&archive(&[("1.png", b"x")], CompressionMethod::Stored)).contains("no images in folders"));
    }

    #[test]
    fn a_decompression_bomb_is_refused() {
        let bomb = vec![0; limits::ENCODED as usize + 5];
        let mut bytes = archive(&[("s1/1.png", &bomb)], CompressionMethod::Deflated);
        let message = open(&bytes).unwrap().bytes(0).unwrap_err().to_string();
        assert!(message.contains("expected at most"), "{message}");
        // One that says to be small.
        let at = bytes.windows(4).rposition(|w| w == b"PK\x01\x02").unwrap() + 24;
        bytes[at..at + 4].copy_from_slice(&100u32.to_le_bytes());
        assert!(open(&bytes).and_then(|s| s.bytes(0).map(|b| b.len())).is_err());
    }

    proptest::proptest! {
        #[test]
        fn mutated_archives_never_panic(at in 0usize..1000, byte: u8, cut in 0usize..1000, noise in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let mut bytes = archive(&[("s1/1.png", b"one"), ("s2/1.png", &[5; 100])], CompressionMethod::Deflated);
            let at = at % bytes.len();
            bytes[at] = byte;
            let cut = cut % bytes.len();
            for content in [&bytes[..], &bytes[..cut], &noise] {
                if let Ok(source) = open(content) {
                    (0..source.len()).for_each(|i| drop(source.bytes(i)));
                }
            }
        }
    }
}
