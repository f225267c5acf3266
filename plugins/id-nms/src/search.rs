//! One candidate's search among others.

use std::ops::Range;

use crate::{
    codec::Codec,
    columns::Columns,
    rows::Rows,
    scan::{Query, scan},
    seeker::{Exact, Seeker},
};

/// Who searches, and for what.
pub(crate) struct Search<S> {
    pub(crate) candidate: usize,
    pub(crate) seeker: S,
    pub(crate) trail: Trail,
}

/// Where those may be found that are selected while the search's block is decided on.
#[derive(Default)]
pub(crate) struct Trail {
    /// Real identities whose children may matter.
    pub(crate) families: Vec<u32>,
    /// Places of earlier members of the block that may matter.
    pub(crate) mates: Vec<u32>,
}

impl<S> Search<S> {
    pub(crate) fn new(candidate: usize, seeker: S) -> Self {
        Self {
            candidate,
            seeker,
            trail: Trail::default(),
        }
    }
}

#[allow(clippy::too_many_arguments)]
/// Lets each seeker meet every row of `others` that matters, by comparison with the `columns` in
/// `range`, whose rows are `row_of` (or the same).
/// On this thread.
pub(crate) fn compare<S: Seeker>(
    codec: &Codec,
    rows: &Rows<'_>,
    searches: Vec<&mut Search<S>>,
    others: &Rows<'_>,
    columns: &Columns,
    range: Range<usize>,
    row_of: Option<&[usize]>,
) {
    let mut queries = Vec::with_capacity(searches.len());
    for Search { candidate, seeker, .. } in searches {
        queries.push(Query {
            row: *candidate,
            visitor: Exact::new(rows, *candidate, others, row_of, seeker),
        });
    }
    scan(codec, rows, &mut queries, columns, range);
    queries.iter_mut().for_each(|query| query.visitor.flush());
}
