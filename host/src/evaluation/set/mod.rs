//! Verification sets: pairs of images with the answer, and folds.

mod image_files;
mod lfw;
mod pack;
mod pair_list;

use std::{borrow::Cow, path::Path};

use ficta_core::{Error, Result};

use super::{folds::contiguous, measures::Answers};

pub use pair_list::{ListedPair, write as write_pair_list};

/// The encoded images of a set, by number; called from several threads at once.
pub trait SetImages: Send + Sync {
    /// How many there are.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The encoded bytes of an image.
    ///
    /// # Errors
    /// Reading failed, with the place.
    fn bytes(&self, index: usize) -> Result<Cow<'_, [u8]>>;

    /// Where an image lies, for messages.
    fn place(&self, index: usize) -> String;
}

/// Pairs of images of a set.
pub struct VerificationSet {
    /// Name in tables: the file's, without its ending.
    pub name: String,
    /// The images; those that stand in several pairs are kept once where the format names them.
    pub images: Box<dyn SetImages>,
    /// The two images of each pair.
    pub pairs: Vec<[usize; 2]>,
    /// Whether each pair shows one person.
    pub same: Vec<bool>,
    /// Fold of each pair.
    pub fold: Vec<usize>,
    /// Number of folds.
    pub folds: usize,
}

impl VerificationSet {
    /// Opens a verification pack (`.bin`), LFW's `pairs.txt`, or a CSV of pairs (`path_a,path_b,same[,fold]`), told apart by their ending.
    ///
    /// The images of a text file lie below `images`, by default the text file's own folder. Pairs without folds of their own are cut into `folds`
    /// contiguous ones, as by scikit-learn's `KFold(folds)`.
    ///
    /// # Errors
    /// What the format's reader finds, with file and place; fewer pairs than folds.
    pub fn open(path: &Path, images: Option<&Path>, folds: usize) -> Result<Self> {
        let ending = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
        let root = || images.or(path.parent()).unwrap_or(Path::new("")).to_owned();
        let mut set = match ending.as_deref() {
            Some("bin") => pack::open(path)?,
            Some("txt") => lfw::open(path, &root())?,
            Some("csv") => pair_list::open(path, &root())?,
            _ => {
                return Err(Error::config(format!(
                    "{}: a verification set is a pack (.bin), LFW's pairs.txt, or a .csv of path_a,path_b,same[,fold]",
                    path.display()
                )));
            }
        };
        if set.same.is_empty() {
            return Err(Error::data(format!("{}: there are no pairs in it", path.display())));
        }
        if set.folds == 0 {
            if folds < 2 || set.same.len() < folds {
                return Err(Error::data(format!(
                    "{}: {} pairs cannot be cut into {folds} folds",
                    path.display(),
                    set.same.len()
                ))
                .help("choose another number with --folds, at least 2"));
            }
            set.fold = contiguous(set.same.len(), folds);
            set.folds = folds;
        }
        set.name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(set)
    }

    /// Answers and folds.
    pub fn answers(&self) -> Answers<'_> {
        Answers {
            same: &self.same,
            fold: &self.fold,
            folds: self.folds,
        }
    }
}

#[cfg(test)]
mod tests;
