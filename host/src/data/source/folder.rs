//! An image folder: `person/image.ext`.

use std::{
    borrow::Cow,
    ffi::OsStr,
    fs::{self, File},
    io::{self, Read},
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use ficta_core::{Error, Result};

use super::{Format, ImageSource, limits, names::Names};
use crate::{data::natural_order, storage::atomic::io_error};

/// Endings of the files that count as images, in any case.
pub const EXTENSIONS: [&str; 6] = ["png", "jpg", "jpeg", "webp", "pgm", "ppm"];

/// What was passed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Skipped {
    /// Files and folders whose name begins with a dot.
    pub hidden: usize,
    /// Files that are no images by their ending, and images outside the people's folders.
    pub files: usize,
    /// Folders inside the people's folders.
    pub folders: usize,
}

/// The people in a folder, in natural order (s2 before s10): their place in it is their label. The images of a person come in natural order too.
///
/// Held in memory: the file names, end to end, and five bytes an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderSource {
    root: PathBuf,
    people: Names,
    /// Images of person `p` are those from `starts[p]` up to `starts[p + 1]`.
    starts: Vec<usize>,
    images: Names,
    skipped: Skipped,
}

impl FolderSource {
    /// Lists a folder. The images themselves are not read yet. Links are followed.
    ///
    /// # Errors
    /// A missing folder, or one without images; [`ficta_core::ErrorKind::IO`] with the path where listing fails.
    pub fn open(path: &Path) -> Result<Self> {
        Self::open_part(path, |_| true)
    }

    /// The same for the images whose file name `part` accepts.
    pub(super) fn open_part(path: &Path, part: impl Fn(&Path) -> bool) -> Result<Self> {
        let shown = path.display();
        if !path.exists() {
            let error = Error::data(format!("the image folder {shown} does not exist"));
            return Err(error.help("check the path; a relative one starts at the folder the command runs in"));
        }
        if !path.is_dir() {
            return Err(Error::data(format!(
                "{shown} is a file, expected a folder with one folder a person"
            )));
        }
        let mut found = Self {
            root: path.to_owned(),
            people: Names::default(),
            starts: vec![0],
            images: Names::default(),
            skipped: Skipped::default(),
        };
        for entry in list(path)? {
            match entry.what {
                _ if entry.hidden() => found.skipped.hidden += 1,
                What::Other | What::Image => found.skipped.files += 1,
                What::Folder => found.add_person(&entry, &part)?,
            }
        }
        if found.images.len() == 0 {
            let what = match (found.people.len(), found.skipped.files) {
                (0, 0) => "it is empty".to_owned(),
                (0, files) => format!("it holds {files} files but no folders"),
                (people, _) => format!("its {people} folders hold none"),
            };
            return Err(Error::data(format!("no images in {shown}: {what}")).help(layout_help()));
        }
        found.people.shrink();
        found.images.shrink();
        Ok(found)
    }

    fn add_person(&mut self, folder: &Entry, part: &dyn Fn(&Path) -> bool) -> Result<()> {
        self.people.push(folder.name.as_bytes())?;
        for entry in list(&self.root.join(&folder.name))? {
            match entry.what {
                _ if entry.hidden() => self.skipped.hidden += 1,
                What::Folder => self.skipped.folders += 1,
                What::Other => self.skipped.files += 1,
                What::Image if !part(Path::new(&entry.name)) => self.skipped.files += 1,
                What::Image => self.images.push(entry.name.as_bytes())?,
            }
        }
        self.starts.push(self.images.len());
        Ok(())
    }

    /// What was passed over.
    pub fn skipped(&self) -> Skipped {
        self.skipped
    }

    /// The image's file.
    ///
    /// # Panics
    /// Where there is no such image.
    pub fn path(&self, index: usize) -> PathBuf {
        let person = self.people.get(self.person(index));
        let mut path = self.root.join(OsStr::from_bytes(person));
        path.push(OsStr::from_bytes(self.images.get(index)));
        path
    }

    fn person(&self, index: usize) -> usize {
        self.starts.partition_point(|start| *start <= index) - 1
    }
}

impl ImageSource for FolderSource {
    fn format(&self) -> Format {
        Format::Folder
    }

    fn len(&self) -> usize {
        self.images.len()
    }

    fn label(&self, index: usize) -> i64 {
        self.person(index) as i64
    }

