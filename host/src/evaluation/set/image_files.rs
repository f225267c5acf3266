//! Images that a text file names.

use std::{
    borrow::Cow,
    collections::HashMap,
    path::{Path, PathBuf},
};

use ficta_core::Result;

use super::SetImages;
use crate::data::source::read_image_file;

/// Image files, each once.
#[derive(Default)]
pub(super) struct ImageFiles {
    paths: Vec<PathBuf>,
    index: HashMap<PathBuf, usize>,
}

impl ImageFiles {
    /// The number of the image at `path`.
    pub(super) fn number(&mut self, path: &Path) -> usize {
        if let Some(at) = self.index.get(path) {
            return *at;
        }
        self.index.insert(path.to_owned(), self.paths.len());
        self.paths.push(path.to_owned());
        self.paths.len() - 1
    }
}

impl SetImages for ImageFiles {
    fn len(&self) -> usize {
        self.paths.len()
    }
    fn bytes(&self, index: usize) -> Result<Cow<'_, [u8]>> {
        read_image_file(&self.paths[index]).map(Cow::Owned)
    }
    fn place(&self, index: usize) -> String {
        self.paths[index].display().to_string()
    }
}
