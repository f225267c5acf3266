//! The folder that holds everything of a run.

use std::{
    collections::BTreeMap,
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
};

use ficta_core::{Error, Result};

use super::record::{RECORD, StageRecord};
use crate::storage::{atomic, json};

/// The folder of unfinished work, and of what helps it to go on.
const WORK: &str = ".work";

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

    /// Records the outputs in the work folder, of which the stage may have `known` some hashes, and puts it in the stage's place. What was there before
    /// goes only now.
    ///
    /// # Errors
    /// Reading, writing or renaming failed; the work stays where it is.
    pub fn promote(&self, id: &str, fingerprint: &str, known: &BTreeMap<String, String>) -> Result<()> {
        let (outputs, _) = self.work(id, fingerprint);
        if !outputs.join(RECORD).exists() {
            let record = StageRecord::of(&outputs, id, fingerprint, known)?;
            // The outputs are on the disk before anything says so.
            atomic::sync_tree(&outputs)?;
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
        // So are the names, before what they replace goes.
        for folder in place.ancestors().skip(1).take_while(|a| a.starts_with(&self.root)) {
            atomic::sync_folder(folder)?;
        }
        fs::remove_dir_all(base).map_err(|e| io(base, &e))
    }

    /// Finishes a promotion that was cut off between two renames.
    ///
    /// # Errors
    /// Renaming failed.
    pub fn finish_promotion(&self, id: &str, fingerprint: &str) -> Result<()> {
        let (outputs, _) = self.work(id, fingerprint);
        if outputs.join(RECORD).exists() {
            return self.promote(id, fingerprint, &BTreeMap::new());
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
        folder.promote("evaluate/real", fingerprint, &BTreeMap::new()).unwrap();
        assert!(!resume.exists() && folder.stage("evaluate/real").join("result").exists());

        // As a process leaves it that is killed between the last rename and the clearing away.
        fs::create_dir_all(&resume).unwrap();
        folder.clear_work("evaluate/real", fingerprint).unwrap();
        assert_eq!(fs::read_dir(root.path().join(WORK)).unwrap().count(), 0);
        assert!(folder.stage("evaluate/real").join("result").exists());
        folder.clear_work("evaluate/real", fingerprint).unwrap();
    }

    /// A stage of many files, for the test below.
    #[test]
    fn a_stage_is_promoted() {
        let root = tempfile::tempdir().unwrap();
        let folder = RunFolder::at(root.path());
        let fingerprint = "0123456789abcdef0123";
        for round in 0..2 {
            let (outputs, _) = folder.work("generate/some", fingerprint);
            fs::create_dir_all(&outputs).unwrap();
            for i in 0..100 {
                fs::write(outputs.join(format!("{i}.png")), [round]).unwrap();
            }
            folder.promote("generate/some", fingerprint, &BTreeMap::new()).unwrap();
            let promoted = StageRecord::read(&folder.stage("generate/some")).unwrap();
            assert_eq!(promoted.outputs.len(), 100);
            assert_eq!(fs::read(folder.stage("generate/some").join("7.png")).unwrap(), [round]);
        }
    }

    /// What the system is asked for in [`a_stage_is_promoted`], in order, and with which paths.
    #[cfg(target_os = "linux")]
    fn traced() -> Option<Vec<String>> {
        let log = tempfile::NamedTempFile::new().unwrap();
        let tests = std::env::current_exe().unwrap();
        let status = std::process::Command::new("strace")
            .args(["-f", "-y", "-qq", "-e", "trace=/sync|rename", "-o"])
            .arg(log.path())
            .arg(tests)
            .args(["--exact", "pipeline::run_folder::tests::a_stage_is_promoted"])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .status();
        if !status.is_ok_and(|status| status.success()) {
            eprintln!("strace is missing or may not trace: the order of syncs and renames was not looked at");
            return None;
        }
        let text = fs::read_to_string(log.path()).unwrap();
        let calls = text.lines().filter_map(|line| Some(line.split_once(' ')?.1.trim()));
        Some(calls.filter(|call| call.contains('(')).map(str::to_owned).collect())
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn outputs_are_synced_at_once_before_the_record_and_names_after_the_rename() {
        let Some(calls) = traced() else { return };
        let all = calls.join("\n");
        let count = |name: &str| calls.iter().filter(|call| call.starts_with(name)).count();
        assert_eq!(count("syncfs("), 2, "one for each promotion:\n{all}");
        assert!(count("fsync(") < 20, "none for each of 100 images:\n{all}");
        let at = |what: &dyn Fn(&String) -> bool| calls.iter().rposition(what).unwrap_or_else(|| panic!("{all}"));
        let synced = at(&|call| call.starts_with("syncfs("));
        let record = at(&|call| call.starts_with("rename") && call.contains("stage.json\""));
        let moved = at(&|call| call.starts_with("rename") && call.contains("/generate/some\""));
        assert!(synced < record && record < moved, "{all}");
        let names = calls[moved + 1..].iter().filter(|call| call.starts_with("fsync("));
        let folders: Vec<_> = names.map(|call| call.contains("/generate>")).collect();
        assert_eq!(folders, [true, false], "the stage's folder, then the run's:\n{all}");
    }
}