    fn bytes(&self, index: usize) -> Result<Cow<'_, [u8]>> {
        read(&self.path(index)).map(Cow::Owned)
    }

    fn name(&self, index: usize) -> String {
        self.path(index).display().to_string()
    }

    fn file_name(&self, index: usize) -> Option<String> {
        Some(self.images.text(index))
    }

    fn identity_name(&self, label: i64) -> Option<String> {
        let person = usize::try_from(label).ok().filter(|p| *p < self.people.len())?;
        Some(self.people.text(person))
    }

    fn listed_identities(&self) -> usize {
        self.people.len()
    }

    fn notes(&self) -> Vec<String> {
        let Skipped { hidden, files, folders } = self.skipped;
        let passed = [
            (hidden, "hidden"),
            (files, "files that are no images of a person"),
            (folders, "folders inside people's folders"),
        ];
        let all: Vec<_> = passed
            .iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, what)| format!("{n} {what}"))
            .collect();
        if all.is_empty() {
            Vec::new()
        } else {
            vec![format!("passed over: {}", all.join(", "))]
        }
    }
}

/// The bytes of an image's file, no more of them than an image may have.
///
/// # Errors
/// [`ficta_core::ErrorKind::IO`] with the path; a file beyond [`limits::ENCODED`].
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    let failed = |e: &io::Error| io_error("read", path, e);
    let file = File::open(path).map_err(|e| failed(&e))?;
    let length = file.metadata().map_err(|e| failed(&e))?.len();
    limits::check_encoded(length, &path.display())?;
    let mut bytes = Vec::with_capacity(length as usize);
    // A file may grow while it is read, and some say 0 and have content.
    let mut limited = file.take(limits::ENCODED + 1);
    limited.read_to_end(&mut bytes).map_err(|e| failed(&e))?;
    limits::check_encoded(bytes.len() as u64, &path.display())?;
    Ok(bytes)
}

fn layout_help() -> String {
    format!(
        "expected one folder a person with images inside, as in s1/1.png ({})",
        EXTENSIONS.join(", ")
    )
}

/// Whether a file's name has an image's ending.
pub(super) fn is_image(name: &Path) -> bool {
    let ending = name.extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
    ending.is_some_and(|ending| EXTENSIONS.contains(&ending.as_str()))
}

enum What {
    Folder,
    Image,
    Other,
}

struct Entry {
    name: std::ffi::OsString,
    what: What,
}

impl Entry {
    fn hidden(&self) -> bool {
        self.name.as_bytes().starts_with(b".")
    }
}

