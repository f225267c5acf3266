//! Where the images of a training come from: memory, or a set whose images are read as they are needed.

use std::{borrow::Cow, sync::Arc};

use ficta_core::Result;

use super::{images::Images, order::Order};
use crate::data::{
    ImageSource, People,
    loader::{Loader, Options, Pick},
};

/// Bytes of pixels up to which a run's training set is held in memory; a larger one is read as its images are needed. Both give the same batches.
pub const HELD: usize = 1 << 30;

/// A set that is read as its images are needed. Held in memory: what the source holds, four bytes an image, and a few batches.
#[derive(Clone)]
pub struct StreamedImages {
    /// The set.
    pub source: Arc<dyn ImageSource>,
    /// Its images by identity: a label in training is an identity's place here. Without it the order and the labels are the set's own; they count up to
    /// [`ImageSource::listed_identities`].
    pub people: Option<Arc<People>>,
    /// Height of the images in pixels; those of the set are scaled to it.
    pub height: usize,
    /// Width of the images in pixels.
    pub width: usize,
    /// Threads that decode.
    pub threads: usize,
}

impl StreamedImages {
    fn len(&self) -> usize {
        self.people
            .as_ref()
            .map_or_else(|| self.source.len(), |people| people.image_count())
    }

    fn identities(&self) -> usize {
        self.people
            .as_ref()
            .map_or_else(|| self.source.listed_identities(), |people| people.len())
    }

    /// Index in the source and identity of image `at`.
    fn image_at(&self, at: usize) -> (usize, i64) {
        match &self.people {
            Some(people) => {
                let (index, person) = people.image_at(at);
                (index, person as i64)
            }
            None => (at, self.source.label(at)),
        }
    }
}

/// Labelled images to train on, labels from 0.
#[derive(Clone, Copy)]
pub enum TrainingImages<'a> {
    /// All of them in memory.
    Held(&'a Images),
    /// Read as they are needed.
    Streamed(&'a StreamedImages),
}

impl<'a> TrainingImages<'a> {
    /// Number of images.
    pub fn len(self) -> usize {
        match self {
            Self::Held(images) => images.len(),
            Self::Streamed(set) => set.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Number of identities.
    pub fn identities(self) -> usize {
        match self {
            Self::Held(images) => images.identities(),
            Self::Streamed(set) => set.identities(),
        }
    }

    /// Identity of image number `at`.
    ///
    /// # Panics
    /// Where there is no such image.
    pub fn label(self, at: usize) -> i64 {
        match self {
            Self::Held(images) => images.labels[at],
            Self::Streamed(set) => set.image_at(at).1,
        }
    }

    /// Height and width of the images in pixels.
    pub fn size(self) -> (usize, usize) {
        match self {
            Self::Held(images) => (images.height, images.width),
            Self::Streamed(set) => (set.height, set.width),
        }
    }

    /// The batches of a training in an order.
    pub fn batches(self, order: Order, batch: usize, channels: usize) -> Batches<'a> {
        Batches {
            images: self,
            order,
            batch,
            channels,
            loader: None,
        }
    }
}

/// The batches of a training: functions of the step alone.
pub struct Batches<'a> {
    images: TrainingImages<'a>,
    order: Order,
    batch: usize,
    channels: usize,
    /// Reads ahead of a training that goes on step by step.
    loader: Option<Loader>,
}

/// Images and labels of a step.
pub type Step<'a> = (Cow<'a, [f32]>, Cow<'a, [i64]>);

impl Batches<'_> {
    /// Images f32 `[B,C,H,W]` in [-1,1] and labels `[B]` of a step.
    ///
    /// # Errors
    /// A number of channels other than 1 and 3; an image that cannot be read or scaled, with its place.
    pub fn of(&mut self, step: usize) -> Result<Step<'_>> {
        match self.images {
            TrainingImages::Held(images) => {
                let chosen = self.order.batch(step, self.batch);
                let labels: Vec<_> = chosen.iter().map(|(i, _)| images.labels[*i]).collect();
                Ok((images.batch(&chosen, self.channels)?.into(), labels.into()))
            }
            TrainingImages::Streamed(set) => {
                let number = step as u64;
                // The first step, or that of a training that was stopped.
                if self.loader.as_ref().is_none_or(|loader| loader.next_number() != number) {
                    self.loader = None;
                }
                let loader = match &mut self.loader {
                    Some(loader) => loader,
                    none => none.insert(start(set, self.order.clone(), self.batch, self.channels, number)?),
                };
                let batch = loader.next_batch()?;
                Ok(((&batch.images).into(), (&batch.labels).into()))
            }
        }
    }
}

fn start(set: &StreamedImages, mut order: Order, batch: usize, channels: usize, first: u64) -> Result<Loader> {
    let own = set.clone();
    let pick = move |(at, mirrored): (usize, bool)| {
        let (index, label) = own.image_at(at);
        Pick { index, label, mirrored }
    };
    let options = Options {
        size: [set.height, set.width],
        channels,
        threads: set.threads,
        ahead: 2,
    };
    let plan = Box::new(move |number: u64| order.batch(number as usize, batch).into_iter().map(&pick).collect());
    Loader::new(set.source.clone(), options, plan, first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{DataConfig, Prepared, png, prepare::prepare, source};

    /// The same batches as from images that were prepared and held, in whatever order the steps are asked for.
    #[test]
    fn streamed_batches_are_those_of_images_in_memory() {
        let folder = tempfile::tempdir().unwrap();
        for (i, (person, image)) in [("a", 0), ("b", 0), ("b", 1), ("c", 0), ("c", 1)].iter().enumerate() {
            // Some of another size than the network's.
            let side = 6 + 2 * (i % 2);
            let pixels: Vec<u8> = (0..side * side * 3).map(|p| ((p + i) * 29 % 241) as u8).collect();
            let path = folder.path().join(format!("{person}/{image}.png"));
            png::write(&path, &pixels, side, side, 3).unwrap();
        }
        let source: Arc<dyn ImageSource> = Arc::from(source::open(folder.path()).unwrap());
        let people = Arc::new(People::of(&*source).unwrap());
        for channels in [1, 3] {
            let settings = DataConfig {
                size: 6,
                channels,
                full_size: Some(crate::data::Size { width: 6, height: 6 }),
                ..DataConfig::at(folder.path())
            };
            let (chosen, labels) = people.images_of(&[0, 1, 2]);
            let mut pixels = Vec::new();
            let put = |image: Prepared| {
                pixels.extend(image.small.pixels);
                Ok(())
            };
            prepare(&*source, &chosen, &settings, put, |_| Ok(())).unwrap();
            let held = Images {
                pixels: pixels.into(),
                labels,
                height: 6,
                width: 6,
            };
            let streamed = StreamedImages {
                source: source.clone(),
                people: Some(people.clone()),
                height: 6,
                width: 6,
                threads: 2,
            };
            let both = [TrainingImages::Held(&held), TrainingImages::Streamed(&streamed)];
            assert_eq!(
                both.map(|images| (images.len(), images.identities(), images.size())),
                [(5, 3, (6, 6)); 2]
            );
            let [mut a, mut b] = both.map(|images| images.batches(Order::new(3, 5, true), 4, channels));
            for step in [0, 1, 2, 7, 8, 3] {
                assert_eq!(a.of(step).unwrap(), b.of(step).unwrap(), "step {step}");
            }
            assert!((0..5).all(|at| both[0].label(at) == both[1].label(at)));
        }
    }
}
