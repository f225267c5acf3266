//! Which images a training step sees: a function of seed and step alone.

use std::collections::BTreeMap;

use ficta_core::random::Stream;

use crate::config::Sampling;

/// The order of images over a training.
#[derive(Clone)]
pub struct Order {
    seed: u64,
    flip: bool,
    way: Way,
}

#[derive(Clone)]
enum Way {
    /// Every epoch is a permutation of its own, which is kept while it lasts.
    Plain {
        images: usize,
        epoch: Option<(u64, Vec<usize>)>,
    },
    /// The images of each identity.
    Balanced(Vec<Vec<u32>>),
}

impl Order {
    /// Every epoch shows each of `images` images once, in an order of its own; mirrored at random if `flip`.
    pub fn new(seed: u64, images: usize, flip: bool) -> Self {
        let way = Way::Plain { images, epoch: None };
        Self { seed, flip, way }
    }

    /// Label-balanced: for each place in a batch an identity is drawn, each with the same probability, and then one of its images likewise, both with
    /// replacement. An identity of three images is seen as often as one of three hundred. `label` tells the identity of each of `images` images.
    pub fn balanced(seed: u64, images: usize, label: impl Fn(usize) -> i64, flip: bool) -> Self {
        let mut of_identity: BTreeMap<i64, Vec<u32>> = BTreeMap::new();
        for image in 0..images {
            of_identity.entry(label(image)).or_default().push(image as u32);
        }
        let way = Way::Balanced(of_identity.into_values().collect());
        Self { seed, flip, way }
    }

    /// The order that a training asks for.
    pub fn of(sampling: Sampling, seed: u64, images: usize, label: impl Fn(usize) -> i64, flip: bool) -> Self {
        match sampling {
            Sampling::Plain => Self::new(seed, images, flip),
            Sampling::Balanced => Self::balanced(seed, images, label, flip),
        }
    }

    /// The images of step `step` of `batch` images each, and whether each is mirrored.
    pub fn batch(&mut self, step: usize, batch: usize) -> Vec<(usize, bool)> {
        (step * batch..(step + 1) * batch)
            .map(|position| self.at(position))
            .collect()
    }

    fn at(&mut self, position: usize) -> (usize, bool) {
        let seed = self.seed;
        let image = match &mut self.way {
            Way::Plain { images, epoch } => {
                let now = (position / *images) as u64;
                let shuffled = || {
                    let mut order: Vec<_> = (0..*images).collect();
                    Stream::new(seed, "order", now, 0).shuffle(&mut order);
                    (now, order)
                };
                let (_, order) = match epoch {
                    Some(kept) if kept.0 == now => kept,
                    other => other.insert(shuffled()),
                };
                order[position % *images]
            }
            Way::Balanced(identities) => {
                let mut stream = Stream::new(seed, "balanced order", position as u64, 0);
                let images = &identities[stream.below(identities.len() as u64) as usize];
                images[stream.below(images.len() as u64) as usize] as usize
            }
        };
        let flip = self.flip && Stream::new(seed, "flip", position as u64, 0).next_u64() >> 63 == 1;
        (image, flip)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_epoch_shows_every_image_once_and_steps_can_be_asked_for_in_any_order() {
        let mut order = Order::new(5, 10, true);
        let all: Vec<_> = (0..5).flat_map(|step| order.batch(step, 4)).collect();
        for epoch in all.chunks(10) {
            let mut seen: Vec<_> = epoch.iter().map(|(i, _)| *i).collect();
            seen.sort_unstable();
            assert_eq!(seen, (0..10).collect::<Vec<_>>());
        }
        assert!(all.iter().any(|(_, f)| *f) && all.iter().any(|(_, f)| !f));
        assert_eq!(Order::new(5, 10, true).batch(3, 4), all[12..16]);
    }

    #[test]
    fn balanced_shows_every_identity_as_often_and_its_images_too() {
        // One identity of a single image, one of two, one of seven, and a label that nobody has.
        let labels = [0, 1, 1, 3, 3, 3, 3, 3, 3, 3];
        let mut order = Order::balanced(5, labels.len(), |i| labels[i], true);
        let rounds = 3000;
        let mut seen = [0usize; 10];
        for step in 0..rounds {
            order.batch(step, 10).iter().for_each(|(image, _)| seen[*image] += 1);
        }
        let all = (10 * rounds) as f64;
        for (image, count) in seen.iter().enumerate() {
            let of_identity = labels.iter().filter(|l| **l == labels[image]).count() as f64;
            let expected = all / 3.0 / of_identity;
            // Five standard deviations of a binomial.
            assert!(
                (*count as f64 - expected).abs() < 5.0 * expected.sqrt(),
                "image {image}: {count}, expected {expected}"
            );
        }
        let again = Order::of(Sampling::Balanced, 5, labels.len(), |i| labels[i], true).batch(7, 10);
        assert_eq!(again, order.batch(7, 10), "a function of the step");
    }
}
