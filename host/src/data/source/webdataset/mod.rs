//! WebDataset: tar shards whose members of equal key are one sample.

pub mod member;
pub mod sample;
pub mod shards;

use std::{borrow::Cow, collections::BTreeMap, path::Path};

use ficta_core::{Error, Result};

use self::{
    member::Member,
    sample::{Label, Role},
};
use super::{
    Format, ImageSource, archive_path,
    labels::{LabelBuilder, Labels},
    limits,
    offsets::Offsets,
};
use crate::storage::mapped::Mapped;

/// Longest label file that is read.
const LONGEST_LABEL: u64 = 1 << 20;

/// Tar shards. Held in memory: thirteen bytes an image (place, size, label), and the names that are too long for a tar header.
#[derive(Debug)]
pub struct WebDatasetSource {
    shards: Vec<Mapped>,
    /// Images of shard `s` are those from `starts[s]` up to `starts[s + 1]`.
    starts: Vec<usize>,
    /// Places in the shard in blocks of 512 bytes.
    places: Offsets,
    sizes: Vec<u32>,
    labels: Labels,
    long_names: BTreeMap<usize, Vec<u8>>,
    damage: Vec<String>,
    notes: Vec<String>,
}

/// The sample that is being put together.
#[derive(Default)]
struct Sample {
    key: String,
    image: Option<Member>,
    label: Option<(Role, Label)>,
    identity: Option<String>,
}

/// What is put together on the way through the shards.
#[derive(Default)]
struct Builder {
    places: Offsets,
    sizes: Vec<u32>,
    labels: LabelBuilder,
    names: BTreeMap<i64, String>,
    long_names: BTreeMap<usize, Vec<u8>>,
    by_folder: bool,
    more_images: usize,
    without_image: usize,
    other: usize,
}

impl WebDatasetSource {
    /// Opens a shard, a folder of shards, or `name-{000000..000009}.tar`. Headers are read, and the label files.
    ///
    /// Labels are those of `.cls`, `.json` (`label`) or `.txt`; where a set has none of these, the folders of the keys.
    ///
    /// # Errors
    /// A missing shard; no images; samples without a label where others have one; a label that is none; a path that leads out of the archive.
    pub fn open(path: &Path) -> Result<Self> {
        let shards: Vec<Mapped> = shards::of(path)?
            .iter()
            .map(|shard| Mapped::open(shard))
            .collect::<Result<_>>()?;
        let mut builder = Builder::default();
        let (mut starts, mut damage, mut special) = (vec![0], Vec::new(), 0);
        for shard in &shards {
            let mut sample = Sample::default();
            let found = member::each(shard.bytes(), |member| builder.add(shard, &mut sample, member))?;
            builder.flush(shard, sample)?;
            starts.push(builder.sizes.len());
            special += found.special;
            if let Some((at, why)) = found.damage {
                damage.push(format!("{}, offset {at}: {why}", shard.path().display()));
            }
        }
        if builder.sizes.is_empty() {
            let error = match damage.first() {
                Some(why) => Error::data(why.clone()),
                None => Error::data(format!("no images in {}", path.display())),
            };
            return Err(error.help("expected a tar archive with members such as 000001.jpg and 000001.cls"));
        }
        let mut notes = vec![match shards.len() {
            1 => "1 shard".to_owned(),
            n => format!("{n} shards"),
        }];
        if builder.by_folder {
            notes.push("no label files: the folders of the keys are the identities".into());
        }
        let passed = [
            (special, "links and other members that are no files"),
            (builder.more_images, "second images of a key"),
            (builder.without_image, "keys without an image"),
            (builder.other, "members that are neither image nor label"),
        ];
        for (n, what) in passed.into_iter().filter(|(n, _)| *n > 0) {
            notes.push(format!("passed over: {n} {what}"));
        }
        let mut labels = builder.labels.finish();
        labels.set_names(builder.names);
        builder.places.shrink();
        builder.sizes.shrink_to_fit();
        Ok(Self {
            shards,
            starts,
            places: builder.places,
            sizes: builder.sizes,
            labels,
            long_names: builder.long_names,
            damage,
            notes,
        })
    }

    fn shard(&self, index: usize) -> &Mapped {
        &self.shards[self.starts.partition_point(|start| *start <= index) - 1]
    }

    fn offset(&self, index: usize) -> u64 {
        self.places.get(index) * member::BLOCK
    }

    fn member_name(&self, index: usize) -> String {
        let name = match self.long_names.get(&index) {
            Some(name) => name.clone(),
            None => member::plain_name(self.shard(index).bytes(), self.offset(index)).unwrap_or_default(),
        };
        String::from_utf8_lossy(&name).into_owned()
    }
}

