//! An image folder: `person/image.ext`.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use ficta_core::{Error, Result};

use super::natural_order;
use crate::storage::atomic::io_error;

/// Endings of the files that count as images, in any case.
pub const EXTENSIONS: [&str; 5] = ["png", "jpg", "jpeg", "pgm", "ppm"];

/// A person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Name of the person's folder.
    pub name: String,
    /// The person's images in natural order.
    pub images: Vec<PathBuf>,
}

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

/// The people in a folder, in natural order (s2 before s10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageFolder {
    /// The people; a person's index here is the identity's label.
    pub identities: Vec<Identity>,
    /// What was passed over.
    pub skipped: Skipped,
}

impl ImageFolder {
    /// Lists a folder. The images themselves are not read yet.
    ///
    /// # Errors
    /// A missing or empty folder; a person with fewer than `min_images` images; an image of 0 bytes; [`ficta_core::ErrorKind::IO`] with
    /// the path where listing fails.
    pub fn read(path: &Path, min_images: usize) -> Result<Self> {
        let shown = path.display();
        if !path.exists() {
            let error = Error::data(format!("the image folder {shown} does not exist"));
            return Err(error.help("check data.path; a relative path starts at the folder the command runs in"));
        }
        if !path.is_dir() {
            return Err(Error::data(format!(
                "{shown} is a file, expected a folder with one folder a person"
            )));
        }
        let mut skipped = Skipped::default();
        let mut identities = Vec::new();
        for entry in list(path)? {
            match entry.what {
                _ if entry.hidden => skipped.hidden += 1,
                What::Other | What::Image => skipped.files += 1,
                What::Folder => {
                    let images = images(&entry.path, &mut skipped)?;
                    identities.push(Identity {
                        name: entry.name,
                        images,
                    });
                }
            }
        }
        if identities.iter().all(|person| person.images.is_empty()) {
            let found = match (identities.len(), skipped.files) {
                (0, 0) => "it is empty".to_owned(),
                (0, files) => format!("it holds {files} files but no folders"),
                (people, _) => format!("its {people} folders hold none"),
            };
            return Err(Error::data(format!("no images in {shown}: {found}")).help(layout_help()));
        }
        for person in &identities {
            check_count(person, min_images)?;
        }
        Ok(Self { identities, skipped })
    }

    /// Number of people.
    pub fn len(&self) -> usize {
        self.identities.len()
    }

    /// Whether there are no people.
    pub fn is_empty(&self) -> bool {
        self.identities.is_empty()
    }

    /// Number of images of all people.
    pub fn image_count(&self) -> usize {
        self.identities.iter().map(|person| person.images.len()).sum()
    }

    /// Images and labels of the chosen people (indices into `identities`), person by person. Labels count the chosen people from 0.
    ///
    /// # Panics
    /// Where there is no such person.
    pub fn images_of(&self, people: &[usize]) -> (Vec<PathBuf>, Vec<i64>) {
        let of_person = |(label, person): (usize, &usize)| {
            self.identities[*person]
                .images
                .iter()
                .map(move |path| (path.clone(), label as i64))
        };
        people.iter().enumerate().flat_map(of_person).unzip()
    }
}

fn layout_help() -> String {
    format!(
        "expected one folder a person with images inside, as in s1/1.png ({})",
        EXTENSIONS.join(", ")
    )
}

fn check_count(person: &Identity, min_images: usize) -> Result<()> {
    let found = person.images.len();
    if found >= min_images.max(1) {
        return Ok(());
    }
    let images = if found == 1 {
        "1 image".to_owned()
    } else {
        format!("{found} images")
    };
    let message = format!("person `{}` has {images}, expected at least {min_images}", person.name);
    Err(Error::data(message).help(if found == 1 {
        "the variance of an identity needs two images: add one, remove the person, or set data.min_images = 1"
    } else {
        "add images, remove the person's folder, or lower data.min_images"
    }))
}

fn images(folder: &Path, skipped: &mut Skipped) -> Result<Vec<PathBuf>> {
    let mut images = Vec::new();
    for entry in list(folder)? {
        match entry.what {
            _ if entry.hidden => skipped.hidden += 1,
            What::Folder => skipped.folders += 1,
            What::Other => skipped.files += 1,
            What::Image if entry.bytes == 0 => {
                let error = Error::data(format!("{} is empty (0 bytes)", entry.path.display()));
                return Err(error.help("copy the image again, or remove the file"));
            }
            What::Image => images.push(entry.path),
        }
    }
    Ok(images)
}

