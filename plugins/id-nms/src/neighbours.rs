//! Real identities that are close to each other.

use rayon::{ThreadPool, prelude::*};

use ficta_core::{Ctx, Result};

use crate::{
    codec::Codec,
    columns::Columns,
    rows::Rows,
    scan::{Query, Visitor, scan},
    workers::{block, task as task_of},
};

/// For each real identity the others that are near it.
pub(crate) struct Neighbours {
    /// Cosines of who is not listed are below this.
    pub(crate) beyond: f32,
    /// By identity: others by ascending row, with an upper bound of the cosine.
    lists: Vec<Box<[(u32, f32)]>>,
}

/// Neighbours of one identity that are worth their place: with their margins about twice as many are listed.
const LISTED: usize = 24;
/// Identities that are compared with others to see how close they are.
const SAMPLE: usize = 64;
const OTHERS: usize = 2048;

struct List {
    floor: f32,
    near: Vec<(u32, f32)>,
}

impl Visitor for List {
    fn floor(&self) -> f32 {
        self.floor
    }
    fn visit(&mut self, column: usize, _: f32, upper: f32) {
        self.near.push((column as u32, upper));
    }
}

impl Neighbours {
    /// The cosine that about [`LISTED`] others of each identity exceed; never below 0.
    pub(crate) fn distance(real: &Rows<'_>) -> f32 {
        let some = (0..real.len()).step_by(real.len().div_ceil(SAMPLE).max(1));
        let others = real.len().div_ceil(OTHERS).max(1);
        let of = |i: usize| {
            (0..real.len())
                .step_by(others)
                .filter(move |j| *j != i)
                .map(move |j| real.cosine(i, real, j))
        };
        let mut cosines: Vec<f64> = some.flat_map(of).collect();
        cosines.sort_unstable_by(|a, b| b.total_cmp(a));
        let listed = cosines.len() * LISTED / real.len().max(1);
        cosines.get(listed).map_or(0.0, |c| c.max(0.0) as f32)
    }

    /// Lists who reaches `beyond`.
    pub(crate) fn new(
        codec: &Codec,
        real: &Rows<'_>,
        columns: &Columns,
        beyond: f32,
        pool: &ThreadPool,
        ctx: &Ctx<'_>,
    ) -> Result<Self> {
        let all: Vec<usize> = (0..real.len()).collect();
        let mut lists = Vec::with_capacity(all.len());
        let block = block(real.len(), real.dim());
        for some in all.chunks(block) {
            ctx.progress(
                lists.len() as u64,
                all.len() as u64,
                "real identities compared with each other",
            )?;
            let of_task = |task: &[usize]| {
                let list = |row: &usize| Query {
                    row: *row,
                    visitor: List {
                        floor: beyond,
                        near: Vec::new(),
                    },
                };
                let mut queries: Vec<_> = task.iter().map(list).collect();
                scan(codec, real, &mut queries, columns, 0..columns.len());
                queries
                    .into_iter()
                    .map(|q| q.visitor.near.into_boxed_slice())
                    .collect::<Vec<_>>()
            };
            lists.extend(pool.install(|| {
                some.par_chunks(task_of(some.len(), pool))
                    .flat_map_iter(of_task)
                    .collect::<Vec<_>>()
            }));
        }
        Ok(Self { beyond, lists })
    }

    /// Others near to `identity`, itself included.
    pub(crate) fn of(&self, identity: u32) -> &[(u32, f32)] {
        self.lists.get(identity as usize).map_or(&[], |list| list)
    }
}
