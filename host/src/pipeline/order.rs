//! Which images a training step sees: a function of seed and step alone.

use ficta_core::random::Stream;

/// The order of images over a training: every epoch is a permutation of its own.
#[derive(Clone)]
pub struct Order {
    seed: u64,
    images: usize,
    flip: bool,
    epoch: Option<(u64, Vec<usize>)>,
}

impl Order {
    /// An order of `images` images, mirrored at random if `flip`.
    pub fn new(seed: u64, images: usize, flip: bool) -> Self {
        Self {
            seed,
            images,
            flip,
            epoch: None,
        }
    }

    /// The images of step `step` of `batch` images each, and whether each is mirrored.
    pub fn batch(&mut self, step: usize, batch: usize) -> Vec<(usize, bool)> {
        (step * batch..(step + 1) * batch)
            .map(|position| self.at(position))
            .collect()
    }

    fn at(&mut self, position: usize) -> (usize, bool) {
        let epoch = (position / self.images) as u64;
        if self.epoch.as_ref().is_none_or(|(e, _)| *e != epoch) {
            let mut order: Vec<_> = (0..self.images).collect();
            Stream::new(self.seed, "order", epoch, 0).shuffle(&mut order);
            self.epoch = Some((epoch, order));
        }
        let image = self
            .epoch
            .as_ref()
            .map_or(0, |(_, order)| order[position % self.images]);
        let flip = self.flip && Stream::new(self.seed, "flip", position as u64, 0).next_u64() >> 63 == 1;
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
}
