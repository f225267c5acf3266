//! Where a long selection stands, on disk, so that it goes on after its process has ended.

use std::{
    fs::{self, File},
    hash::{DefaultHasher, Hasher},
    io::{self, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use ficta_core::{Ctx, Decision};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{outcome::Verdict, scene::Scene};

/// Where to write down how far a selection has come, and how often.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// The file. One that is there is taken up if it belongs to the same candidates, identities, parameters and seed, and replaced if not.
    pub file: PathBuf,
    /// Seconds from one writing to the next, and before the first.
    #[serde(default = "minute")]
    #[schemars(range(min = 0.0))]
    pub every: f64,
}

fn minute() -> f64 {
    60.0
}

/// Begins a file; the last number is the format's.
const MAGIC: &[u8; 16] = b"ficta id-nms  1\n";
/// Bytes of a verdict.
const VERDICT: usize = 1 + 8 + 4;

/// Decisions so far.
pub(crate) struct Begun {
    /// All candidates, first to last.
    pub(crate) order: Vec<usize>,
    /// What became of the first of them.
    pub(crate) verdicts: Vec<Verdict>,
}

/// Writes down from time to time how far a selection has come.
pub(crate) struct Journal {
    file: PathBuf,
    every: Duration,
    key: u64,
    last: Instant,
    failed: bool,
}

impl Journal {
    /// Of the work that `key` stands for, with what an earlier process has done of it.
    pub(crate) fn open(settings: &Checkpoint, key: u64, candidates: usize, ctx: &Ctx<'_>) -> (Self, Option<Begun>) {
        let journal = Self {
            file: settings.file.clone(),
            every: Duration::try_from_secs_f64(settings.every).unwrap_or(Duration::MAX),
            key,
            last: Instant::now(),
            failed: false,
        };
        let shown = journal.file.display();
        let begun = match fs::read(&journal.file) {
            Ok(bytes) => match read(&bytes) {
                Some((found, begun)) if found == key && begun.order.len() == candidates => {
                    ctx.info(&format!(
                        "goes on after {} of {candidates} candidates",
                        begun.verdicts.len()
                    ));
                    Some(begun)
                }
                Some(_) => {
                    ctx.info(&format!(
                        "the selection begun in {shown} is of other candidates, identities, parameters or seed: starting anew"
                    ));
                    None
                }
                None => {
                    ctx.warn(&format!("{shown} is damaged: starting anew"));
                    None
                }
            },
            Err(_) => None,
        };
        (journal, begun)
    }

    /// Whether it is time to write.
    pub(crate) fn due(&self) -> bool {
        !self.failed && self.last.elapsed() >= self.every
    }

    /// Writes if it is time. What cannot be written is told once: the selection itself needs no file.
    pub(crate) fn note(&mut self, order: &[usize], done: usize, verdicts: &[Verdict], ctx: &Ctx<'_>) {
        if !self.due() {
            return;
        }
        if let Err(error) = put(&self.file, &encode(self.key, order, done, verdicts)) {
            ctx.warn(&format!(
                "cannot write {}: {error}; the selection goes on, but would start anew after a crash",
                self.file.display()
            ));
            self.failed = true;
        }
        self.last = Instant::now();
    }
}

/// A digest of everything that a selection depends on.
#[derive(Default)]
pub(crate) struct Key(DefaultHasher);

impl Key {
    /// For a selection among these with what else it depends on: parameters and seed, as text.
    pub(crate) fn of(scene: &Scene<'_>, settings: &str) -> u64 {
        Self::default()
            .text(env!("CARGO_PKG_VERSION"))
            .text(settings)
            .numbers(scene.candidates.numbers())
            .numbers(scene.real.numbers())
            .places(scene.parents.unwrap_or_default())
            .numbers(scene.variance)
            .numbers(scene.real_variance)
            .digest()
    }

    fn numbers(mut self, values: &[f32]) -> Self {
        self.0.write_usize(values.len());
        values.iter().for_each(|v| self.0.write_u32(v.to_bits()));
        self
    }

    fn places(mut self, values: &[i64]) -> Self {
        self.0.write_usize(values.len());
        values.iter().for_each(|v| self.0.write_i64(*v));
        self
    }

    fn text(mut self, text: &str) -> Self {
        self.0.write_usize(text.len());
        self.0.write(text.as_bytes());
        self
    }

    fn digest(self) -> u64 {
        self.0.finish()
    }
}

fn checksum(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}

fn encode(key: u64, order: &[usize], done: usize, verdicts: &[Verdict]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(64 + 8 * order.len() + VERDICT * done);
    bytes.extend(MAGIC);
    for number in [key, order.len() as u64, done as u64] {
        bytes.extend(number.to_le_bytes());
    }
    order.iter().for_each(|i| bytes.extend((*i as u64).to_le_bytes()));
    for candidate in &order[..done] {
        let verdict = &verdicts[*candidate];
        bytes.push(verdict.decision.0);
        bytes.extend(verdict.blocker.to_le_bytes());
        bytes.extend(verdict.cosine.to_bits().to_le_bytes());
    }
    bytes.extend(checksum(&bytes).to_le_bytes());
    bytes
}

/// The key and the decisions of a sound file.
fn read(bytes: &[u8]) -> Option<(u64, Begun)> {
    let (body, sum) = bytes.split_last_chunk::<8>()?;
    if checksum(body) != u64::from_le_bytes(*sum) {
        return None;
    }
    let (numbers, _) = body.strip_prefix(MAGIC)?.split_at_checked(24)?;
    let number = |at: usize| Some(u64::from_le_bytes(numbers.get(8 * at..8 * at + 8)?.try_into().ok()?));
    let (key, count, done) = (
        number(0)?,
        usize::try_from(number(1)?).ok()?,
        usize::try_from(number(2)?).ok()?,
    );
    let rest = &body[MAGIC.len() + 24..];
    let (places, verdicts) = rest.split_at_checked(count.checked_mul(8)?)?;
    let order: Vec<usize> = places
        .as_chunks::<8>()
        .0
        .iter()
        .map(|b| u64::from_le_bytes(*b) as usize)
        .collect();
    let verdicts: Vec<Verdict> = verdicts
        .as_chunks::<VERDICT>()
        .0
        .iter()
        .map(|b| Verdict {
            decision: Decision(b[0]),
            blocker: i64::from_le_bytes(b[1..9].try_into().unwrap_or_default()),
            cosine: f32::from_bits(u32::from_le_bytes(b[9..].try_into().unwrap_or_default())),
        })
        .collect();
    let sound = verdicts.len() == done && done <= count && order.iter().all(|i| *i < count);
    sound.then_some((key, Begun { order, verdicts }))
}

/// Writes a file whole or not at all: beside its place, flushed, renamed.
fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let aside = path.with_extension("partial");
    let mut file = File::create(&aside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&aside, path)?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdicts() -> Vec<Verdict> {
        let dropped = Verdict {
            decision: Decision::SELECTED,
            blocker: 2,
            cosine: 0.75,
        };
        vec![dropped, Verdict::UNSEEN, Verdict::KEEP]
    }

    #[test]
    fn what_is_written_is_read() {
        let bytes = encode(7, &[2, 0, 1], 2, &verdicts());
        let (key, begun) = read(&bytes).unwrap();
        assert_eq!((key, &*begun.order), (7, &[2, 0, 1][..]));
        assert_eq!(begun.verdicts.len(), 2);
        assert_eq!(begun.verdicts[0].decision, Decision::KEEP);
        assert!(begun.verdicts[0].cosine.is_nan());
        assert_eq!(begun.verdicts[1], verdicts()[0]);
    }

    #[test]
    fn damage_is_noticed_wherever_it_is() {
        let bytes = encode(7, &[2, 0, 1], 2, &verdicts());
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            assert!(read(&damaged).is_none(), "byte {at}");
            assert!(read(&bytes[..at]).is_none(), "cut at {at}");
        }
    }
}
