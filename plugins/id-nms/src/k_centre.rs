//! The selector `k-centre`.

use std::{cmp::Ordering, collections::BinaryHeap};

use ficta_core::{Candidates, Configure, Ctx, Decision, Error, IdSelector, Identities, Result, SelectionMut};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    columns::Columns,
    field::Field,
    journal::{Checkpoint, Journal, Key},
    metric::{Measure, Side},
    outcome::{Outcome, Verdict},
    scene::{self, Scene},
    search::{Search, compare},
    seeker::{Match, Nearest, Seeker},
    workers,
};

/// Parameters of `k-centre`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct KCentreParams {
    /// Select that many; 0 to go on until `threshold` stops it.
    pub target: usize,
    /// Stop when every candidate left has a cosine above this to a real or selected identity. 1 stops at none.
    #[schemars(range(min = -1.0, max = 1.0))]
    pub threshold: f64,
    /// Where a long selection writes down how far it has come. The host sets it; it changes no outcome.
    pub checkpoint: Option<Checkpoint>,
}

impl Default for KCentreParams {
    fn default() -> Self {
        Self {
            target: 0,
            threshold: 0.75,
            checkpoint: None,
        }
    }
}

/// Greedy k-centre: farthest point first (Gonzalez, Clustering to minimize the maximum intercluster distance, 1985).
///
/// The real identities are centres from the start. Each time, the candidate whose largest cosine to any centre is smallest becomes a
/// centre, of equals the one with the lowest index. On the sphere the smallest cosine is the largest angle, so that the largest angle
/// from any candidate to its nearest centre is at most twice what any choice of as many further centres could reach. Without real
/// identities the first centre is candidate 0. The use for identities is ours.
///
/// Where `threshold` ends it, every candidate that is left is dropped for its nearest centre, real or selected (of equals the real one,
/// then the lowest row or index), with the cosine to it; where `target` ends it, those beyond the threshold are, and the others are
/// `target-reached`.
#[derive(Clone, Debug)]
pub struct KCentre {
    params: KCentreParams,
}

impl Configure for KCentre {
    type Params = KCentreParams;

    fn configure(params: Self::Params) -> Result<Self> {
        if !(-1.0..=1.0).contains(&params.threshold) {
            return Err(
                Error::config(format!("threshold = {}: a cosine lies in -1..=1", params.threshold)).help("try 0.75"),
            );
        }
        Ok(Self { params })
    }
}

/// A candidate, and what is known of its nearest centre: cosines only grow as centres are added.
struct Waiting {
    candidate: usize,
    /// Largest cosine to the real identities and the first `seen` selected ones; -1 with nobody to compare with.
    cosine: f64,
    seen: usize,
}

impl Ord for Waiting {
    /// The farthest is greatest; of equals the lowest index.
    fn cmp(&self, other: &Self) -> Ordering {
        other
            .cosine
            .total_cmp(&self.cosine)
            .then(other.candidate.cmp(&self.candidate))
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Waiting {}

/// Candidates that are brought up to date at once, for each thread.
const AT_ONCE: usize = 48;

impl IdSelector for KCentre {
    fn select(
        &mut self,
        candidates: &Candidates<'_>,
        real: &Identities<'_>,
        out: SelectionMut<'_>,
        ctx: &Ctx<'_>,
    ) -> Result<usize> {
        let scene = Scene::read(candidates, real)?;
        scene::check_room(&out, scene.len())?;
        let field = Field::new(
            &scene,
            Measure::cosine(),
            self.params.threshold,
            workers::pool(ctx)?,
            ctx,
        )?;
        let nearest = field.nearest_real_of_all(&field.measure, ctx)?;
        let mut centres = Centres::new(&field, nearest);
        let target = if self.params.target == 0 {
            scene.len()
        } else {
            self.params.target
        };
        let mut journal = self.params.checkpoint.as_ref().map(|settings| {
            let (journal, begun) = Journal::open(settings, self.key(&scene, ctx), scene.len(), ctx);
            if let Some(begun) = begun {
                centres.take_up(&begun.order[..begun.verdicts.len()]);
            }
            journal
        });
        while centres.selected.len() < target && centres.select(self.params.threshold, ctx)? {
            if let Some(journal) = journal.as_mut().filter(|journal| journal.due()) {
                let (order, verdicts) = centres.so_far();
                journal.note(&order, centres.selected.len(), &verdicts, ctx);
            }
        }
        centres.outcome(self.params.threshold, ctx)?.write(out)
    }
}

impl KCentre {
    /// Stands for everything that a selection depends on.
    fn key(&self, scene: &Scene<'_>, ctx: &Ctx<'_>) -> u64 {
        let params = KCentreParams {
            checkpoint: None,
            ..self.params.clone()
        };
        Key::of(scene, &format!("{params:?} {}", ctx.seed()))
    }
}

/// A selection under way.
struct Centres<'f> {
    field: &'f Field<'f>,
    nearest_real: Vec<Option<Match>>,
    /// The most similar selected one so far as known, by candidate.
    nearest_selected: Vec<Option<Match>>,
    waiting: BinaryHeap<Waiting>,
    selected: Vec<usize>,
    /// Coded in parts, so that a candidate is only compared with those it has not seen.
    columns: Columns,
}

impl<'f> Centres<'f> {
    fn new(field: &'f Field<'f>, nearest_real: Vec<Option<Match>>) -> Self {
        let waiting = nearest_real.iter().enumerate().map(|(candidate, real)| Waiting {
            candidate,
            cosine: real.map_or(-1.0, |m| m.cosine),
            seen: 0,
        });
        Self {
            field,
            waiting: waiting.collect(),
            nearest_selected: vec![None; nearest_real.len()],
            nearest_real,
            selected: Vec::new(),
            columns: Columns::new(&field.codec),
        }
    }