enum What {
    Folder,
    Image,
    Other,
}

struct Entry {
    path: PathBuf,
    name: String,
    what: What,
    hidden: bool,
    bytes: u64,
}

/// What lies in a folder, in natural order. Links are followed.
fn list(folder: &Path) -> Result<Vec<Entry>> {
    let paths = || {
        fs::read_dir(folder)?
            .map(|entry| entry.map(|e| e.path()))
            .collect::<io::Result<Vec<_>>>()
    };
    let mut entries = Vec::new();
    for path in paths().map_err(|e| io_error("read", folder, &e))? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let hidden = name.starts_with('.');
        let about = match fs::metadata(&path) {
            Ok(about) => about,
            // Editors leave links that lead nowhere as lock files.
            Err(_) if hidden => continue,
            Err(e) => return Err(io_error("read", &path, &e)),
        };
        let ending = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
        let what = match ending {
            _ if about.is_dir() => What::Folder,
            Some(ending) if EXTENSIONS.contains(&ending.as_str()) => What::Image,
            _ => What::Other,
        };
        entries.push(Entry {
            path,
            name,
            what,
            hidden,
            bytes: about.len(),
        });
    }
    entries.sort_by(|a, b| natural_order::compare(&a.name, &b.name).then_with(|| a.path.cmp(&b.path)));
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

    fn error(folder: &tempfile::TempDir, min_images: usize) -> Error {
        ImageFolder::read(folder.path(), min_images).unwrap_err()
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
        let read = ImageFolder::read(folder.path(), 2).unwrap();
        let names: Vec<&str> = read.identities.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names, ["s2", "s10"]);
        let (paths, labels) = read.images_of(&[0, 1]);
        let relative: Vec<_> = paths
            .iter()
            .map(|p| p.strip_prefix(folder.path()).unwrap().to_str().unwrap())
            .collect();
        assert_eq!(
            relative,
            ["s2/1.jpg", "s2/2.jpeg", "s2/10.pgm", "s10/1.pgm", "s10/2.PNG"]
        );
        assert_eq!(labels, [0, 0, 0, 1, 1]);
        assert_eq!(read.images_of(&[1]).1, [0, 0]);
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
        let read = ImageFolder::read(folder.path(), 2).unwrap();
        assert_eq!((read.len(), read.image_count()), (1, 2));
        assert_eq!(
            read.skipped,
            Skipped {
                hidden: 2,
                files: 5,
                folders: 1
            }
        );
    }

    #[test]
    fn a_missing_folder_is_named() {
        let error = ImageFolder::read(Path::new("no/such/faces"), 2).unwrap_err();
        assert_eq!(error.message(), "the image folder no/such/faces does not exist");
    }

    #[test]
    fn a_folder_without_images_is_an_error() {
        assert!(error(&folder_with(&[]), 2).message().ends_with("it is empty"));
        assert!(
            error(&folder_with(&["a.png"]), 2)
                .message()
                .ends_with("it holds 1 files but no folders")
        );
        assert!(
            error(&folder_with(&["s1/a.txt"]), 2)
                .message()
                .ends_with("its 1 folders hold none")
        );
        let file = folder_with(&["a.png"]);
        assert!(
            ImageFolder::read(&file.path().join("a.png"), 2)
                .unwrap_err()
                .message()
                .contains("is a file")
        );
    }

    #[test]
    fn a_person_with_one_image_is_an_error_unless_allowed() {
        let folder = folder_with(&["s1/1.png", "s1/2.png", "s7/1.png"]);
        let one = error(&folder, 2);
        assert_eq!(one.message(), "person `s7` has 1 image, expected at least 2");
        assert!(one.help_text().unwrap().contains("variance of an identity needs two"));
        assert_eq!(ImageFolder::read(folder.path(), 1).unwrap().image_count(), 3);
        assert_eq!(
            error(&folder, 3).message(),
            "person `s1` has 2 images, expected at least 3"
        );
    }

    #[test]
    fn a_person_without_images_is_an_error() {
        let folder = folder_with(&["s1/1.png", "s2/readme.txt"]);
        assert_eq!(
            error(&folder, 1).message(),
            "person `s2` has 0 images, expected at least 1"
        );
    }

    #[test]
    fn an_image_of_no_bytes_is_named() {
        let folder = folder_with(&["s1/1.png"]);
        fs::write(folder.path().join("s1/2.png"), "").unwrap();
        assert!(error(&folder, 2).message().ends_with("2.png is empty (0 bytes)"));
    }
}
