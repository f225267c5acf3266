//! Hashes within a few bits of another.
//!
//! Two hashes that differ in at most r bits agree in one of r + 1 bands, so that only those in one bucket are compared.

use std::collections::HashMap;

use super::perceptual_hash::NEAR;

/// Bands of the 128 bits.
const BANDS: u32 = NEAR + 1;

/// Hashes to search, with what they stand for.
#[derive(Debug, Default)]
pub struct NearIndex {
    hashes: Vec<(u128, u32)>,
    buckets: HashMap<(u32, u64), Vec<u32>>,
}

fn band(hash: u128, band: u32) -> (u32, u64) {
    let width = 128 / BANDS;
    (band, (hash >> (band * width)) as u64 & ((1 << width) - 1))
}

impl NearIndex {
    /// Adds a hash.
    pub fn insert(&mut self, hash: u128, what: u32) {
        let at = self.hashes.len() as u32;
        self.hashes.push((hash, what));
        for b in 0..BANDS {
            self.buckets.entry(band(hash, b)).or_default().push(at);
        }
    }

    /// The first that was added of those nearest to a hash, if it is within [`NEAR`] bits, with the number of bits.
    pub fn nearest(&self, hash: u128) -> Option<(u32, u32)> {
        let candidates = (0..BANDS).filter_map(|b| self.buckets.get(&band(hash, b))).flatten();
        let near = candidates.filter_map(|at| {
            let (other, what) = self.hashes[*at as usize];
            let bits = (hash ^ other).count_ones();
            (bits <= NEAR).then_some((bits, *at, what))
        });
        near.min().map(|(bits, _, what)| (what, bits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn what_is_near_is_found(hashes in proptest::collection::vec(proptest::num::u128::ANY, 1..20), pick: proptest::sample::Index, flips in proptest::collection::vec(0u32..128, 0..5)) {
            let mut index = NearIndex::default();
            hashes.iter().zip(0..).for_each(|(h, i)| index.insert(*h, i));
            let wanted = flips.iter().fold(*pick.get(&hashes), |h, bit| h ^ 1 << bit);
            let brute = hashes.iter().zip(0u32..).map(|(h, i)| ((h ^ wanted).count_ones(), i)).filter(|(bits, _)| *bits <= NEAR).min();
            proptest::prop_assert_eq!(index.nearest(wanted), brute.map(|(bits, i)| (i, bits)));
        }
    }

    #[test]
    fn three_bits_are_too_many() {
        let mut index = NearIndex::default();
        index.insert(7, 0);
        assert_eq!(
            (index.nearest(7), index.nearest(6), index.nearest(0)),
            (Some((0, 0)), Some((0, 1)), None)
        );
    }
}
