//! For processors with AVX2: 32 products a vector, in two and a half instructions.

use std::arch::x86_64::{
    __m256i, _mm256_add_epi8, _mm256_add_epi16, _mm256_add_epi32, _mm256_load_si256, _mm256_madd_epi16,
    _mm256_maddubs_epi16, _mm256_set1_epi8, _mm256_set1_epi16, _mm256_set1_epi32, _mm256_setzero_si256,
    _mm256_store_si256, _mm256_sub_epi32,
};

use super::{ColumnBounds, Kernel, Lane, Line, QueryBounds, Rest, Sums};

pub(super) fn kernel() -> Option<Kernel> {
    is_x86_feature_detected!("avx2").then_some(Kernel {
        name: "avx2",
        largest_code: 63,
        advance,
        reaches,
    })
}

/// Two lines of columns as vectors, or their sums.
type Quarters = [__m256i; 4];

/// The instruction multiplies unsigned by signed numbers. So the queries' codes q become q + 64, and 64 times the columns' sums are
/// taken away in the end.
#[target_feature(enable = "avx2")]
fn advance(sums: &mut Sums, queries: &[Lane], columns: &[Line]) {
    const OFFSET: i8 = 64;
    let offset = _mm256_set1_epi8(OFFSET);
    let lines = columns.as_chunks::<2>().0;
    let excess = multiply(lines, |_| offset);
    for (q, sums) in sums.0.iter_mut().enumerate() {
        let query = |group: usize| {
            let codes = i32::from_ne_bytes(queries[group][q].map(|q| q as u8));
            _mm256_add_epi8(_mm256_set1_epi32(codes), offset)
        };
        let products = multiply(lines, query);
        for ((sums, product), excess) in sums.as_chunks_mut::<8>().0.iter_mut().zip(products).zip(excess) {
            let place: *mut __m256i = sums.as_mut_ptr().cast();
            // SAFETY: 8 numbers of 32 bits are one vector, and the quarters of a row of `Sums` lie on multiples of 32 bytes.
            unsafe {
                let sum = _mm256_add_epi32(_mm256_load_si256(place), _mm256_sub_epi32(product, excess));
                _mm256_store_si256(place, sum);
            }
        }
    }
}

/// Sums of the products of unsigned codes, given by group, with the columns'. Codes are small enough that two groups can be added in 16
/// bits: four products of at most 127 by 63 are 32,004.
#[inline]
#[target_feature(enable = "avx2")]
fn multiply(lines: &[[Line; 2]], query: impl Fn(usize) -> __m256i) -> Quarters {
    let ones = _mm256_set1_epi16(1);
    let mut sums = [_mm256_setzero_si256(); 4];
    let (twos, last) = lines.as_chunks::<2>();
    for (i, [first, second]) in twos.iter().enumerate() {
        let (these, those) = (load(first), load(second));
        for (sum, (these, those)) in sums.iter_mut().zip(these.into_iter().zip(those)) {
            let four = _mm256_add_epi16(
                _mm256_maddubs_epi16(query(2 * i), these),
                _mm256_maddubs_epi16(query(2 * i + 1), those),
            );
            *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(four, ones));
        }
    }
    for line in last {
        for (sum, column) in sums.iter_mut().zip(load(line)) {
            let two = _mm256_maddubs_epi16(query(2 * twos.len()), column);
            *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(two, ones));
        }
    }
    sums
}

#[inline]
#[target_feature(enable = "avx2")]
fn load(lines: &[Line; 2]) -> Quarters {
    let half = |line: &Line, half: usize| {
        // SAFETY: half a `Line` is 32 bytes, on a multiple of 32; `as_chunks` checks the place.
        unsafe { _mm256_load_si256(line.0.as_chunks::<32>().0[half].as_ptr().cast()) }
    };
    [
        half(&lines[0], 0),
        half(&lines[0], 1),
        half(&lines[1], 0),
        half(&lines[1], 1),
    ]
}

#[target_feature(enable = "avx2")]
fn reaches(sums: &Sums, queries: &QueryBounds, columns: &ColumnBounds, rest: &Rest<'_>) -> bool {
    super::reaches(sums, queries, columns, rest)
}
