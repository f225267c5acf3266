//! Those selected so far, and the search among them.

use rayon::prelude::*;

use crate::{
    columns::Columns,
    family::{Family, Scratch},
    field::Field,
    scan::{Query, Visitor, scan},
    search::{Search, Trail, compare},
    seeker::Seeker,
    workers::task,
};

/// Selected candidates, in order.
pub(crate) struct Crowd<'f> {
    field: &'f Field<'f>,
    members: Vec<usize>,
    family: Option<Family>,
    /// All members; with a family, only where a loose candidate may have to be compared with all.
    all: Option<Columns>,
    /// With a family: the members that it does not lead to.
    loose: Columns,
    loose_members: Vec<usize>,
}

/// Collects earlier places of the block.
struct Mates<'t> {
    floor: f32,
    place: usize,
    found: &'t mut Vec<u32>,
}

impl Visitor for Mates<'_> {
    fn floor(&self) -> f32 {
        self.floor
    }
    fn visit(&mut self, column: usize, _: f32, _: f32) {
        if column < self.place {
            self.found.push(column as u32);
        }
    }
}

impl<'f> Crowd<'f> {
    /// `floor` is the least cosine at which a pair with a candidate can matter.
    pub(crate) fn new(field: &'f Field<'f>, floor: impl Fn(usize) -> f64) -> Self {
        let family = Family::new(field, floor);
        let all = family.as_ref().is_none_or(Family::any_loose);
        Self {
            field,
            members: Vec::new(),
            all: all.then(|| Columns::new(&field.codec)),
            loose: Columns::new(&field.codec),
            loose_members: Vec::new(),
            family,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }

    /// How many candidates to take at once.
    pub(crate) fn block(&self) -> usize {
        self.field.block(self.len(), self.family.is_some())
    }

    /// Selects a candidate; pairs with it below `floor` do not matter.
    pub(crate) fn push(&mut self, candidate: usize, floor: f32) {
        let Field { codec, scene, .. } = self.field;
        let rank = self.members.len();
        self.members.push(candidate);
        if let Some(all) = &mut self.all {
            all.push(codec, &scene.candidates, candidate, floor);
        }
        let Some(family) = &mut self.family else { return };
        match self.field.span(candidate).filter(|_| !family.is_loose(candidate)) {
            Some(span) => family.push(span, rank),
            None => {
                self.loose.push(codec, &scene.candidates, candidate, floor);
                self.loose_members.push(candidate);
            }
        }
    }

    /// Lets each seeker meet every member that matters, and lays the trails to those who may join while this block is decided on.
    pub(crate) fn seek<S: Seeker>(&self, searches: &mut [Search<S>]) {
        let task = task(searches.len(), &self.field.pool);
        self.field.pool.install(|| {
            searches
                .par_chunks_mut(task)
                .for_each(|searches| self.seek_some(searches));
            self.find_mates(searches, task);
        });
    }

    fn seek_some<S: Seeker>(&self, searches: &mut [Search<S>]) {
        let Field { codec, scene, kin, .. } = self.field;
        let (rows, mut scratch) = (&scene.candidates, Scratch::new(0));
        let (mut with_all, mut with_loose) = (Vec::new(), Vec::new());
        for search in searches {
            match (&self.family, kin) {
                (Some(family), Some(kin)) if !family.is_loose(search.candidate) => {
                    let Search {
                        candidate,
                        seeker,
                        trail,
                    } = search;
                    if !scratch.is_ready() {
                        scratch = Scratch::new(scene.real.len());
                    }
                    trail.families = family.seek(kin, *candidate, seeker, &mut scratch, |seeker, rank| {
                        let member = self.members[rank];
                        seeker.meet(member, rows.cosine(*candidate, rows, member));
                    });
                    with_loose.push(search);
                }
                _ => with_all.push(search),
            }
        }
        if let Some(all) = &self.all {
            compare(codec, rows, with_all, rows, all, 0..all.len(), Some(&self.members));
        }
        let loose = 0..self.loose.len();
        compare(
            codec,
            rows,
            with_loose,
            rows,
            &self.loose,
            loose,
            Some(&self.loose_members),
        );
    }

    /// Compares all with all of the block, unless the family leads to every one.
    fn find_mates<S: Seeker>(&self, searches: &mut [Search<S>], task: usize) {
        let Field { codec, scene, .. } = self.field;
        let led = |family: &Family| searches.iter().all(|search| !family.is_loose(search.candidate));
        if self.family.as_ref().is_some_and(led) {
            return;
        }
        let mut block = Columns::new(codec);
        for search in &*searches {
            block.push(codec, &scene.candidates, search.candidate, f32::MIN);
        }
        searches.par_chunks_mut(task).enumerate().for_each(|(chunk, searches)| {
            let mut queries = Vec::with_capacity(searches.len());
            for (
                k,
                Search {
                    candidate,
                    seeker,
                    trail,
                },
            ) in searches.iter_mut().enumerate()
            {
                queries.push(Query {
                    row: *candidate,
                    visitor: Mates {
                        floor: (seeker.floor() as f32).next_down(),
                        place: chunk * task + k,
                        found: &mut trail.mates,
                    },
                });
            }
            let last = chunk * task + queries.len();
            scan(codec, &scene.candidates, &mut queries, &block, 0..last);
        });
    }

    /// Lets the seeker meet those who joined since there were `before` members. `block` are the candidates of its block by place, and
    /// whether each joined.
    pub(crate) fn catch_up<S: Seeker>(
        &self,
        candidate: usize,
        seeker: &mut S,
        trail: &Trail,
        before: usize,
        block: &[(usize, bool)],
    ) {
        let rows = &self.field.scene.candidates;
        let mut meet = |member: usize| seeker.meet(member, rows.cosine(candidate, rows, member));
        for mate in &trail.mates {
            if let (member, true) = block[*mate as usize] {
                meet(member);
            }
        }
        if let Some(family) = &self.family {
            family.latest(&trail.families, before, |rank| meet(self.members[rank]));
        }
    }
}
