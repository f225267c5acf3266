//! Room for candidates, and filling it by index.

use std::{panic::resume_unwind, thread};

use ficta_core::{CandidatesMut, Ctx, Error, Result};

use crate::{endpoints::Endpoints, pairs::Pair};

/// Candidates after which progress is reported.
const STEP: usize = 4096;
/// Below this many candidates a thread of its own is not worth starting.
const SHARE: usize = 64;

/// Where a candidate comes from, and how much it is predicted to vary.
pub(crate) struct Origin {
    parents: [i64; 2],
    t: f64,
    variance: f64,
}

impl Origin {
    /// From no identity in particular.
    pub(crate) const NOBODY: Self = Self {
        parents: [-1, -1],
        t: f64::NAN,
        variance: f64::NAN,
    };

    /// Near one identity.
    pub(crate) fn near(row: usize, variance: f64) -> Self {
        Self {
            parents: [row as i64, -1],
            variance,
            ..Self::NOBODY
        }
    }

    /// Between two identities at t, with the predicted variance `V_f = (1 - t) V_a + t V_b` (ours).
    pub(crate) fn between((a, b): Pair, t: f64, ends: &Endpoints) -> Self {
        Self {
            parents: [i64::from(a), i64::from(b)],
            t,
            variance: (1.0 - t) * ends.variance(a as usize) + t * ends.variance(b as usize),
        }
    }
}

/// Room for one candidate.
struct Slot<'a> {
    feature: &'a mut [f32],
    parents: &'a mut [i64],
    t: &'a mut f32,
    variance: &'a mut f32,
}

impl Slot<'_> {
    fn set(&mut self, origin: &Origin) {
        self.parents.copy_from_slice(&origin.parents);
        *self.t = origin.t as f32;
        *self.variance = origin.variance as f32;
    }
}

/// Room for K candidates.
pub(crate) struct Room<'a>(Vec<Slot<'a>>);

impl<'a> Room<'a> {
    /// Checks that the room is for features of `dim` numbers and agrees with itself.
    pub(crate) fn check(out: &'a mut CandidatesMut<'_>, dim: usize) -> Result<Self> {
        let [count, _] = out.feature.dims("feature of the candidates")?;
        out.feature.expect_shape("feature of the candidates", &[count, dim])?;
        out.parents.expect_shape("parents of the candidates", &[count, 2])?;
        out.t.expect_shape("t of the candidates", &[count])?;
        out.variance.expect_shape("variance of the candidates", &[count])?;
        let features = out.feature.as_mut_slice::<f32>()?.chunks_exact_mut(dim.max(1));
        let parents = out.parents.as_mut_slice::<i64>()?.chunks_exact_mut(2);
        let ts = out.t.as_mut_slice::<f32>()?.iter_mut();
        let variances = out.variance.as_mut_slice::<f32>()?.iter_mut();
        let slots = features.zip(parents).zip(ts).zip(variances);
        let slots = slots.map(|(((feature, parents), t), variance)| Slot {
            feature,
            parents,
            t,
            variance,
        });
        Ok(Self(slots.collect()))
    }

    /// K.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Fills one place: `write` writes the unit feature.
    pub(crate) fn put(&mut self, k: usize, origin: &Origin, write: impl FnOnce(&mut [f32])) {
        write(self.0[k].feature);
        self.0[k].set(origin);
    }

    /// Fills every place: `make` writes the unit feature of candidate k and says where it comes from. It runs on as many threads as the
    /// host allows, so it must depend on k alone. Of several errors the one of the lowest k is returned.
    pub(crate) fn fill<F>(&mut self, ctx: &Ctx<'_>, make: F) -> Result<()>
    where
        F: Fn(usize, &mut [f32]) -> Result<Origin> + Sync,
    {
        let count = self.len();
        let work = |first: usize, slots: &mut [Slot<'_>]| -> Result<()> {
            for (i, slot) in slots.iter_mut().enumerate() {
                let origin = make(first + i, slot.feature)?;
                slot.set(&origin);
            }
            Ok(())
        };
        for (at, block) in self.0.chunks_mut(STEP).enumerate() {
            let first = at * STEP;
            ctx.progress(first as u64, count as u64, "candidates")?;
            let share = block.len().div_ceil(ctx.threads()).max(SHARE);
            thread::scope(|scope| {
                let work = &work;
                let mut parts = block.chunks_mut(share).enumerate();
                let own = parts.next();
                let others: Vec<_> = parts
                    .map(|(i, part)| scope.spawn(move || work(first + i * share, part)))
                    .collect();
                let mut done = own.map_or(Ok(()), |(_, part)| work(first, part));
                for other in others {
                    let result = other.join().unwrap_or_else(|panic| resume_unwind(panic));
                    done = done.and(result);
                }
                done
            })?;
        }
        ctx.progress(count as u64, count as u64, "candidates")
    }
}

/// How many candidates a proposer makes that could go on for ever: as many as are wanted, and by itself as many as there are real
/// identities.
pub(crate) fn endless(identities: usize, requested: usize) -> Result<usize> {
    match requested.max(if requested == 0 { identities } else { 0 }) {
        0 => Err(
            Error::data("there are no real identities, and no number of candidates is given")
                .help("ask for a number of candidates"),
        ),
        count => Ok(count),
    }
}
