//! For processors with AVX-512 VNNI: four products and their sum in one instruction, 64 products a vector.

use std::arch::x86_64::{
    __m512i, _mm512_add_epi32, _mm512_dpbusd_epi32, _mm512_load_si512, _mm512_set1_epi32, _mm512_setzero_si512,
    _mm512_store_si512, _mm512_sub_epi32,
};

use super::{ColumnBounds, Kernel, Lane, Line, QUERIES, QueryBounds, Rest, Sums};

pub(super) fn kernel() -> Option<Kernel> {
    let has = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vnni");
    has.then_some(Kernel {
        name: "avx512-vnni",
        largest_code: 127,
        advance,
        reaches,
    })
}

/// The instruction multiplies unsigned by signed numbers. So the queries' codes q become q + 128, by a flipped bit, and 128 times
/// the columns' sums are taken away in the end.
#[target_feature(enable = "avx512f,avx512vnni")]
fn advance(sums: &mut Sums, queries: &[Lane], columns: &[Line]) {
    const FLIP: i32 = i32::from_ne_bytes([0x80; 4]);
    let ones = _mm512_set1_epi32(FLIP);
    let mut acc = [[_mm512_setzero_si512(); 2]; QUERIES];
    let mut excess = [_mm512_setzero_si512(); 2];
    for (lane, lines) in queries.iter().zip(columns.as_chunks::<2>().0) {
        let column = [load(&lines[0]), load(&lines[1])];
        for (acc, query) in acc.iter_mut().zip(lane) {
            let query = _mm512_set1_epi32(i32::from_ne_bytes(query.map(|q| q as u8)) ^ FLIP);
            acc[0] = _mm512_dpbusd_epi32(acc[0], query, column[0]);
            acc[1] = _mm512_dpbusd_epi32(acc[1], query, column[1]);
        }
        excess[0] = _mm512_dpbusd_epi32(excess[0], ones, column[0]);
        excess[1] = _mm512_dpbusd_epi32(excess[1], ones, column[1]);
    }
    for (sums, acc) in sums.0.iter_mut().zip(acc) {
        for (half, (acc, excess)) in sums.as_chunks_mut::<16>().0.iter_mut().zip(acc.into_iter().zip(excess)) {
            let place: *mut __m512i = half.as_mut_ptr().cast();
            // SAFETY: 16 numbers of 32 bits are one vector, and both halves of a row of `Sums` lie on multiples of 64 bytes.
            unsafe {
                let sum = _mm512_add_epi32(_mm512_load_si512(place), _mm512_sub_epi32(acc, excess));
                _mm512_store_si512(place, sum);
            }
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load(line: &Line) -> __m512i {
    // SAFETY: a `Line` is 64 bytes, on a multiple of 64.
    unsafe { _mm512_load_si512(line.0.as_ptr().cast()) }
}

#[target_feature(enable = "avx512f,avx512vnni")]
fn reaches(sums: &Sums, queries: &QueryBounds, columns: &ColumnBounds, rest: &Rest<'_>) -> bool {
    super::reaches(sums, queries, columns, rest)
}
