//! Who can be close to a candidate, judged by who is close to its parents.
//!
//! With N(a) the real identities near a (cosine at least `beyond`), a candidate's cosine with a real identity that is in neither
//! parent's neighbourhood is below `(alpha + beta) beyond + |e|` (see [`Span`]). Where that is below what matters, only the
//! neighbourhoods are looked at, and of those only whom the bound allows: a few identities instead of all.

use ficta_core::{Ctx, Result, random::Stream};
use rayon::{ThreadPool, prelude::*};

use crate::{
    codec::Codec, columns::Columns, neighbours::Neighbours, scene::Scene, seeker::Seeker, span::Span,
    workers::quick_block,
};

/// All candidates as mixtures of their parents, and the parents' neighbourhoods.
pub(crate) struct Kin {
    spans: Vec<Span>,
    neighbours: Neighbours,
}

/// Candidates that tell whether the rest is worth a look.
const SAMPLE: usize = 512;

impl Kin {
    /// `None` where it would not pay: no parents, too few candidates, or candidates that are no mixtures of their parents. `cosine` is
    /// about what matters.
    pub(crate) fn new(
        scene: &Scene<'_>,
        codec: &Codec,
        real: &Columns,
        cosine: f64,
        pool: &ThreadPool,
        ctx: &Ctx<'_>,
    ) -> Result<Option<Self>> {
        let Some(parents) = scene.parents.filter(|_| (1..=scene.len()).contains(&scene.real.len())) else {
            return Ok(None);
        };
        let span = |i: usize| Span::new(&scene.candidates, i, &scene.real, [parents[2 * i], parents[2 * i + 1]]);
        let beyond = Neighbours::distance(&scene.real);
        // Drawn, because candidates may repeat a pattern that steps would fall in with.
        let mut stream = Stream::new(0, "id-nms sample", 0, 0);
        let sample: Vec<usize> = (0..SAMPLE).map(|_| stream.below(scene.len() as u64) as usize).collect();
        // Twice through the parents: from candidate to candidate.
        let pays = |i: &&usize| {
            let span = span(**i);
            f64::from(span.bound([beyond; 2])) < span.share(cosine)
        };
        if sample.iter().filter(pays).count() * 10 < sample.len() * 9 {
            return Ok(None);
        }
        let neighbours = Neighbours::new(codec, &scene.real, real, beyond, pool, ctx)?;
        let mut spans = Vec::with_capacity(scene.len());
        let all: Vec<usize> = (0..scene.len()).collect();
        for some in all.chunks(quick_block()) {
            ctx.progress(
                spans.len() as u64,
                scene.len() as u64,
                "candidates compared with their parents",
            )?;
            spans.extend(pool.install(|| some.par_iter().with_min_len(64).map(|i| span(*i)).collect::<Vec<_>>()));
        }
        Ok(Some(Self { spans, neighbours }))
    }

    pub(crate) fn span(&self, candidate: usize) -> &Span {
        &self.spans[candidate]
    }

    /// Cosines with real identities that [`Kin::near`] does not name are at most this.
    pub(crate) fn beyond(&self, candidate: usize) -> f32 {
        self.spans[candidate].bound([self.neighbours.beyond; 2])
    }

    /// Calls `found` with every real identity that is near a parent, the parents included, and the most that its cosine with the
    /// candidate can be.
    pub(crate) fn near(&self, candidate: usize, mut found: impl FnMut(u32, f32)) {
        let (span, beyond) = (&self.spans[candidate], self.neighbours.beyond);
        let [mut a, mut b] = span.parents.map(|p| self.neighbours.of(p));
        loop {
            let (id, with) = match (a.first(), b.first()) {
                (Some(x), Some(y)) if x.0 == y.0 => {
                    (a, b) = (&a[1..], &b[1..]);
                    (x.0, [x.1, y.1])
                }
                (Some(x), y) if y.is_none_or(|y| x.0 < y.0) => {
                    a = &a[1..];
                    (x.0, [x.1, beyond])
                }
                (_, Some(y)) => {
                    b = &b[1..];
                    (y.0, [beyond, y.1])
                }
                (_, None) => return,
            };
            let own = span.parents().find(|(p, _)| *p == id as usize);
            found(
                id,
                own.map_or_else(|| span.bound(with), |(_, cosine)| (cosine as f32).next_up()),
            );
        }
    }

    /// Lets `seeker` meet every real identity that matters, if the neighbourhoods are sure to hold them all; else says false.
    pub(crate) fn seek_real(&self, scene: &Scene<'_>, candidate: usize, seeker: &mut impl Seeker) -> bool {
        self.spans[candidate].introduce(seeker);
        if f64::from(self.beyond(candidate)) >= seeker.floor() {
            return false;
        }
        self.near(candidate, |id, most| {
            if f64::from(most) >= seeker.floor() && !self.spans[candidate].parents.contains(&id) {
                let id = id as usize;
                seeker.meet(id, scene.candidates.cosine(candidate, &scene.real, id));
            }
        });
        true
    }
}