    /// Takes these as selected, in this order. Everybody else is compared with them when it matters: what is known until then is at most what is true.
    fn take_up(&mut self, selected: &[usize]) {
        let mut taken = vec![false; self.nearest_real.len()];
        for candidate in selected {
            taken[*candidate] = true;
            self.push(*candidate);
        }
        self.waiting.retain(|waiting| !taken[waiting.candidate]);
    }

    /// The selected ones, then everybody else; and their verdicts as far as they are known.
    fn so_far(&self) -> (Vec<usize>, Vec<Verdict>) {
        let mut order = self.selected.clone();
        order.extend(self.waiting.iter().map(|waiting| waiting.candidate));
        (order, vec![Verdict::KEEP; self.nearest_real.len()])
    }

    fn push(&mut self, candidate: usize) {
        let Field { codec, scene, .. } = self.field;
        self.columns.push(codec, &scene.candidates, candidate, f32::MIN);
        self.selected.push(candidate);
    }

    /// Selects the farthest candidate; false where none is left whose nearest centre is within the threshold.
    fn select(&mut self, threshold: f64, ctx: &Ctx<'_>) -> Result<bool> {
        loop {
            // What is known is at most what is true: so if the farthest is up to date, it is the farthest.
            match self.waiting.peek() {
                Some(first) if first.cosine <= threshold && first.seen == self.selected.len() => break,
                Some(first) if first.cosine <= threshold => {
                    let done = self.selected.len() as u64;
                    ctx.progress(done, done.max(self.field.scene.len() as u64), "centres")?;
                    self.bring_up_to_date(threshold);
                }
                _ => return Ok(false),
            }
        }
        let Some(first) = self.waiting.pop() else {
            return Ok(false);
        };
        self.push(first.candidate);
        Ok(true)
    }

    /// Compares the farthest few with the centres that they have not seen.
    fn bring_up_to_date(&mut self, threshold: f64) {
        let most = AT_ONCE * self.field.pool.current_num_threads();
        let mut stale = Vec::with_capacity(most);
        while stale.len() < most && self.waiting.peek().is_some_and(|w| w.cosine <= threshold) {
            let next = self.waiting.pop().expect("one was seen");
            if next.seen == self.selected.len() {
                // Up to date already: those behind it are not needed yet.
                self.waiting.push(next);
                break;
            }
            stale.push(next);
        }
        let candidates: Vec<usize> = stale.iter().map(|w| w.candidate).collect();
        let seen = stale.iter().map(|w| w.seen).min().unwrap_or(0);
        self.compare(&candidates, seen);
        for mut waiting in stale {
            let selected = self.nearest_selected[waiting.candidate];
            waiting.cosine = selected.map_or(waiting.cosine, |m| m.cosine.max(waiting.cosine));
            waiting.seen = self.selected.len();
            self.waiting.push(waiting);
        }
    }

    /// Updates `nearest_selected` of these candidates by the selected ones from `seen`.
    fn compare(&mut self, candidates: &[usize], seen: usize) {
        use rayon::prelude::*;
        let Field {
            codec,
            scene,
            measure,
            pool,
            ..
        } = self.field;
        let search = |i: &usize| {
            let mut nearest = Nearest::new(measure, *i, Side::Selected, f64::NEG_INFINITY);
            if let Some(known) = self.nearest_selected[*i] {
                nearest.meet(known.index, known.cosine);
            }
            Search::new(*i, nearest)
        };
        let mut searches: Vec<_> = candidates.iter().map(search).collect();
        let task = workers::task(searches.len(), pool);
        let (rows, range) = (&scene.candidates, seen..self.columns.len());
        let of_task = |searches: &mut [Search<Nearest<'_>>]| {
            let all = searches.iter_mut().collect();
            compare(
                codec,
                rows,
                all,
                rows,
                &self.columns,
                range.clone(),
                Some(&self.selected),
            );
        };
        pool.install(|| searches.par_chunks_mut(task).for_each(of_task));
        let found: Vec<_> = searches
            .iter()
            .map(|search| (search.candidate, search.seeker.best()))
            .collect();
        found
            .into_iter()
            .for_each(|(candidate, best)| self.nearest_selected[candidate] = best);
    }

    /// What became of everybody; those that were never brought up to date are now.
    fn outcome(mut self, threshold: f64, ctx: &Ctx<'_>) -> Result<Outcome> {
        let count = self.field.scene.len();
        let waiting = std::mem::take(&mut self.waiting).into_vec();
        let block = self.field.block(self.selected.len(), false);
        for (k, some) in waiting.chunks(block).enumerate() {
            ctx.progress(
                (k * block) as u64,
                waiting.len() as u64,
                "candidates compared with their nearest centre",
            )?;
            let candidates: Vec<usize> = some.iter().map(|w| w.candidate).collect();
            self.compare(&candidates, some.iter().map(|w| w.seen).min().unwrap_or(0));
        }
        let mut verdicts = vec![Verdict::KEEP; count];
        for Waiting { candidate, .. } in &waiting {
            let (real, selected) = (self.nearest_real[*candidate], self.nearest_selected[*candidate]);
            let nearest = match (real, selected) {
                (Some(r), Some(s)) if s.cosine > r.cosine => Some((Decision::SELECTED, s)),
                (Some(r), _) => Some((Decision::REAL, r)),
                (None, s) => s.map(|s| (Decision::SELECTED, s)),
            };
            verdicts[*candidate] = match nearest.filter(|(_, m)| m.cosine > threshold) {
                Some((decision, m)) => Verdict::blocked(decision, m),
                None => Verdict::UNSEEN,
            };
        }
        Ok(Outcome {
            verdicts,
            selected: self.selected,
        })
    }
}
