//! Where a stage works, and what it may use.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use ficta_core::{Ctx, Error, Result};

use super::PluginsLock;
use crate::{registry::Registry, run_host::RunHost, storage::Table};

/// Where a stage works, and what it may use.
pub struct Place<'a> {
    /// Outputs go here; the folder becomes the stage's when the work is done.
    pub dir: PathBuf,
    /// For what is needed to go on after a kill; removed when the work is done.
    pub resume: PathBuf,
    /// The run folder.
    pub root: &'a Path,
    /// The libraries of the run.
    pub plugins_lock: &'a PluginsLock,
    /// The components.
    pub registry: &'a Registry,
    /// The host.
    pub host: &'a RunHost,
    /// The run's seed.
    pub seed: u64,
    /// SHA-256 of outputs by their path in `dir`, where the stage knows it: its record then does not read them once more.
    pub hashes: Mutex<BTreeMap<String, String>>,
}

impl Place<'_> {
    /// The folder of a finished stage.
    pub fn input(&self, stage: &str) -> PathBuf {
        self.root.join(stage)
    }

    /// A file of a finished stage.
    pub fn file(&self, stage: &str, name: &str) -> PathBuf {
        self.root.join(stage).join(name)
    }

    /// The context that components take.
    pub fn ctx(&self) -> Ctx<'_> {
        self.host.ctx()
    }

    /// Tells the SHA-256 of outputs that are written, by their path in the stage's folder.
    pub fn know(&self, hashes: impl IntoIterator<Item = (String, String)>) {
        self.hashes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(hashes);
    }

    /// Makes a folder among the outputs.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn folder(&self, name: &str) -> Result<PathBuf> {
        let path = self.dir.join(name);
        std::fs::create_dir_all(&path).map_err(|e| Error::io(format!("{}: {e}", path.display())))?;
        Ok(path)
    }
}

/// Writes a table as `NAME.parquet` and `NAME.csv` among the outputs.
///
/// # Errors
/// Writing failed.
pub fn write_table(place: &Place<'_>, table: &Table, name: &str) -> Result<()> {
    table.write_parquet(&place.dir.join(format!("{name}.parquet")))?;
    table.write_csv(&place.dir.join(format!("{name}.csv")))
}
