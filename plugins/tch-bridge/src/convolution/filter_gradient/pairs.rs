//! The gradient in bf16 with AVX-512's sums of pairs of products: an instruction takes two pixels where one in f32 takes one, and needs no wider numbers.

use std::{
    arch::x86_64::{
        __m512bh, __m512i, _mm512_dpbf16_ps, _mm512_loadu_si512, _mm512_permutex2var_epi16, _mm512_set1_epi32,
        _mm512_setzero_ps, _mm512_setzero_si512,
    },
    mem,
    ops::Range,
};

use half::bf16;

use super::{MOST_ROWS, OUTSIDE, Shape, Share, rows, share};

/// Numbers in f32 of a vector.
const LANES: usize = 16;
/// Inputs of a tile: two vectors of sums.
const WIDTH: usize = 2 * LANES;
/// Pairs of pixels whose products are summed in registers before they are added to the gradient: the inputs of a tile stay in the nearest cache, and
/// the sums of millions of products lose fewer bits.
const PAIRS: usize = 256;

/// Whether this processor has the instruction.
pub fn are_summed() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512bf16")
}

/// See [`super::Factor::compute`].
///
/// # Panics
/// Where [`are_summed`] says no.
pub fn compute(shape: &Shape, x: &[bf16], by_y: &[bf16], by_filters: &mut [f32], threads: usize) {
    assert!(are_summed(), "a processor without AVX-512's instructions for bf16");
    share((shape, WIDTH), (x, by_y), by_filters, threads, |share| {
        // SAFETY: this processor has the instructions: asserted above.
        unsafe { with_rows!(rows(shape.outputs as usize, MOST_ROWS), |ROWS| tiles::<ROWS>(share)) }
    });
}

/// With `ROWS` outputs in a tile.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512bf16")]
fn tiles<const ROWS: usize>(mut share: Share<'_, bf16>) {
    let outputs = share.shape.outputs as usize;
    let mut met = Vec::with_capacity(2 * PAIRS);
    let mut left = vec![[0; LANES]; outputs.div_ceil(ROWS) * PAIRS];
    let mut right = vec![[_mm512_setzero_si512(); 2]; PAIRS];
    let all = share.shape.pixels();
    for first in (0..all).step_by(2 * PAIRS) {
        let pixels = first..all.min(first + 2 * PAIRS);
        let pairs = pixels.len().div_ceil(2);
        pack_left::<ROWS>(
            &share.by_y[pixels.start * outputs..pixels.end * outputs],
            outputs,
            &mut left,
        );
        let mut place = None;
        for part in share.parts.clone() {
            let here = share.place(part);
            if place.replace(here) != Some(here) {
                share.shape.meet(pixels.clone(), here, &mut met);
                if met.len() % 2 == 1 {
                    met.push(OUTSIDE);
                }
            }
            pack_right(&share, &met, share.inputs(part), &mut right);
            let columns = share.columns(part);
            for (left, out) in left.chunks_exact(PAIRS).zip(share.out.chunks_mut(ROWS)) {
                let sums = sums::<ROWS>(&left[..pairs], &right[..pairs]);
                for (sums, out) in sums.iter().zip(out) {
                    let out = &mut out[columns.clone()];
                    match first {
                        0 => out.copy_from_slice(&sums[..out.len()]),
                        _ => out.iter_mut().zip(sums).for_each(|(out, sum)| *out += sum),
                    }
                }
            }
        }
    }
}

