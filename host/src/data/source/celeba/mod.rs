//! CelebA's layout: `img_align_celeba/` with `identity_CelebA.txt`, and where they are there `list_landmarks_align_celeba.txt` and
//! `list_eval_partition.txt`; flat, or in `Img/`, `Anno/` and `Eval/` as it is released.

pub mod lists;

use std::{
    borrow::Cow,
    collections::HashMap,
    path::{Path, PathBuf},
};

use ficta_core::{Error, Result};

use super::{
    Format, ImageSource, Landmarks, Partition, folder,
    labels::{LabelBuilder, Labels},
    lines::{Line, Lines},
    offsets::Offsets,
};
use crate::storage::mapped::Mapped;

const IDENTITIES: &str = "identity_CelebA.txt";

/// A list whose lines are found by image. Five bytes an image are held.
#[derive(Debug)]
struct List {
    file: Mapped,
    lines: Offsets,
}

impl List {
    fn line(&self, index: usize) -> Option<Line<'_>> {
        let offset = usize::try_from(self.lines.get(index)).ok()?;
        Lines::at(self.file.bytes(), offset)
    }
}

/// CelebA. Held in memory: 9 to 19 bytes an image. Labels number the identities from 0 in order of CelebA's own numbers, which are their names.
#[derive(Debug)]
pub struct CelebASource {
    images: PathBuf,
    files: List,
    labels: Labels,
    landmarks: Option<List>,
    partitions: Option<List>,
}

impl CelebASource {
    /// Whether this layout lies in a folder.
    pub fn is_at(root: &Path) -> bool {
        find(root, IDENTITIES).is_some()
    }

    /// Reads the lists.
    ///
    /// # Errors
    /// A missing list or image folder; a line that cannot be understood, with its place; an image that is listed twice or not at all.
    pub fn open(root: &Path) -> Result<Self> {
        let missing = |what: &str| {
            Error::data(format!("{} is not laid out like CelebA: no {what}", root.display()))
                .help("expected img_align_celeba/ and identity_CelebA.txt, flat or in Img/ and Anno/")
        };
        let identities = find(root, IDENTITIES).ok_or_else(|| missing(IDENTITIES))?;
        let images = ["img_align_celeba", "img_align_celeba_png"]
            .iter()
            .find_map(|name| find(root, name).filter(|path| path.is_dir()))
            .ok_or_else(|| missing("folder img_align_celeba"))?;
        let (files, labels) = read_identities(Mapped::open(&identities)?)?;
        let places = by_name(&files)?;
        let list = |name: &str, check: fn(&[&[u8]]) -> Result<(), String>| match find(root, name) {
            Some(path) => read_list(Mapped::open(&path)?, &places, files.lines.len(), check).map(Some),
            None => Ok(None),
        };
        Ok(Self {
            landmarks: list("list_landmarks_align_celeba.txt", |f| lists::landmarks(f).map(drop))?,
            partitions: list("list_eval_partition.txt", |f| lists::partition(f).map(drop))?,
            images,
            labels,
            files,
        })
    }

    fn file(&self, index: usize) -> &str {
        let line = self.files.line(index);
        line.and_then(|line| lists::identity(&line.fields()).ok())
            .map_or("", |(file, _)| file)
    }

    fn path(&self, index: usize) -> PathBuf {
        let path = self.images.join(self.file(index));
        // The lists name .jpg in the PNG release too.
        match self.images.ends_with("img_align_celeba_png") {
            true => path.with_extension("png"),
            false => path,
        }
    }
}

/// A file or folder of the release, wherever it was put.
fn find(root: &Path, name: &str) -> Option<PathBuf> {
    let folders = ["", "Anno", "Eval", "Img"];
    folders
        .iter()
        .map(|folder| root.join(folder).join(name))
        .find(|path| path.exists())
}

