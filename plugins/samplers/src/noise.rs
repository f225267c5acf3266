//! Noise that depends on an image's seed alone.

use ficta_core::random::Stream;

/// Below this many elements threads cost more than they save.
const WORTH_THREADS: usize = 1 << 16;

/// Fills each row of `out`, B rows of equal length, from its own seed. `draw` 0 is the starting noise, `draw` k the noise added by the k-th step.
pub(crate) fn fill(seeds: &[u64], draw: u64, out: &mut [f32], threads: usize) {
    let length = out.len() / seeds.len().max(1);
    if length == 0 {
        return;
    }
    let rows = |seeds: &[u64], out: &mut [f32]| {
        for (seed, row) in seeds.iter().zip(out.chunks_mut(length)) {
            Stream::new(*seed, "sampler.noise", draw, 0).fill_normal(row);
        }
    };
    if threads < 2 || out.len() < WORTH_THREADS {
        return rows(seeds, out);
    }
    let share = seeds.len().div_ceil(threads);
    std::thread::scope(|scope| {
        for (seeds, out) in seeds.chunks(share).zip(out.chunks_mut(share * length)) {
            scope.spawn(move || rows(seeds, out));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_change_nothing() {
        let seeds = [3, 1, 4, 1, 5];
        let length = WORTH_THREADS / 5 + 1;
        let with = |threads| {
            let mut out = vec![f32::NAN; 5 * length];
            fill(&seeds, 2, &mut out, threads);
            out
        };
        let one = with(1);
        assert!(one.iter().all(|v| v.is_finite()) && one[length..2 * length] == one[3 * length..4 * length]);
        assert!([2, 3, 4, 9].iter().all(|threads| with(*threads) == one));
    }
}
