//! Selected candidates by parent.
//!
//! Two children whose cosine matters have a parent of one that is close to the other: by [`Span::share`], at least `close`. So only
//! the children of identities close to a candidate are looked at, and of those only whom their own bound allows.

use crate::{
    field::Field,
    kin::Kin,
    seeker::Seeker,
    span::{NOBODY, Span},
};

/// The selected ones that can be found through their parents.
pub(crate) struct Family {
    /// The least cosine with a parent that leads to children.
    close: f32,
    /// By candidate: whether it must be compared with all instead.
    loose: Vec<bool>,
    any_loose: bool,
    /// By real identity, in order of selection.
    children: Vec<Vec<Child>>,
}

#[derive(Clone, Copy)]
struct Child {
    /// Place in the order of selection.
    rank: u32,
    other: u32,
    weight: f32,
    other_weight: f32,
    rest: f32,
    /// Of its two entries, the one that counts where both parents are close.
    first: bool,
}

impl Family {
    /// `floor` is the least cosine at which a pair with a candidate can matter. `None` where the parents lead too few candidates.
    pub(crate) fn new(field: &Field<'_>, floor: impl Fn(usize) -> f64) -> Option<Self> {
        let kin = field.kin.as_ref()?;
        let count = field.scene.len();
        let share = |i: usize| kin.span(i).share(floor(i)) as f32;
        let mut shares: Vec<f32> = (0..count).map(share).collect();
        let mut beyond: Vec<f32> = (0..count).map(|i| kin.beyond(i)).collect();
        // The closer a parent must be, the fewer are looked at; but whoever needs less is loose.
        let close = [0, count / 1000, count / 100, count / 20].into_iter().find_map(|few| {
            let least = *shares.select_nth_unstable_by(few, f32::total_cmp).1;
            let most = *beyond.select_nth_unstable_by(count - 1 - few, f32::total_cmp).1;
            (most < least).then_some(least)
        })?;
        let close = close.min(1.0).next_down();
        let loose: Vec<bool> = (0..count).map(|i| kin.beyond(i) >= close || share(i) < close).collect();
        Some(Self {
            close,
            any_loose: loose.contains(&true),
            loose,
            children: vec![Vec::new(); field.scene.real.len()],
        })
    }

    pub(crate) fn is_loose(&self, candidate: usize) -> bool {
        self.loose[candidate]
    }

    pub(crate) fn any_loose(&self) -> bool {
        self.any_loose
    }

    /// Adds a selected candidate that is not loose.
    pub(crate) fn push(&mut self, span: &Span, rank: usize) {
        let [a, b] = span.parents;
        for (own, other, first) in [(0, 1, true), (1, 0, a == NOBODY)] {
            if let Some(children) = self.children.get_mut(span.parents[own] as usize) {
                children.push(Child {
                    rank: rank as u32,
                    other: if other == 1 { b } else { a },
                    weight: span.weights[own],
                    other_weight: span.weights[other],
                    rest: span.rest,
                    first,
                });
            }
        }
    }

    /// Calls `meet` with the rank of every selected candidate that may matter to the seeker, and returns who led there.
    pub(crate) fn seek<S: Seeker>(
        &self,
        kin: &Kin,
        candidate: usize,
        seeker: &mut S,
        scratch: &mut Scratch,
        mut meet: impl FnMut(&mut S, usize),
    ) -> Vec<u32> {
        let mut close = Vec::new();
        let beyond = kin.beyond(candidate);
        kin.near(candidate, |id, most| {
            scratch.note(id, most);
            if most >= self.close {
                close.push(id);
            }
        });
        for parent in &close {
            let own = scratch.noted(*parent, beyond);
            for child in &self.children[*parent as usize] {
                let other = if child.other == NOBODY {
                    0.0
                } else {
                    scratch.noted(child.other, beyond)
                };
                let most = child.weight * own + child.other_weight * other + child.rest;
                let twice = !child.first && other >= self.close;
                if f64::from(most) >= seeker.floor() && !twice {
                    meet(seeker, child.rank as usize);
                }
            }
        }
        scratch.forget();
        close
    }

    /// Calls `meet` with the ranks from `since` of the children of these identities, the latest first.
    pub(crate) fn latest(&self, parents: &[u32], since: usize, mut meet: impl FnMut(usize)) {
        for parent in parents {
            let children = self.children[*parent as usize].iter().rev();
            let late = children
                .map(|child| child.rank as usize)
                .take_while(|rank| *rank >= since);
            late.for_each(&mut meet);
        }
    }
}

/// The most that one candidate's cosine with each real identity can be.
pub(crate) struct Scratch {
    most: Vec<f32>,
    noted: Vec<u32>,
}

impl Scratch {
    pub(crate) fn new(real: usize) -> Self {
        Self {
            most: vec![f32::NAN; real],
            noted: Vec::new(),
        }
    }

    /// Whether there is room for anybody.
    pub(crate) fn is_ready(&self) -> bool {
        !self.most.is_empty()
    }

    fn note(&mut self, id: u32, most: f32) {
        self.most[id as usize] = most;
        self.noted.push(id);
    }

    fn noted(&self, id: u32, otherwise: f32) -> f32 {
        let most = self.most[id as usize];
        if most.is_nan() { otherwise } else { most }
    }

    fn forget(&mut self) {
        self.noted.drain(..).for_each(|id| self.most[id as usize] = f32::NAN);
    }
}
