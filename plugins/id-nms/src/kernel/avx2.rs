//! For processors with AVX2: 32 products a vector, in three instructions.

use std::arch::x86_64::{
    __m256i, _mm256_abs_epi8, _mm256_add_epi32, _mm256_load_si256, _mm256_madd_epi16, _mm256_maddubs_epi16,
    _mm256_set1_epi16, _mm256_set1_epi32, _mm256_setzero_si256, _mm256_sign_epi8, _mm256_store_si256,
};

use super::{ColumnBounds, Kernel, Lane, Line, QueryBounds, Rest, Sums};

pub(super) fn kernel() -> Option<Kernel> {
    is_x86_feature_detected!("avx2").then_some(Kernel {
        name: "avx2",
        advance,
        reaches,
    })
}

/// Queries whose sums fit the registers.
const AT_ONCE: usize = 2;

/// The instruction multiplies unsigned by signed numbers, and adds two products in 16 bits. So the queries' signs go to the columns;
/// two products of codes up to 127 are 32,258 at most, which 16 bits hold.
#[target_feature(enable = "avx2")]
fn advance(sums: &mut Sums, queries: &[Lane], columns: &[Line]) {
    let ones = _mm256_set1_epi16(1);
    for (part, sums) in sums.0.as_chunks_mut::<AT_ONCE>().0.iter_mut().enumerate() {
        let mut acc = [[_mm256_setzero_si256(); 4]; AT_ONCE];
        for (lane, lines) in queries.iter().zip(columns.as_chunks::<2>().0) {
            let column = [
                load(&lines[0], 0),
                load(&lines[0], 1),
                load(&lines[1], 0),
                load(&lines[1], 1),
            ];
            for (acc, query) in acc.iter_mut().zip(&lane[part * AT_ONCE..]) {
                let query = _mm256_set1_epi32(i32::from_ne_bytes(query.map(|q| q as u8)));
                let size = _mm256_abs_epi8(query);
                for (acc, column) in acc.iter_mut().zip(column) {
                    let pairs = _mm256_maddubs_epi16(size, _mm256_sign_epi8(column, query));
                    *acc = _mm256_add_epi32(*acc, _mm256_madd_epi16(pairs, ones));
                }
            }
        }
        for (sums, acc) in sums.iter_mut().zip(acc) {
            for (quarter, acc) in sums.as_chunks_mut::<8>().0.iter_mut().zip(acc) {
                let place: *mut __m256i = quarter.as_mut_ptr().cast();
                // SAFETY: 8 numbers of 32 bits are one vector, and the quarters of a row of `Sums` lie on multiples of 32 bytes.
                unsafe { _mm256_store_si256(place, _mm256_add_epi32(_mm256_load_si256(place), acc)) };
            }
        }
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn load(line: &Line, half: usize) -> __m256i {
    // SAFETY: half a `Line` is 32 bytes, on a multiple of 32; `as_chunks` checks the place.
    unsafe { _mm256_load_si256(line.0.as_chunks::<32>().0[half].as_ptr().cast()) }
}

#[target_feature(enable = "avx2")]
fn reaches(sums: &Sums, queries: &QueryBounds, columns: &ColumnBounds, rest: &Rest<'_>) -> bool {
    super::reaches(sums, queries, columns, rest)
}
