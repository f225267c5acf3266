//! The order of images in an epoch.

use std::{collections::BTreeMap, sync::Arc};

use ficta_core::random::Stream;
use serde::{Deserialize, Serialize};

use crate::data::ImageSource;

/// How the images of an epoch are chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// Every image once, shuffled.
    #[default]
    Shuffled,
    /// As many draws as there are images: an identity at random, then one of its images.
    LabelBalanced,
}

/// Chooses the images of batches. The permutation of an epoch is held for its batches, 8 bytes an image.
pub(super) struct Chooser {
    seed: u64,
    images: usize,
    /// Images by identity, for the balanced order.
    identities: Vec<Vec<usize>>,
}

/// The images of an epoch in order.
pub(super) type Permutation = (u64, Arc<Vec<usize>>);

impl Chooser {
    pub(super) fn new(source: &dyn ImageSource, order: Order, seed: u64) -> Self {
        let mut identities = BTreeMap::<i64, Vec<usize>>::new();
        if order == Order::LabelBalanced {
            (0..source.len()).for_each(|i| identities.entry(source.label(i)).or_default().push(i));
        }
        Self {
            seed,
            images: source.len(),
            identities: identities.into_values().collect(),
        }
    }

    /// The images of an epoch.
    pub(super) fn epoch(&self, epoch: u64) -> Permutation {
        let mut stream = Stream::new(self.seed, "loader.order", epoch, 0);
        let order = if self.identities.is_empty() {
            let mut all: Vec<usize> = (0..self.images).collect();
            stream.shuffle(&mut all);
            all
        } else {
            let draw = |_| {
                let identity = &self.identities[stream.below(self.identities.len() as u64) as usize];
                identity[stream.below(identity.len() as u64) as usize]
            };
            (0..self.images).map(draw).collect()
        };
        (epoch, Arc::new(order))
    }
}
