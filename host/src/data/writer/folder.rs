//! `person/image.ext`.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

use ficta_core::Result;

use super::{Item, SetWriter, file_name::safe};
use crate::storage::atomic::io_error;

pub(super) struct FolderWriter {
    root: PathBuf,
    folders: BTreeSet<String>,
    person: Option<(i64, PathBuf)>,
    files: BTreeSet<String>,
}

impl FolderWriter {
    pub(super) fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            folders: BTreeSet::new(),
            person: None,
            files: BTreeSet::new(),
        }
    }

    fn folder(&mut self, item: &Item<'_>) -> Result<PathBuf> {
        if let Some((label, folder)) = &self.person
            && *label == item.label
        {
            return Ok(folder.clone());
        }
        let mut name = safe(item.identity);
        // File systems may not tell case apart, and two names may have become one.
        if !self.folders.insert(name.to_lowercase()) {
            name = format!("{name}-{}", item.label);
            self.folders.insert(name.to_lowercase());
        }
        let folder = self.root.join(name);
        fs::create_dir_all(&folder).map_err(|e| io_error("write", &folder, &e))?;
        self.files.clear();
        self.person = Some((item.label, folder.clone()));
        Ok(folder)
    }
}

impl SetWriter for FolderWriter {
    fn add(&mut self, item: &Item<'_>) -> Result<()> {
        let folder = self.folder(item)?;
        let mut name = safe(item.file_name);
        let mut copy = 2;
        while !self.files.insert(name.to_lowercase()) {
            name = format!("{copy}-{}", safe(item.file_name));
            copy += 1;
        }
        let path = folder.join(name);
        let written = File::create_new(&path).and_then(|mut file| file.write_all(item.bytes));
        written.map_err(|e| io_error("write", &path, &e))
    }

    fn finish(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}
