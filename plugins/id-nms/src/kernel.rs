//! Products of a few coded rows with a panel of others, on the instructions that the processor has.
//!
//! All forms give the same integers for the same codes. Some add in fewer bits, so they want smaller codes: estimates are coarser there,
//! with wider bounds, and no outcome depends on them.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod portable;
#[cfg(target_arch = "x86_64")]
mod vnni;

use std::sync::OnceLock;

/// Queries that are multiplied at once.
pub(crate) const QUERIES: usize = 12;
/// Columns of a panel.
pub(crate) const COLUMNS: usize = 32;

/// One group of dimensions of 16 columns: four codes of each.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(crate) struct Line(pub(crate) [i8; 64]);

/// One group of dimensions of all queries: four codes of each.
pub(crate) type Lane = [[i8; 4]; QUERIES];

/// Sums of products: by query, by column.
#[derive(Clone)]
#[repr(align(64))]
pub(crate) struct Sums(pub(crate) [[i32; COLUMNS]; QUERIES]);

/// What is known of the queries beside their codes.
#[derive(Clone, Default)]
pub(crate) struct QueryBounds {
    pub(crate) scale: [f32; QUERIES],
    pub(crate) margin: [f32; QUERIES],
    /// A pair below this does not matter to the query.
    pub(crate) floor: [f32; QUERIES],
}

/// What is known of the columns beside their codes.
#[derive(Clone)]
pub(crate) struct ColumnBounds {
    pub(crate) scale: [f32; COLUMNS],
    /// Minus infinity where a column is empty: it reaches nothing.
    pub(crate) margin: [f32; COLUMNS],
    /// A pair below this does not matter to the column.
    pub(crate) floor: [f32; COLUMNS],
}

impl ColumnBounds {
    pub(crate) const EMPTY: Self = Self {
        scale: [0.0; COLUMNS],
        margin: [f32::NEG_INFINITY; COLUMNS],
        floor: [0.0; COLUMNS],
    };
}

/// What a stage leaves out.
pub(crate) struct Rest<'r> {
    pub(crate) queries: &'r [f32; QUERIES],
    pub(crate) columns: &'r [f32; COLUMNS],
}

/// Adds the products of some groups of dimensions; `columns` has two lines for each lane of `queries`.
// SAFETY: to be called where the processor has the form's instructions, with two lines for each lane.
type Advance = unsafe fn(sums: &mut Sums, queries: &[Lane], columns: &[Line]);
/// Whether any pair may reach both floors.
// SAFETY: to be called where the processor has the form's instructions.
type Reaches = unsafe fn(&Sums, &QueryBounds, &ColumnBounds, &Rest<'_>) -> bool;

/// One form. Its functions are unsafe for the instructions that they need: a `Kernel` exists only where the processor has them.
#[derive(Clone, Copy)]
pub(crate) struct Kernel {
    name: &'static str,
    largest_code: i8,
    advance: Advance,
    reaches: Reaches,
}

impl Kernel {
    /// The fastest form here.
    pub(crate) fn best() -> Self {
        static BEST: OnceLock<Kernel> = OnceLock::new();
        *BEST.get_or_init(|| Self::all()[0])
    }

    /// The forms that run here, the fastest first.
    pub(crate) fn all() -> Vec<Self> {
        let mut all = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            all.extend(vnni::kernel());
            all.extend(avx2::kernel());
        }
        all.push(portable::KERNEL);
        all
    }

    /// For messages.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Codes from minus this to this have sums that fit; more are wrong sums, but no undefined behaviour.
    pub(crate) fn largest_code(&self) -> i8 {
        self.largest_code
    }

    /// Adds the products of some groups of dimensions.
    pub(crate) fn advance(&self, sums: &mut Sums, queries: &[Lane], columns: &[Line]) {
        assert_eq!(columns.len(), 2 * queries.len());
        // SAFETY: this form exists only where the processor has its instructions, and the lengths have been checked.
        unsafe { (self.advance)(sums, queries, columns) }
    }

    /// Whether any pair may reach both floors.
    pub(crate) fn reaches(&self, sums: &Sums, queries: &QueryBounds, columns: &ColumnBounds, rest: &Rest<'_>) -> bool {
        // SAFETY: this form exists only where the processor has its instructions.
        unsafe { (self.reaches)(sums, queries, columns, rest) }
    }
}

