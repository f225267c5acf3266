//! The images that a run has generated: the folder `RUN/generate/SET`, with `images/00012/003.png` and `manifest.parquet`.
//!
//! The set is what the run trains on: identities that its second selection dropped (`RUN/reencode/SET`) are left out. `RUN/generate/SET/images` alone is
//! an image folder with all of them.

use std::{borrow::Cow, fs, path::Path};

use ficta_core::{Error, Result};

use super::{FolderSource, Format, ImageSource};
use crate::{
    pipeline::{StageRecord, generated_set::SETTINGS},
    storage::Tensors,
};

/// Images of each identity, by folders named by the identity's number.
const IMAGES: &str = "images";

/// A run's generated images. Labels are the run's numbers of its identities. Held in memory: what a folder holds, and four bytes an image.
pub struct GeneratedSource {
    all: FolderSource,
    /// Places in `all`.
    chosen: Vec<u32>,
    /// Number of each person of `all`.
    numbers: Vec<i64>,
    damage: Option<String>,
    notes: Vec<String>,
}

impl GeneratedSource {
    /// Whether a folder is a stage's with generated images.
    pub fn is_at(folder: &Path) -> bool {
        folder.join("manifest.parquet").is_file() && folder.join(IMAGES).is_dir() && StageRecord::read(folder).is_some()
    }

    /// Lists the images.
    ///
    /// # Errors
    /// No finished stage; folders that are not named by numbers; a second selection of other identities.
    pub fn open(folder: &Path) -> Result<Self> {
        let shown = folder.display();
        let record = StageRecord::read(folder).ok_or_else(|| {
            Error::data(format!("{shown} is no finished stage of a run: there is no stage.json"))
                .help("name RUN/generate/SET of a finished run")
        })?;
        let all = FolderSource::open(&folder.join(IMAGES))?;
        let numbers = (0..all.listed_identities() as i64)
            .map(|label| {
                let name = all.identity_name(label).unwrap_or_default();
                name.parse::<i64>()
                    .ok()
                    .filter(|number| *number >= 0)
                    .ok_or_else(|| Error::data(format!("{shown}/{IMAGES}/{name} is not named by an identity's number")))
            })
            .collect::<Result<Vec<_>>>()?;
        let mut notes = all.notes();
        let kept = kept(folder, &mut notes)?;
        let stays = |index: &u32| {
            let number = numbers[all.label(*index as usize) as usize];
            kept.as_ref().is_none_or(|kept| kept.binary_search(&number).is_ok())
        };
        let count = u32::try_from(all.len()).map_err(|_| Error::unsupported(format!("{shown}: too many images")))?;
        let chosen: Vec<u32> = (0..count).filter(stays).collect();
        let left: std::collections::BTreeSet<i64> = chosen.iter().map(|i| all.label(*i as usize)).collect();
        if left.len() < numbers.len() {
            notes.push(format!(
                "{} of {} identities were dropped by the run's second selection and are passed over; {IMAGES}/ has them all",
                numbers.len() - left.len(),
                numbers.len()
            ));
        }
        Ok(Self {
            damage: record
                .damaged(folder)
                .map(|file| format!("{file} is missing or has another length")),
            all,
            chosen,
            numbers,
            notes,
        })
    }

    fn place(&self, index: usize) -> usize {
        self.chosen[index] as usize
    }
}

/// When a stage was finished.
fn finished(stage: &Path) -> Option<std::time::SystemTime> {
    fs::metadata(stage.join("stage.json")).ok()?.modified().ok()
}

/// The folder of a stage that comes after the generation in `folder` and belongs to these images: `reencode/SET`, `metrics`.
pub(crate) fn later_stage(folder: &Path, name: &str) -> Option<std::path::PathBuf> {
    // A set of `ficta generate` belongs to no run folder.
    if folder.join(SETTINGS).exists() {
        return None;
    }
    let root = folder.canonicalize().ok()?.parent()?.parent()?.to_owned();
    let stage = root.join(name);
    (finished(&stage)? >= finished(folder)?).then_some(stage)
}

/// The identities that stayed in the second selection, ascending; `None` where there was none yet.
fn kept(folder: &Path, notes: &mut Vec<String>) -> Result<Option<Vec<i64>>> {
    let real = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let set = real.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if folder.join(SETTINGS).exists() {
        return Ok(None);
    }
    let Some(stage) = later_stage(folder, &format!("reencode/{set}")) else {
        notes.push("the run has not looked at these images again yet: all identities are here".into());
        return Ok(None);
    };
    let tensors = Tensors::read(&stage.join("centers.safetensors"))?;
    let mut kept = tensors.get::<i64, 1>("kept")?.0.to_vec();
    kept.sort_unstable();
    Ok(Some(kept))
}

impl ImageSource for GeneratedSource {
    fn format(&self) -> Format {
        Format::Generated
    }
    fn len(&self) -> usize {
        self.chosen.len()
    }
    fn label(&self, index: usize) -> i64 {
        self.numbers[self.all.label(self.place(index)) as usize]
    }
    fn bytes(&self, index: usize) -> Result<Cow<'_, [u8]>> {
        self.all.bytes(self.place(index))
    }
    fn name(&self, index: usize) -> String {
        self.all.name(self.place(index))
    }
    fn file_name(&self, index: usize) -> Option<String> {
        self.all.file_name(self.place(index))
    }
    fn identity_name(&self, label: i64) -> Option<String> {
        Some(format!("{label:05}"))
    }
    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }
    fn damage(&self) -> Vec<String> {
        self.damage.clone().into_iter().collect()
    }
}