/// Of each pair of pixels the gradients on `ROWS` outputs, tile by tile; what a vector holds beyond them is not used.
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn pack_left<const ROWS: usize>(by_y: &[bf16], outputs: usize, left: &mut [[u32; LANES]]) {
    let vector = |from: &[bf16]| {
        let mut filled = [bf16::ZERO; LANES];
        let length = from.len().min(LANES);
        filled[..length].copy_from_slice(&from[..length]);
        filled
    };
    let none = vec![bf16::ZERO; outputs];
    for (pair, pixels) in by_y.chunks(2 * outputs).enumerate() {
        let (even, odd) = pixels.split_at(outputs);
        let odd = if odd.is_empty() { &none } else { odd };
        for (tile, start) in (0..outputs).step_by(ROWS).enumerate() {
            let (even, odd) = (&even[start..], &odd[start..]);
            let (even, odd) = match (even.first_chunk(), odd.first_chunk()) {
                (Some(even), Some(odd)) => (*even, *odd),
                _ => (vector(even), vector(odd)),
            };
            let to = &mut left[tile * PAIRS + pair];
            for lane in 0..LANES {
                to[lane] = u32::from(even[lane].to_bits()) | u32::from(odd[lane].to_bits()) << 16;
            }
        }
    }
}

/// Of each pair of pixels that `met` names some inputs, those of the two pixels side by side.
#[target_feature(enable = "avx512f,avx512bw")]
fn pack_right(share: &Share<'_, bf16>, met: &[usize], inputs: Range<usize>, right: &mut [[__m512i; 2]]) {
    const fn from(first: u16) -> [u16; WIDTH] {
        let mut order = [0; WIDTH];
        let mut at = 0;
        while at < LANES {
            order[2 * at] = first + at as u16;
            order[2 * at + 1] = WIDTH as u16 + first + at as u16;
            at += 1;
        }
        order
    }
    const FIRST: [u16; WIDTH] = from(0);
    const SECOND: [u16; WIDTH] = from(LANES as u16);
    let (first, second) = (load(&FIRST), load(&SECOND));
    for (pair, to) in met.as_chunks::<2>().0.iter().zip(right) {
        let even = inputs_at(share, pair[0], inputs.clone());
        let odd = inputs_at(share, pair[1], inputs.clone());
        *to = [
            _mm512_permutex2var_epi16(even, first, odd),
            _mm512_permutex2var_epi16(even, second, odd),
        ];
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn inputs_at(share: &Share<'_, bf16>, pixel: usize, inputs: Range<usize>) -> __m512i {
    if pixel == OUTSIDE {
        return _mm512_setzero_si512();
    }
    let from = pixel * share.shape.inputs as usize + inputs.start;
    if inputs.len() == WIDTH
        && let Some(whole) = share.x[from..].first_chunk::<WIDTH>()
    {
        return load(whole);
    }
    let mut filled = [bf16::ZERO; WIDTH];
    filled[..inputs.len()].copy_from_slice(&share.x[from..][..inputs.len()]);
    load(&filled)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load<T: Copy>(numbers: &[T; WIDTH]) -> __m512i {
    const { assert!(size_of::<[T; WIDTH]>() == size_of::<__m512i>()) };
    // SAFETY: as many bytes as are read, wherever they lie.
    unsafe { _mm512_loadu_si512(numbers.as_ptr().cast()) }
}

/// A tile's products of some pairs of pixels, summed.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
fn sums<const ROWS: usize>(left: &[[u32; LANES]], right: &[[__m512i; 2]]) -> [[f32; WIDTH]; ROWS] {
    let mut held = [[_mm512_setzero_ps(); 2]; ROWS];
    for (left, right) in left.iter().zip(right) {
        let [first, second] = right.map(as_bf16);
        for row in 0..ROWS {
            let factor = as_bf16(_mm512_set1_epi32(left[row].cast_signed()));
            held[row][0] = _mm512_dpbf16_ps(held[row][0], factor, first);
            held[row][1] = _mm512_dpbf16_ps(held[row][1], factor, second);
        }
    }
    // SAFETY: two vectors of 16 numbers are 32 numbers.
    held.map(|sums| unsafe { mem::transmute::<[_; 2], [f32; WIDTH]>(sums) })
}

#[inline]
fn as_bf16(bits: __m512i) -> __m512bh {
    // SAFETY: both are 512 bits of which any stand for numbers.
    unsafe { mem::transmute(bits) }
}
