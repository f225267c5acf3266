//! Candidates and real identities, prepared for being compared.

use ficta_core::{Ctx, Level, Result};
use rayon::{ThreadPool, prelude::*};

use crate::{
    codec::Codec,
    columns::Columns,
    kernel::Kernel,
    kin::Kin,
    metric::{Measure, Side},
    scene::Scene,
    search::{Search, compare},
    seeker::{Match, Nearest, Seeker},
    span::Span,
    workers::{block, quick_block, task},
};

/// What all comparisons share.
pub(crate) struct Field<'s> {
    pub(crate) scene: &'s Scene<'s>,
    pub(crate) measure: Measure<'s>,
    pub(crate) codec: Codec,
    pub(crate) pool: ThreadPool,
    pub(crate) kin: Option<Kin>,
    real: Columns,
}

impl<'s> Field<'s> {
    /// `cosine` is about what matters; it decides how the work is done, never its outcome.
    pub(crate) fn new(
        scene: &'s Scene<'s>,
        measure: Measure<'s>,
        cosine: f64,
        pool: ThreadPool,
        ctx: &Ctx<'_>,
    ) -> Result<Self> {
        let codec = Codec::new(&[&scene.candidates, &scene.real], Kernel::best());
        let real = Columns::of_all(&codec, &scene.real);
        let kin = Kin::new(scene, &codec, &real, cosine, &pool, ctx)?;
        let way = if kin.is_some() { "through parents" } else { "with all" };
        ctx.log(
            Level::DEBUG,
            &format!("candidates are compared {way}, estimates by {}", Kernel::best().name()),
        );
        Ok(Self {
            scene,
            measure,
            codec,
            pool,
            kin,
            real,
        })
    }

    /// How many candidates to take at once where each may be compared with `selected` others.
    pub(crate) fn block(&self, selected: usize, by_kin: bool) -> usize {
        if by_kin && self.kin.is_some() {
            quick_block()
        } else {
            block(self.real.len() + selected, self.scene.candidates.dim())
        }
    }

    /// Lets each seeker meet every real identity that matters.
    pub(crate) fn seek_real<S: Seeker>(&self, searches: &mut [Search<S>]) {
        let scene = self.scene;
        let of_task = |searches: &mut [Search<S>]| {
            let mut all = Vec::new();
            for search in searches {
                let found = match &self.kin {
                    Some(kin) => kin.seek_real(scene, search.candidate, &mut search.seeker),
                    None => {
                        // Parents are likely the most similar: met first, they raise the floor.
                        for p in scene.parents_of(search.candidate) {
                            let cosine = scene.candidates.cosine(search.candidate, &scene.real, p);
                            search.seeker.meet(p, cosine);
                        }
                        false
                    }
                };
                if !found {
                    all.push(search);
                }
            }
            compare(
                &self.codec,
                &scene.candidates,
                all,
                &scene.real,
                &self.real,
                0..self.real.len(),
                None,
            );
        };
        let task = task(searches.len(), &self.pool);
        self.pool.install(|| searches.par_chunks_mut(task).for_each(of_task));
    }

    /// The real identity that each of these candidates is most similar to by `measure`, where its score exceeds `limit`.
    pub(crate) fn nearest_real(&self, measure: &Measure<'_>, candidates: &[usize], limit: f64) -> Vec<Option<Match>> {
        let search = |i: &usize| Search::new(*i, Nearest::new(measure, *i, Side::Real, limit));
        let mut searches: Vec<_> = candidates.iter().map(search).collect();
        self.seek_real(&mut searches);
        searches.into_iter().map(|search| search.seeker.best()).collect()
    }

    /// [`Field::nearest_real`] of all candidates, whatever the score.
    pub(crate) fn nearest_real_of_all(&self, measure: &Measure<'_>, ctx: &Ctx<'_>) -> Result<Vec<Option<Match>>> {
        let all: Vec<usize> = (0..self.scene.len()).collect();
        let mut nearest = Vec::with_capacity(all.len());
        for some in all.chunks(self.block(0, true)) {
            let done = nearest.len() as u64;
            ctx.progress(done, all.len() as u64, "candidates compared with real identities")?;
            nearest.extend(self.nearest_real(measure, some, f64::NEG_INFINITY));
        }
        Ok(nearest)
    }

    /// The candidate as a mixture of its parents, where candidates are such.
    pub(crate) fn span(&self, candidate: usize) -> Option<&Span> {
        self.kin.as_ref().map(|kin| kin.span(candidate))
    }
}
