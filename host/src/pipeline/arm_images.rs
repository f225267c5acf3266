//! The images of a training set of a run, where its stages left them: photographs in the file of `data`, generated images in files of their own.

use std::{
    borrow::Cow,
    path::{Path, PathBuf},
    sync::Arc,
};

use ficta_core::{Ctx, Error, Result};
use rayon::prelude::*;

use super::{
    images::Images,
    training_images::{StreamedImages, TrainingImages},
};
use crate::data::{
    ImageSource, Rgb, png,
    source::{Format, read_image_file},
};

/// Images decoded at once.
const BLOCK: usize = 256;

/// Where an image of a generated set lies in its stage's folder: `images/00012/007.png`.
pub fn file_name(identity: usize, image: usize) -> String {
    format!("images/{identity:05}/{image:03}.png")
}

/// Some of the images in the folder of a finished stage `generate/SET`.
#[derive(Clone, Debug, Default)]
pub struct Generated {
    folder: PathBuf,
    /// The number of an identity and its label in training.
    identities: Vec<(usize, i64)>,
    /// Images of each: the first so many.
    each: usize,
}

impl Generated {
    /// The first `each` images of these identities of the set in `folder`, under these labels.
    pub fn new(folder: &Path, identities: Vec<(usize, i64)>, each: usize) -> Self {
        let folder = folder.to_owned();
        Self {
            folder,
            identities,
            each,
        }
    }

    fn len(&self) -> usize {
        self.identities.len() * self.each
    }

    fn path(&self, at: usize) -> PathBuf {
        let (identity, _) = self.identities[at / self.each];
        self.folder.join(file_name(identity, at % self.each))
    }
}

/// Photographs, then generated images, all of one size. Held in memory: eight bytes a photograph and sixteen a generated identity.
pub struct ArmImages {
    photographs: Images,
    generated: Generated,
    identities: usize,
    height: usize,
    width: usize,
}

impl ArmImages {
    /// Of photographs and generated images, of which either may be none.
    ///
    /// # Errors
    /// A first generated image that cannot be read, where there is no photograph to tell the size by.
    pub fn new(photographs: Images, generated: Generated) -> Result<Self> {
        let (height, width) = match photographs.is_empty() && generated.len() > 0 {
            true => {
                let first = png::read(&generated.path(0))?;
                (first.height, first.width)
            }
            false => (photographs.height, photographs.width),
        };
        let last = generated.identities.iter().map(|(_, label)| *label as usize + 1).max();
        Ok(Self {
            identities: photographs.identities().max(last.unwrap_or(0)),
            photographs,
            generated,
            height,
            width,
        })
    }

    /// Bytes of the pixels of all images.
    fn size(&self) -> usize {
        self.len() * self.height * self.width * 3
    }

    /// All of them in memory; photographs alone stay in their file.
    ///
    /// `progress` gets how many images are done after each block; an error it returns ends the work.
    ///
    /// # Errors
    /// The first image that cannot be read or has another size; what `progress` returns.
    pub fn held(self, mut progress: impl FnMut(usize) -> Result<()>) -> Result<Images> {
        let (first, all) = (self.photographs.len(), self.len());
        if first == all {
            return Ok(self.photographs);
        }
        let mut pixels = Vec::with_capacity(self.size());
        pixels.extend_from_slice(&self.photographs.pixels);
        for start in (first..all).step_by(BLOCK) {
            let end = all.min(start + BLOCK);
            let block: Vec<Result<Rgb>> = (start..end).into_par_iter().map(|i| self.decode(i)).collect();
            // In order, so that the first bad image is the one that is named.
            for image in block {
                pixels.extend_from_slice(&image?.pixels);
            }
            progress(end)?;
        }
        Ok(Images {
            pixels: pixels.into(),
            labels: (0..all).map(|i| self.label(i)).collect(),
            height: self.height,
            width: self.width,
        })
    }

    /// To train on: in memory up to so many bytes of pixels, else read as they are needed.
    ///
    /// # Errors
    /// As for [`ArmImages::held`].
    pub fn to_train(self, most: usize, ctx: &Ctx<'_>) -> Result<TrainingSet> {
        if self.size() <= most {
            let all = self.len() as u64;
            return Ok(TrainingSet::Held(
                self.held(|done| ctx.progress(done as u64, all, "images"))?,
            ));
        }
        Ok(TrainingSet::Streamed(StreamedImages {
            height: self.height,
            width: self.width,
            threads: ctx.threads(),
            people: None,
            source: Arc::new(self),
        }))
    }
}

/// The images of a training, in one of the two ways that [`TrainingImages`] knows.
pub enum TrainingSet {
    /// All of them in memory.
    Held(Images),
    /// Read as they are needed.
    Streamed(StreamedImages),
}

impl TrainingSet {
    /// What a training takes.
    pub fn images(&self) -> TrainingImages<'_> {
        match self {
            Self::Held(images) => TrainingImages::Held(images),
            Self::Streamed(images) => TrainingImages::Streamed(images),
        }
    }
}

impl ImageSource for ArmImages {
    fn format(&self) -> Format {
        Format::Generated
    }
    fn len(&self) -> usize {
        self.photographs.len() + self.generated.len()
    }
    fn label(&self, index: usize) -> i64 {
        match index.checked_sub(self.photographs.len()) {
            None => self.photographs.labels[index],
            Some(at) => self.generated.identities[at / self.generated.each].1,
        }
    }
    fn bytes(&self, index: usize) -> Result<Cow<'_, [u8]>> {
        match index.checked_sub(self.photographs.len()) {
            None => {
                let mut ppm = format!("P6\n{} {}\n255\n", self.width, self.height).into_bytes();
                ppm.extend_from_slice(self.photographs.one(index));
                Ok(ppm.into())
            }
            Some(at) => Ok(read_image_file(&self.generated.path(at))?.into()),
        }
    }
    fn name(&self, index: usize) -> String {
        match index.checked_sub(self.photographs.len()) {
            None => format!("photograph {index}"),
            Some(at) => self.generated.path(at).display().to_string(),
        }
    }
    fn listed_identities(&self) -> usize {
        self.identities
    }
    fn decode(&self, index: usize) -> Result<Rgb> {
        let image = match index.checked_sub(self.photographs.len()) {
            None => Rgb {
                pixels: self.photographs.one(index).to_vec(),
                height: self.height,
                width: self.width,
            },
            Some(at) => png::read(&self.generated.path(at))?,
        };
        if (image.height, image.width) != (self.height, self.width) {
            return Err(Error::data(format!(
                "{}: an image of {}x{} in a training set of {}x{}",
                self.name(index),
                image.width,
                image.height,
                self.width,
                self.height
            ))
            .help("images of one training set are of one size: data.size and the denoiser's resolution"));
        }
        Ok(image)
    }
}