impl Builder {
    fn add(&mut self, shard: &Mapped, sample: &mut Sample, member: Member) -> Result<()> {
        let name = String::from_utf8_lossy(&member.name).into_owned();
        archive_path::check(&name).map_err(|why| shard.error(member.offset, why))?;
        if archive_path::is_hidden(&name) {
            return Ok(());
        }
        let Some((key, role)) = sample::split(&name) else {
            self.other += 1;
            return Ok(());
        };
        if key != sample.key {
            let next = Sample {
                key: key.to_owned(),
                ..Sample::default()
            };
            let done = std::mem::replace(sample, next);
            self.flush(shard, done)?;
        }
        match role {
            Role::Image if sample.image.is_some() => self.more_images += 1,
            Role::Image => sample.image = Some(member),
            Role::Other => self.other += 1,
            Role::Class | Role::Json | Role::Text => {
                let wrong = |why: String| shard.error(member.offset, format!("member `{name}`: {why}"));
                if member.size > LONGEST_LABEL {
                    return Err(wrong(format!(
                        "{} bytes, expected at most {LONGEST_LABEL}",
                        member.size
                    )));
                }
                let (at, size) = (member.offset as usize, member.size as usize);
                // A cut archive: the damage is told by whoever counts.
                let Some(content) = shard.bytes().get(at..at + size) else {
                    return Ok(());
                };
                let (label, identity) = sample::label(role, content).map_err(wrong)?;
                if let Some(label) = label
                    && sample.label.as_ref().is_none_or(|(before, _)| role < *before)
                {
                    sample.label = Some((role, label));
                }
                sample.identity = identity.or(sample.identity.take());
            }
        }
        Ok(())
    }

    fn flush(&mut self, shard: &Mapped, sample: Sample) -> Result<()> {
        let Some(image) = sample.image else {
            self.without_image += usize::from(sample.label.is_some());
            return Ok(());
        };
        let index = self.sizes.len();
        let wrong = |why: &str| {
            shard
                .error(image.offset, format!("sample `{}`: {why}", sample.key))
                .help("labels are read from .cls, .json (`label`) or .txt beside the image, or from the key's folder where no sample has one")
        };
        if index == 0 {
            self.by_folder = sample.label.is_none();
        }
        match (sample.label, self.by_folder) {
            (Some((_, Label::Number(label))), false) if label < 0 => {
                return Err(wrong(&format!("its label is {label}, expected 0 or above")));
            }
            (Some((_, Label::Number(label))), false) => {
                self.labels.number(label)?;
                if let Some(identity) = sample.identity {
                    self.names.entry(label).or_insert(identity);
                }
            }
            (Some((_, Label::Name(name))), false) => self.labels.name(&name)?,
            (None, true) => match archive_path::folder(&sample.key) {
                Some(folder) => self.labels.name(folder)?,
                None => return Err(wrong("it has neither a label nor a folder")),
            },
            (None, false) => return Err(wrong("it has no label, but samples before it have one")),
            (Some(_), true) => return Err(wrong("it has a label, but samples before it have none")),
        }
        self.sizes.push(u32::try_from(image.size).unwrap_or(u32::MAX));
        self.places.push(image.offset / member::BLOCK)?;
        if !image.plain_name {
            self.long_names.insert(index, image.name);
        }
        Ok(())
    }
}

impl ImageSource for WebDatasetSource {
    fn format(&self) -> Format {
        Format::WebDataset
    }

    fn len(&self) -> usize {
        self.sizes.len()
    }

    fn label(&self, index: usize) -> i64 {
        self.labels.get(index)
    }

    fn bytes(&self, index: usize) -> Result<Cow<'_, [u8]>> {
        let (offset, size) = (self.offset(index), u64::from(self.sizes[index]));
        limits::check_encoded(size, &self.name(index))?;
        let shard = self.shard(index);
        let content = shard.bytes().get(offset as usize..(offset + size) as usize);
        content.map(Cow::Borrowed).ok_or_else(|| {
            let left = (shard.bytes().len() as u64).saturating_sub(offset);
            let why = format!(
                "member `{}` says that it is {size} bytes long, but {left} are left",
                self.member_name(index)
            );
            shard.error(offset, why)
        })
    }

    fn name(&self, index: usize) -> String {
        format!(
            "{}, member {}",
            self.shard(index).path().display(),
            self.member_name(index)
        )
    }

    fn file_name(&self, index: usize) -> Option<String> {
        let name = self.member_name(index);
        Some(name.rsplit('/').next().unwrap_or(&name).to_owned())
    }

    fn identity_name(&self, label: i64) -> Option<String> {
        self.labels.name(label)
    }

    fn damage(&self) -> Vec<String> {
        self.damage.clone()
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }
}

#[cfg(test)]
mod tests;