fn wrong(file: &Mapped, line: &Line<'_>, why: &str) -> Error {
    file.error(line.offset, format!("line {}: {why}: {}", line.number, line.shown()))
}

fn read_identities(file: Mapped) -> Result<(List, Labels)> {
    let (mut lines, mut labels) = (Offsets::default(), LabelBuilder::default());
    for line in Lines::of(file.bytes()).filter(|line| !line.text.is_empty()) {
        let (_, identity) = lists::identity(&line.fields()).map_err(|why| wrong(&file, &line, &why))?;
        labels.name(identity)?;
        lines.push(line.offset)?;
    }
    if lines.len() == 0 {
        return Err(Error::data(format!("{} is empty", file.path().display())));
    }
    lines.shrink();
    Ok((List { file, lines }, labels.finish()))
}

/// The index of each file, needed only while the other lists are read.
fn by_name(files: &List) -> Result<HashMap<&str, usize>> {
    let mut places = HashMap::with_capacity(files.lines.len());
    for index in 0..files.lines.len() {
        let Some(line) = files.line(index) else { continue };
        let (name, _) = lists::identity(&line.fields()).map_err(|why| wrong(&files.file, &line, &why))?;
        if places.insert(name, index).is_some() {
            return Err(files.file.error(line.offset, format!("`{name}` is listed twice")));
        }
    }
    Ok(places)
}

fn read_list(
    file: Mapped,
    places: &HashMap<&str, usize>,
    images: usize,
    check: fn(&[&[u8]]) -> Result<(), String>,
) -> Result<List> {
    let mut found: Vec<Option<u64>> = vec![None; images];
    for line in Lines::of(file.bytes()).filter(|line| !line.text.is_empty()) {
        let fields = line.fields();
        // The landmarks begin with a count and the points' names.
        let is_head = fields.len() == 1 || fields.first().is_some_and(|f| f.starts_with(b"lefteye"));
        if line.number <= 2 && is_head {
            continue;
        }
        check(&fields).map_err(|why| wrong(&file, &line, &why))?;
        // Lists of the whole set may stand beside a part of the images.
        let name = fields.first().and_then(|f| std::str::from_utf8(f).ok());
        if let Some(index) = name.and_then(|name| places.get(name)) {
            found[*index] = Some(line.offset);
        }
    }
    let mut lines = Offsets::default();
    for (index, offset) in found.into_iter().enumerate() {
        let offset = offset.ok_or_else(|| {
            Error::data(format!(
                "{} has no line for image {} of {IDENTITIES}",
                file.path().display(),
                index + 1
            ))
        })?;
        lines.push(offset)?;
    }
    lines.shrink();
    Ok(List { file, lines })
}

impl ImageSource for CelebASource {
    fn format(&self) -> Format {
        Format::CelebA
    }

    fn len(&self) -> usize {
        self.labels.len()
    }

    fn label(&self, index: usize) -> i64 {
        self.labels.get(index)
    }

