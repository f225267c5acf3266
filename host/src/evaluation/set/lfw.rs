//! LFW's `pairs.txt` with a folder of images `NAME/NAME_0001.jpg`.
//!
//! The first line holds the number of folds and of pairs of each kind in a fold; then, fold by fold, genuine pairs (`name number number`) and impostor
//! pairs (`name number name number`). The development lists (`pairsDevTest.txt`) have one number alone: genuine pairs, then as many impostor pairs.

use std::{
    fs,
    path::{Path, PathBuf},
};

use ficta_core::{Error, Result};

use super::{VerificationSet, image_files::ImageFiles};
use crate::{data::source::EXTENSIONS, storage::atomic::io_error};

/// Folds that the pairs of a list without folds are dealt to.
const FOLDS: usize = 10;

pub(super) fn open(path: &Path, root: &Path) -> Result<VerificationSet> {
    let bytes = fs::read(path).map_err(|e| io_error("read", path, &e))?;
    let text = std::str::from_utf8(&bytes).map_err(|e| {
        let line = bytes[..e.valid_up_to()].iter().filter(|b| **b == b'\n').count() + 1;
        Error::data(format!("{}:{line}: the line is no UTF-8", path.display()))
    })?;
    read(text, root, &mut Extension::default()).map_err(|(line, e)| e.context(format!("{}:{line}", path.display())))
}

type Located<T> = std::result::Result<T, (usize, Error)>;

fn read(text: &str, root: &Path, extension: &mut Extension) -> Located<VerificationSet> {
    let mut lines = text
        .lines()
        .enumerate()
        .map(|(at, line)| (at + 1, line.split_whitespace().collect::<Vec<_>>()))
        .filter(|(_, fields)| !fields.is_empty());
    let (at, head) = lines.next().unwrap_or((1, Vec::new()));
    let numbers: Vec<usize> = head.iter().map_while(|n| n.parse().ok()).collect();
    let (folds, each) = match (&numbers[..], head.len()) {
        ([folds, each], 2) if *folds > 0 => (*folds, *each),
        ([each], 1) => (1, *each),
        _ => {
            let error = Error::data(format!(
                "expected `folds pairs` (LFW's is `10 300`), got `{}`",
                head.join(" ")
            ));
            return Err((
                at,
                error.help("is this LFW's pairs.txt? a list with paths goes into a .csv: path_a,path_b,same"),
            ));
        }
    };
    let (mut files, mut pairs, mut same, mut fold) = (ImageFiles::default(), Vec::new(), Vec::new(), Vec::new());
    let mut last = at;
    for (at, fields) in lines {
        last = at;
        let count = pairs.len();
        // Fold by fold: `each` genuine pairs, then `each` impostor pairs.
        let genuine = count / each.max(1) % 2 == 0;
        let [a, b] = match (&fields[..], genuine) {
            ([name, i, j], true) => [(*name, *i), (*name, *j)],
            ([first, i, second, j], false) => [(*first, *i), (*second, *j)],
            _ => {
                let form = if genuine {
                    "`name number number`"
                } else {
                    "`name number name number`"
                };
                let error = Error::data(format!("pair {count}: expected {form}, got `{}`", fields.join(" ")));
                return Err((
                    at,
                    error.help("the first line says how many pairs of each kind follow one another"),
                ));
            }
        };
        let mut file = |(name, number): (&str, &str)| extension.path(root, name, number).map_err(|e| (at, e));
        pairs.push([files.number(&file(a)?), files.number(&file(b)?)]);
        same.push(genuine);
        fold.push(if folds > 1 {
            count / (2 * each.max(1))
        } else {
            count % each.max(1) * FOLDS.min(each.max(1)) / each.max(1)
        });
    }
    // Multiplied with care: the numbers are the file's.
    let expected = folds.checked_mul(each).and_then(|n| n.checked_mul(2));
    if expected != Some(pairs.len()) {
        let error = Error::data(format!(
            "{} pairs, but the first line says {folds} x 2 x {each}",
            pairs.len()
        ));
        return Err((
            last,
            error.help("the file is cut short, or its first line is another list's"),
        ));
    }
    Ok(VerificationSet {
        name: String::new(),
        images: Box::new(files),
        pairs,
        same,
        fold,
        folds: if folds > 1 { folds } else { FOLDS.min(each) },
    })
}

/// The ending of the images, found at the first of them.
#[derive(Default)]
struct Extension(Option<&'static str>);

impl Extension {
    fn path(&mut self, root: &Path, name: &str, number: &str) -> Result<PathBuf> {
        let number: u32 = number
            .parse()
            .map_err(|_| Error::data(format!("expected the number of an image, got `{number}`")))?;
        if name.contains(['/', '\\']) || name.starts_with('.') {
            return Err(Error::data(format!("expected a person's name, got `{name}`")));
        }
        let file = |ending: &str| root.join(name).join(format!("{name}_{number:04}.{ending}"));
        if let Some(ending) = self.0 {
            let path = file(ending);
            if path.is_file() {
                return Ok(path);
            }
        }
        match EXTENSIONS.iter().find(|ending| file(ending).is_file()) {
            Some(ending) => {
                self.0 = Some(ending);
                Ok(file(ending))
            }
            None => Err(Error::data(format!(
                "there is no image {} (nor with another ending: {})",
                file("jpg").display(),
                EXTENSIONS.join(", ")
            ))
            .help("--images DIR names the folder with one folder a person")),
        }
    }
}
