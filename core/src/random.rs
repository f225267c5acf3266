//! Random numbers as a function of (run seed, purpose, index), by a specified generator.
//!
//! A [`Stream`] is ChaCha with 12 rounds. Its 256-bit key is, in little-endian order, the run seed, the FNV-1a 64-bit hash of the
//! purpose's UTF-8 bytes, and two indices; the stream number and the counter start at 0. Whatever draws from a stream of its own
//! does not depend on threads, batch size, shards or the order of work.

use rand_chacha::{
    ChaCha12Rng,
    rand_core::{RngCore, SeedableRng},
};

/// The FNV-1a hash of `bytes`, 64 bits: offset basis 0xcbf29ce484222325, prime 0x100000001b3.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |h, b| {
        (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub struct Stream(ChaCha12Rng);

impl Stream {
    /// The stream of `purpose` at index (`i`, `j`) in the run with this seed.
    pub fn new(seed: u64, purpose: &str, i: u64, j: u64) -> Self {
        let mut key = [0; 32];
        for (slot, word) in key.chunks_exact_mut(8).zip([seed, fnv1a(purpose.as_bytes()), i, j]) {
            slot.copy_from_slice(&word.to_le_bytes());
        }
        Self(ChaCha12Rng::from_seed(key))
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform in [0, 1): the upper 53 bits over 2^53.
    pub fn uniform(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform in 0..n without bias, by rejection (Lemire's method).
    ///
    /// # Panics
    /// Where `n` is 0.
    pub fn below(&mut self, n: u64) -> u64 {
        assert!(n > 0, "below(0)");
        let threshold = n.wrapping_neg() % n;
        loop {
            let wide = u128::from(self.next_u64()) * u128::from(n);
            if wide as u64 >= threshold {
                return (wide >> 64) as u64;
            }
        }
    }

    /// Two independent standard normals by Box and Muller, in f64. The functions are libm's, so that every machine computes the same bits.
    pub fn normal_pair(&mut self) -> (f64, f64) {
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - self.uniform()));
        let angle = std::f64::consts::TAU * self.uniform();
        (radius * libm::cos(angle), radius * libm::sin(angle))
    }

    /// Fills `out` with standard normals, pair by pair.
    pub fn fill_normal(&mut self, out: &mut [f32]) {
        for pair in out.chunks_mut(2) {
            let (a, b) = self.normal_pair();
            pair[0] = a as f32;
            if let Some(second) = pair.get_mut(1) {
                *second = b as f32;
            }
        }
    }

    /// Shuffles by Fisher and Yates.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u64 + 1) as usize);
        }
    }
}

/// A seed for a sub-task: the first output of the stream (`seed`, `purpose`, `i`, `j`).
pub fn derive_seed(seed: u64, purpose: &str, i: u64, j: u64) -> u64 {
    Stream::new(seed, purpose, i, j).next_u64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_specified_for_good() {
        // Pinned: changing the generator would change everybody's results.
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
    }

    #[test]
    fn normals_have_unit_moments() {
        let mut x = vec![0f32; 100_001];
        Stream::new(1, "test", 0, 0).fill_normal(&mut x);
        let n = x.len() as f64;
        let mean = x.iter().map(|v| f64::from(*v)).sum::<f64>() / n;
        let var = x.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>() / n;
        assert!(mean.abs() < 0.01 && (var - 1.0).abs() < 0.02, "{mean} {var}");
    }

    #[test]
    fn streams_differ_in_every_coordinate() {
        let all = [
            (1, "a", 0, 0),
            (2, "a", 0, 0),
            (1, "b", 0, 0),
            (1, "a", 1, 0),
            (1, "a", 0, 1),
        ];
        let mut firsts: Vec<u64> = all.iter().map(|(s, p, i, j)| derive_seed(*s, p, *i, *j)).collect();
        firsts.sort_unstable();
        firsts.dedup();
        assert_eq!(firsts.len(), all.len());
    }

    #[test]
    fn below_is_in_range_and_reaches_all() {
        let mut stream = Stream::new(3, "below", 0, 0);
        let mut seen = [0; 7];
        for _ in 0..7000 {
            seen[stream.below(7) as usize] += 1;
        }
        assert!(seen.iter().all(|n| (800..1200).contains(n)), "{seen:?}");
    }
}