    fn bytes(&self, index: usize) -> Result<Cow<'_, [u8]>> {
        folder::read(&self.path(index)).map(Cow::Owned)
    }

    fn name(&self, index: usize) -> String {
        self.path(index).display().to_string()
    }

    fn file_name(&self, index: usize) -> Option<String> {
        Some(self.path(index).file_name()?.to_string_lossy().into_owned())
    }

    fn identity_name(&self, label: i64) -> Option<String> {
        self.labels.name(label)
    }

    fn landmarks(&self, index: usize) -> Option<Landmarks> {
        let line = self.landmarks.as_ref()?.line(index)?;
        lists::landmarks(&line.fields()).ok().map(|(_, points)| points)
    }

    fn partition(&self, index: usize) -> Option<Partition> {
        let line = self.partitions.as_ref()?.line(index)?;
        lists::partition(&line.fields()).ok().map(|(_, part)| part)
    }

    fn notes(&self) -> Vec<String> {
        let there = |is: bool| if is { "yes" } else { "no" };
        vec![format!(
            "landmarks: {}; official division: {}",
            there(self.landmarks.is_some()),
            there(self.partitions.is_some())
        )]
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn celeba(edit: impl FnOnce(&Path)) -> Result<CelebASource> {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("Img/img_align_celeba")).unwrap();
        fs::create_dir_all(at("Anno")).unwrap();
        fs::create_dir_all(at("Eval")).unwrap();
        for n in 1..=3 {
            fs::write(at(&format!("Img/img_align_celeba/00000{n}.jpg")), format!("{n}")).unwrap();
        }
        fs::write(
            at("Anno/identity_CelebA.txt"),
            "000001.jpg 2880\r\n000002.jpg 10\n000003.jpg 2880\n",
        )
        .unwrap();
        let points = "3\nlefteye_x lefteye_y righteye_x righteye_y nose_x nose_y leftmouth_x leftmouth_y rightmouth_x rightmouth_y\n\
            000003.jpg 3 2 3 4 5 6 7 8 9 10\n000001.jpg 69  109  106  113   77  142   73  152  108  154\n000002.jpg 2 2 3 4 5 6 7 8 9 10\n";
        fs::write(at("Anno/list_landmarks_align_celeba.txt"), points).unwrap();
        fs::write(
            at("Eval/list_eval_partition.txt"),
            "000001.jpg 0\n000002.jpg 1\n000003.jpg 2\n",
        )
        .unwrap();
        edit(folder.path());
        let source = CelebASource::open(folder.path())?;
        assert_eq!(&*source.bytes(1)?, b"2");
        Ok(source)
    }

    #[test]
    fn lists_belong_to_their_images_in_any_order() {
        let source = celeba(|_| ()).unwrap();
        assert_eq!([0, 1, 2].map(|i| source.label(i)), [1, 0, 1]);
        assert_eq!(source.identity_name(1).as_deref(), Some("2880"));
        assert_eq!(source.landmarks(0).unwrap()[4], [108.0, 154.0]);
        assert_eq!(source.landmarks(2).unwrap()[0], [3.0, 2.0]);
        assert_eq!(source.partition(2), Some(Partition::Test));
        assert_eq!(source.file_name(2).as_deref(), Some("000003.jpg"));
    }

    #[test]
    fn damage_is_named() {
        let message = |name: &'static str, text: &'static str| {
            celeba(|root| fs::write(root.join(name), text).unwrap())
                .unwrap_err()
                .to_string()
        };
        let text = message("Anno/identity_CelebA.txt", "000001.jpg 1\n000001.jpg 2\n");
        assert!(text.contains("`000001.jpg` is listed twice"), "{text}");
        let text = message("Anno/identity_CelebA.txt", "000001.jpg 1\n../x 2\n");
        assert!(text.contains("offset 13: line 2: `../x` is no file name"), "{text}");
        let text = message("Eval/list_eval_partition.txt", "000001.jpg 0\n");
        assert!(text.contains("no line for image 2"), "{text}");
        let text = message("Anno/list_landmarks_align_celeba.txt", "3\n000001.jpg 1 2\n");
        assert!(text.contains("line 2: expected a file and 10 numbers"), "{text}");
        assert!(message("Anno/identity_CelebA.txt", "").contains("is empty"));
    }

    #[test]
    fn lists_may_be_missing_and_the_identities_not() {
        let source = celeba(|root| {
            fs::remove_file(root.join("Eval/list_eval_partition.txt")).unwrap();
            fs::remove_file(root.join("Anno/list_landmarks_align_celeba.txt")).unwrap();
        })
        .unwrap();
        assert_eq!((source.partition(0), source.landmarks(0)), (None, None));
        let gone = celeba(|root| fs::remove_file(root.join("Anno/identity_CelebA.txt")).unwrap());
        assert!(gone.unwrap_err().message().contains("no identity_CelebA.txt"));
    }
}
