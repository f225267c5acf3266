//! The folder that holds everything of a run.

use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
};

use ficta_core::{Error, Result};

use super::record::{RECORD, StageRecord, files_below};
use crate::storage::json;

/// The folder of unfinished work, and of what helps it to go on.
const WORK: &str = ".work";

/// Makes sure that every file below `folder` is on the disk before anything says so.
fn sync(folder: &Path) -> Result<()> {
    for path in files_below(folder)? {
        File::open(&path)
            .and_then(|f| f.sync_all())
            .map_err(|e| io(&path, &e))?;
    }
    Ok(())
}

/// The folder that holds everything of a run.
pub struct RunFolder {
    root: PathBuf,
}

fn io(path: &Path, e: &std::io::Error) -> Error {
    Error::io(format!("{}: {e}", path.display()))
}

impl RunFolder {
    /// The folder at `root`, which need not exist yet.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Its path.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Makes the folder and takes it for this process alone, until the returned file is dropped.
    ///
    /// # Errors
    /// It cannot be made, or another process runs in it.
    pub fn lock(&self) -> Result<File> {
        let work = self.root.join(WORK);
        fs::create_dir_all(&work).map_err(|e| io(&work, &e))?;
        let path = work.join("lock");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|e| io(&path, &e))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(Error::config(format!(
                "{}: another process is running in this folder",
                self.root.display()
            ))
            .help("wait for it, or take another folder with --out")),
            Err(TryLockError::Error(e)) => Err(io(&path, &e)),
        }
    }

    /// The finished folder of a stage.
    pub fn stage(&self, id: &str) -> PathBuf {
        self.root.join(id)
    }

    /// Where a stage of this fingerprint does its work, and where it keeps what helps it to go on.
    pub fn work(&self, id: &str, fingerprint: &str) -> (PathBuf, PathBuf) {
        let name = format!("{}-{}", id.replace('/', "."), &fingerprint[..16]);
        let base = self.root.join(WORK).join(name);
        (base.join("outputs"), base.join("resume"))
    }

    /// Records the outputs in the work folder and puts it in the stage's place. What was there before goes only now.
    ///
    /// # Errors
    /// Reading, writing or renaming failed; the work stays where it is.
    pub fn promote(&self, id: &str, fingerprint: &str) -> Result<()> {
        let (outputs, _) = self.work(id, fingerprint);
        if !outputs.join(RECORD).exists() {
            let record = StageRecord::of(&outputs, id, fingerprint)?;
            sync(&outputs)?;
            json::write(&outputs.join(RECORD), &record)?;
        }
        let place = self.stage(id);
        let base = outputs.parent().unwrap_or(&outputs);
        let old = base.join("replaced");
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent).map_err(|e| io(parent, &e))?;
        }
        if place.exists() {
            if old.exists() {
                fs::remove_dir_all(&old).map_err(|e| io(&old, &e))?;
            }
            fs::rename(&place, &old).map_err(|e| io(&place, &e))?;
        }
        fs::rename(&outputs, &place).map_err(|e| io(&place, &e))?;
        fs::remove_dir_all(base).map_err(|e| io(base, &e))
    }

    /// Finishes a promotion that was cut off between two renames.
    ///
    /// # Errors
    /// Renaming failed.
    pub fn finish_promotion(&self, id: &str, fingerprint: &str) -> Result<()> {
        let (outputs, _) = self.work(id, fingerprint);
        if outputs.join(RECORD).exists() {
            return self.promote(id, fingerprint);
        }
        let old = outputs.with_file_name("replaced");
        // Killed after the last rename: only the clearing away is left.
        if old.exists() && self.stage(id).join(RECORD).exists() {
            return self.clear_work(id, fingerprint);
        }
        Ok(())
    }

    /// Clears away what is left of the work on a stage that is up to date: of a promotion that was cut off after its last rename.
    ///
    /// # Errors
    /// Removing failed.
    pub fn clear_work(&self, id: &str, fingerprint: &str) -> Result<()> {
        let (outputs, _) = self.work(id, fingerprint);
        let base = outputs.parent().unwrap_or(&outputs);
        match fs::remove_dir_all(base) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(io(base, &e)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_after_the_last_rename_is_cleared_away() {
        let root = tempfile::tempdir().unwrap();
        let folder = RunFolder::at(root.path());
        let fingerprint = "0123456789abcdef0123";
        let (outputs, resume) = folder.work("evaluate/real", fingerprint);
        for path in [&outputs, &resume] {
            fs::create_dir_all(path).unwrap();
        }
        fs::write(outputs.join("result"), "1").unwrap();
        folder.promote("evaluate/real", fingerprint).unwrap();
        assert!(!resume.exists() && folder.stage("evaluate/real").join("result").exists());

        // As a process leaves it that is killed between the last rename and the clearing away.
        fs::create_dir_all(&resume).unwrap();
        folder.clear_work("evaluate/real", fingerprint).unwrap();
        assert_eq!(fs::read_dir(root.path().join(WORK)).unwrap().count(), 0);
        assert!(folder.stage("evaluate/real").join("result").exists());
        folder.clear_work("evaluate/real", fingerprint).unwrap();
    }
}
