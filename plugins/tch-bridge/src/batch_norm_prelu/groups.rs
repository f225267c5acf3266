//! The arithmetic on a block: rows of a pixel's channels.

use pulp::NullaryFnOnce;

use crate::number::Number;

/// Makes `$function`, called for all channels, `GROUP` of them at a time, something that [`pulp::Arch::dispatch`] compiles for each kind of vectors: of a
/// closure it would not know that it is to be inlined. What `$function` knows of a group stands in arrays of its own: the compiler sees that they overlap
/// with nothing, and keeps them in vectors.
macro_rules! by_groups {
    ($name:ident, $function:ident, $($field:ident: $kind:ty),*) => {
        pub struct $name<'a, T> {
            pub channels: usize,
            $(pub $field: $kind,)*
        }

        impl<'a, T: Number> NullaryFnOnce for $name<'a, T> {
            type Output = ();

            #[inline(always)]
            fn call(self) {
                let Self { channels, $($field),* } = self;
                let mut start = 0;
                while start + 64 <= channels {
                    $function::<T, 64>(start, channels, $($field),*);
                    start += 64;
                }
                while start + 16 <= channels {
                    $function::<T, 16>(start, channels, $($field),*);
                    start += 16;
                }
                while start < channels {
                    $function::<T, 1>(start, channels, $($field),*);
                    start += 1;
                }
            }
        }
    };
}

by_groups!(Moments, moments, x: &'a [T], sums: &'a mut [f32], squares: &'a mut [f32]);
by_groups!(Activate, activate, x: &'a [T], lines: [&'a [f32]; 3], y: &'a mut [T]);
by_groups!(Gather, gather, given: [&'a [T]; 2], lines: [&'a [f32]; 4], sums: &'a mut [f32]);
by_groups!(Scatter, scatter, given: [&'a [T]; 2], lines: [&'a [f32]; 6], by_x: &'a mut [T]);

/// A group of what there is one a channel of.
#[inline(always)]
fn at<T: Copy, const GROUP: usize>(all: &[T], start: usize) -> &[T; GROUP] {
    all[start..].first_chunk().expect("as many channels")
}

#[inline(always)]
fn at_mut<T: Copy, const GROUP: usize>(all: &mut [T], start: usize) -> &mut [T; GROUP] {
    all[start..].first_chunk_mut().expect("as many channels")
}

/// Sums of the values of a block, then of the squares of what they differ by from their mean.
#[inline(always)]
fn moments<T: Number, const GROUP: usize>(
    start: usize,
    channels: usize,
    x: &[T],
    sums: &mut [f32],
    squares: &mut [f32],
) {
    let (mut sum, mut square) = ([0f32; GROUP], [0f32; GROUP]);
    for row in x.chunks_exact(channels) {
        let row = at::<T, GROUP>(row, start);
        for c in 0..GROUP {
            sum[c] += row[c].wide();
        }
    }
    let share = 1.0 / (x.len() / channels) as f32;
    let mean = sum.map(|sum| sum * share);
    for row in x.chunks_exact(channels) {
        let row = at::<T, GROUP>(row, start);
        for c in 0..GROUP {
            let off = row[c].wide() - mean[c];
            square[c] += off * off;
        }
    }
    *at_mut(sums, start) = sum;
    *at_mut(squares, start) = square;
}

#[inline(always)]
fn activate<T: Number, const GROUP: usize>(
    start: usize,
    channels: usize,
    x: &[T],
    [factors, offsets, slopes]: [&[f32]; 3],
    y: &mut [T],
) {
    let [factors, offsets, slopes] = [factors, offsets, slopes].map(|all| *at::<f32, GROUP>(all, start));
    for (x, y) in x.chunks_exact(channels).zip(y.chunks_exact_mut(channels)) {
        let x = *at::<T, GROUP>(x, start);
        let y = at_mut::<T, GROUP>(y, start);
        for c in 0..GROUP {
            let z = x[c].wide() * factors[c] + offsets[c];
            y[c] = T::narrow(if z > 0.0 { z } else { slopes[c] * z });
        }
    }
}

/// What a block adds to the gradients on shift, on scale (but for its factor) and on slopes.
#[inline(always)]
fn gather<T: Number, const GROUP: usize>(
    start: usize,
    channels: usize,
    [x, by_y]: [&[T]; 2],
    lines: [&[f32]; 4],
    sums: &mut [f32],
) {
    let [factors, offsets, slopes, mean] = lines.map(|all| *at::<f32, GROUP>(all, start));
    let (mut by_shift, mut by_scale, mut by_slopes) = ([0f32; GROUP], [0f32; GROUP], [0f32; GROUP]);
    for (x, by_y) in x.chunks_exact(channels).zip(by_y.chunks_exact(channels)) {
        let (x, by_y) = (at::<T, GROUP>(x, start), at::<T, GROUP>(by_y, start));
        for c in 0..GROUP {
            let (x, by_y) = (x[c].wide(), by_y[c].wide());
            let z = x * factors[c] + offsets[c];
            let by_z = if z > 0.0 { by_y } else { slopes[c] * by_y };
            by_shift[c] += by_z;
            by_scale[c] += by_z * (x - mean[c]);
            by_slopes[c] += if z > 0.0 { 0.0 } else { z * by_y };
        }
    }
    for (i, sum) in [by_shift, by_scale, by_slopes].into_iter().enumerate() {
        *at_mut(sums, i * channels + start) = sum;
    }
}

/// The gradient on x: factor by_z - pull (x - mean) - push.
#[inline(always)]
fn scatter<T: Number, const GROUP: usize>(
    start: usize,
    channels: usize,
    [x, by_y]: [&[T]; 2],
    lines: [&[f32]; 6],
    by_x: &mut [T],
) {
    let [factors, offsets, slopes, mean, pull, push] = lines.map(|all| *at::<f32, GROUP>(all, start));
    let given = x.chunks_exact(channels).zip(by_y.chunks_exact(channels));
    for ((x, by_y), by_x) in given.zip(by_x.chunks_exact_mut(channels)) {
        let (x, by_y) = (*at::<T, GROUP>(x, start), *at::<T, GROUP>(by_y, start));
        let by_x = at_mut::<T, GROUP>(by_x, start);
        for c in 0..GROUP {
            let (x, by_y) = (x[c].wide(), by_y[c].wide());
            let z = x * factors[c] + offsets[c];
            let by_z = if z > 0.0 { by_y } else { slopes[c] * by_y };
            by_x[c] = T::narrow(factors[c] * by_z - pull[c] * (x - mean[c]) - push[c]);
        }
    }
}