/// The most that the cosine of query `q` and column `c` can be.
#[inline(always)]
pub(crate) fn upper(
    sums: &Sums,
    queries: &QueryBounds,
    columns: &ColumnBounds,
    rest: &Rest<'_>,
    q: usize,
    c: usize,
) -> f32 {
    let estimate = sums.0[q][c] as f32 * columns.scale[c] * queries.scale[q];
    estimate + rest.queries[q] * rest.columns[c] + (columns.margin[c] + queries.margin[q])
}

/// [`Kernel::reaches`] without a branch, for the compiler to lay out in vector registers.
#[inline(always)]
fn reaches(sums: &Sums, queries: &QueryBounds, columns: &ColumnBounds, rest: &Rest<'_>) -> bool {
    let mut any = [0u32; COLUMNS];
    for q in 0..QUERIES {
        for (c, any) in any.iter_mut().enumerate() {
            let most = upper(sums, queries, columns, rest, q, c);
            *any |= u32::from(most >= queries.floor[q]) & u32::from(most >= columns.floor[c]);
        }
    }
    any.iter().fold(0, |a, b| a | b) != 0
}

#[cfg(test)]
mod tests {
    use ficta_core::random::Stream;

    use super::*;

    #[test]
    fn all_forms_give_the_sums() {
        Kernel::all().into_iter().for_each(gives_the_sums);
    }

    fn gives_the_sums(kernel: Kernel) {
        let mut stream = Stream::new(1, "test", 0, 0);
        let largest = i32::from(kernel.largest_code());
        // Also the extremes, for as many groups as a stage of the longest rows has: sums must neither saturate nor overflow.
        for (groups, extreme) in [(1, false), (7, false), (128, false), (300, true)] {
            let mut code = || {
                let code = stream.below(2 * largest as u64 + 1) as i32 - largest;
                (if extreme { largest * code.signum() } else { code }) as i8
            };
            let queries: Vec<Lane> = (0..groups)
                .map(|_| std::array::from_fn(|_| std::array::from_fn(|_| code())))
                .collect();
            let columns: Vec<Line> = (0..2 * groups).map(|_| Line(std::array::from_fn(|_| code()))).collect();
            let mut expected = Sums([[0; COLUMNS]; QUERIES]);
            for g in 0..groups {
                for (q, c, k) in
                    (0..QUERIES).flat_map(|q| (0..COLUMNS).flat_map(move |c| (0..4).map(move |k| (q, c, k))))
                {
                    let column = columns[2 * g + c / 16].0[c % 16 * 4 + k];
                    expected.0[q][c] += i32::from(queries[g][q][k]) * i32::from(column);
                }
            }
            let mut sums = Sums([[0; COLUMNS]; QUERIES]);
            let half = groups / 2;
            kernel.advance(&mut sums, &queries[..half], &columns[..2 * half]);
            kernel.advance(&mut sums, &queries[half..], &columns[2 * half..]);
            assert_eq!(sums.0, expected.0, "{}, {groups} groups", kernel.name());
        }
    }

    #[test]
    fn all_forms_see_the_one_pair_that_reaches() {
        let bounds = QueryBounds {
            scale: [0.01; QUERIES],
            margin: [0.001; QUERIES],
            floor: [0.5; QUERIES],
        };
        let mut columns = ColumnBounds::EMPTY;
        columns.scale = [0.01; COLUMNS];
        let rest = Rest {
            queries: &[0.1; QUERIES],
            columns: &[0.1; COLUMNS],
        };
        for kernel in Kernel::all() {
            for (q, c) in [(0, 0), (3, 17), (QUERIES - 1, COLUMNS - 1)] {
                let mut sums = Sums([[-1; COLUMNS]; QUERIES]);
                let mut columns = columns.clone();
                // 0.48 + 0.01 + 0.001 + 0.002 is short of 0.5; 0.49 more is not.
                for (sum, reaches) in [(4800, false), (4900, true)] {
                    sums.0[q][c] = sum;
                    columns.margin[c] = 0.002;
                    assert_eq!(
                        kernel.reaches(&sums, &bounds, &columns, &rest),
                        reaches,
                        "{}",
                        kernel.name()
                    );
                }
                columns.floor[c] = 0.6;
                assert!(!kernel.reaches(&sums, &bounds, &columns, &rest), "{}", kernel.name());
                columns.floor[c] = 0.0;
                columns.margin[c] = f32::NEG_INFINITY;
                assert!(!kernel.reaches(&sums, &bounds, &columns, &rest), "{}", kernel.name());
            }
        }
    }
}