/// What lies in a folder, in natural order.
fn list(folder: &Path) -> Result<Vec<Entry>> {
    let failed = |e: &io::Error| io_error("read", folder, e);
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(|e| failed(&e))? {
        let entry = entry.map_err(|e| failed(&e))?;
        let kind = entry.file_type().map_err(|e| failed(&e))?;
        // A link that leads nowhere stays in the set: reading the image then says so.
        let (is_folder, is_file) = match kind.is_symlink() {
            true => fs::metadata(entry.path()).map_or((false, true), |about| (about.is_dir(), about.is_file())),
            false => (kind.is_dir(), kind.is_file()),
        };
        let name = entry.file_name();
        let what = match is_image(Path::new(&name)) {
            _ if is_folder => What::Folder,
            // Not a pipe or a device, which could be read for ever.
            true if is_file => What::Image,
            _ => What::Other,
        };
        entries.push(Entry { name, what });
    }
    entries.sort_by(|a, b| {
        let (x, y) = (a.name.to_string_lossy(), b.name.to_string_lossy());
        natural_order::compare(&x, &y).then_with(|| a.name.cmp(&b.name))
    });
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        folder
    }

    fn error(folder: &tempfile::TempDir) -> Error {
        FolderSource::open(folder.path()).unwrap_err()
    }

    #[test]
    fn people_and_images_come_in_natural_order() {
        let folder = folder_with(&[
            "s10/1.pgm",
            "s10/2.PNG",
            "s2/10.pgm",
            "s2/2.jpeg",
            "s2/1.jpg",
            "s2/.thumb.png",
        ]);
        let source = FolderSource::open(folder.path()).unwrap();
        let all = 0..source.len();
        let relative: Vec<_> = all
            .clone()
            .map(|i| {
                source
                    .path(i)
                    .strip_prefix(folder.path())
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned()
            })
            .collect();
        assert_eq!(
            relative,
            ["s2/1.jpg", "s2/2.jpeg", "s2/10.pgm", "s10/1.pgm", "s10/2.PNG"]
        );
        assert_eq!(all.map(|i| source.label(i)).collect::<Vec<_>>(), [0, 0, 0, 1, 1]);
        assert_eq!(source.identity_name(1).as_deref(), Some("s10"));
        assert_eq!((source.identity_name(2), source.identity_name(-1)), (None, None));
        assert_eq!(&*source.bytes(4).unwrap(), b"x");
        assert_eq!(source.file_name(4).as_deref(), Some("2.PNG"));
    }

    #[test]
    fn what_is_no_image_is_skipped_and_counted() {
        let folder = folder_with(&[
            "CREDITS.txt",
            ".git/a.png",
            "stray.png",
            "s1/1.png",
            "s1/2.png",
            "s1/notes.txt",
            "s1/noending",
            "s1/.hidden.png",
            "s1/more/3.png",
            "s1/4.bmp",
        ]);
        let source = FolderSource::open(folder.path()).unwrap();
        assert_eq!((source.listed_identities(), source.len()), (1, 2));
        let skipped = Skipped {
            hidden: 2,
            files: 5,
            folders: 1,
        };
        assert_eq!(source.skipped(), skipped);
        let expected =
            "passed over: 2 hidden, 5 files that are no images of a person, 1 folders inside people's folders";
        assert_eq!(source.notes(), [expected]);
    }

    #[test]
    fn a_missing_folder_is_named() {
        let error = FolderSource::open(Path::new("no/such/faces")).unwrap_err();
        assert_eq!(error.message(), "the image folder no/such/faces does not exist");
    }

    #[test]
    fn a_folder_without_images_is_an_error() {
        assert!(error(&folder_with(&[])).message().ends_with("it is empty"));
        assert!(
            error(&folder_with(&["a.png"]))
                .message()
                .ends_with("it holds 1 files but no folders")
        );
        assert!(
            error(&folder_with(&["s1/a.txt"]))
                .message()
                .ends_with("its 1 folders hold none")
        );
        let file = folder_with(&["a.png"]);
        let error = FolderSource::open(&file.path().join("a.png")).unwrap_err();
        assert!(error.message().contains("is a file"));
    }

    #[test]
    fn a_person_without_images_keeps_its_label() {
        let folder = folder_with(&["s1/readme.txt", "s2/1.png", "s3/readme.txt"]);
        let source = FolderSource::open(folder.path()).unwrap();
        assert_eq!((source.len(), source.label(0), source.listed_identities()), (1, 1, 3));
    }

    #[test]
    fn names_that_are_not_utf8_are_read() {
        let folder = folder_with(&["s1/1.png"]);
        let odd = folder.path().join(OsStr::from_bytes(b"s\xff"));
        fs::create_dir(&odd).unwrap();
        fs::write(odd.join(OsStr::from_bytes(b"\xfe.png")), "odd").unwrap();
        let source = FolderSource::open(folder.path()).unwrap();
        assert_eq!(&*source.bytes(1).unwrap(), b"odd");
        assert_eq!(source.identity_name(1).as_deref(), Some("s\u{fffd}"));
    }

    #[test]
    fn links_are_followed_and_pipes_are_left_alone() {
        let folder = folder_with(&["s1/1.png"]);
        let at = |name: &str| folder.path().join("s1").join(name);
        std::os::unix::fs::symlink(at("1.png"), at("2.png")).unwrap();
        std::os::unix::fs::symlink(at("nowhere.png"), at("3.png")).unwrap();
        std::os::unix::fs::symlink(folder.path(), at("loop.png")).unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            at("4.png"),
            rustix::fs::FileType::Fifo,
            0o600.into(),
            0,
        )
        .unwrap();
        let source = FolderSource::open(folder.path()).unwrap();
        assert_eq!(
            (source.len(), source.skipped().files, source.skipped().folders),
            (3, 1, 1)
        );
        assert_eq!(&*source.bytes(1).unwrap(), b"x");
        let error = source.bytes(2).unwrap_err();
        assert!(error.message().contains("s1/3.png"), "{error}");
    }

    #[test]
    fn a_huge_file_is_refused_before_it_is_read() {
        let folder = folder_with(&["s1/1.png"]);
        let file = File::options()
            .write(true)
            .open(folder.path().join("s1/1.png"))
            .unwrap();
        file.set_len(1 << 40).unwrap();
        let error = FolderSource::open(folder.path()).unwrap().bytes(0).unwrap_err();
        assert!(error.message().contains("1099511627776 bytes long"), "{error}");
    }
}
