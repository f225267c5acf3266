//! Coded rows that are compared with columns, a few at once.

use crate::{
    codec::{Codec, Coded, GROUP},
    kernel::{Lane, QUERIES, QueryBounds},
    rows::Rows,
};

/// Up to [`QUERIES`] rows.
pub(crate) struct Queries {
    pub(crate) lanes: Vec<Lane>,
    pub(crate) bounds: QueryBounds,
    /// By stage: at least the length of what follows it.
    pub(crate) rest: Vec<[f32; QUERIES]>,
}

impl Queries {
    /// Of the rows `which`; what is missing to [`QUERIES`] reaches no floor.
    pub(crate) fn new(codec: &Codec, rows: &Rows<'_>, which: impl ExactSizeIterator<Item = usize>) -> Self {
        let mut queries = Self {
            lanes: vec![[[0; GROUP]; QUERIES]; codec.groups()],
            bounds: QueryBounds {
                floor: [f32::MAX; QUERIES],
                ..QueryBounds::default()
            },
            rest: vec![[0.0; QUERIES]; codec.ends().len()],
        };
        let (mut codes, mut left) = (vec![0; codec.groups() * GROUP], vec![0.0; codec.ends().len()]);
        for (q, i) in which.enumerate() {
            let coded = Coded {
                codes: &mut codes,
                rest: &mut left,
            };
            let measure = codec.encode(rows, i, coded);
            for (lane, codes) in queries.lanes.iter_mut().zip(codes.as_chunks::<GROUP>().0) {
                lane[q] = *codes;
            }
            for (rest, left) in queries.rest.iter_mut().zip(&left) {
                rest[q] = *left;
            }
            queries.bounds.scale[q] = measure.scale;
            queries.bounds.margin[q] = measure.margin;
        }
        queries
    }
}
