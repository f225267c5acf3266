//! What a proposer must refuse.

use super::{
    super::{
        Finding, Found, KEPT,
        ask::{failed, no_panic, quietly, refuses, refuses_as, view},
        people::{DIM, People, REAL},
    },
    ASKED, Proposal, propose,
};
use crate::{CandidatesMut, Element, ErrorKind, IdProposer, Identities, Result, TensorMut, testing::Make};

fn changed(make: &Make<'_, dyn IdProposer>, change: impl Fn(&mut People)) -> Result<Proposal> {
    let mut real = People::new(REAL);
    change(&mut real);
    quietly(|ctx| propose(&mut *make()?, &real, 0, ctx))
}

/// Whether other identities lead to other candidates.
fn uses(make: &Make<'_, dyn IdProposer>, other: impl Fn(&mut People)) -> Result<bool, String> {
    let plain = changed(make, |_| ()).map_err(failed("a plain proposal"))?;
    let turned = changed(make, other).map_err(failed("other identities"))?;
    Ok(plain.output().bits_differ(&turned.output()).is_some())
}

fn uses_means(make: &Make<'_, dyn IdProposer>) -> Result<bool, String> {
    uses(make, |real| real.mean.iter_mut().for_each(|x| *x = -*x))
}

/// Means and variances, where the proposer uses them.
pub(super) fn nan(make: &Make<'_, dyn IdProposer>) -> Finding {
    let means = uses_means(make)?;
    let total = uses(make, |real| real.variance.reverse())?;
    let per_dim = uses(make, |real| real.per_dim.reverse())?;
    if !(means || total || per_dim) {
        return Ok(Found::Skipped("it does not look at the identities".into()));
    }
    let plain = changed(make, |_| ()).map_err(failed("a plain proposal"))?;
    for bad in [f32::NAN, f32::INFINITY] {
        let ask = |used: bool, what: &str, change: fn(&mut People, f32)| {
            let result = changed(make, |real| change(real, bad));
            if bad.is_nan() && result.as_ref().is_ok_and(|out| only_unpredicted(&plain, out)) {
                return Ok(());
            }
            match used {
                true => refuses_as(&format!("{what} {bad}"), ErrorKind::DATA, result),
                false => no_panic(&format!("{what} {bad}"), result),
            }
        };
        ask(means, "a mean with", |real, bad| real.mean[DIM + 2] = bad)?;
        ask(total, "a variance of", |real, bad| real.variance[1] = bad)?;
        ask(per_dim, "a variance per dimension with", |real, bad| {
            real.per_dim[DIM + 2] = bad
        })?;
    }
    KEPT
}

/// Whether nothing has changed but that some predictions are missing: a variance that is unknown (NaN) may lead to that where it serves
/// the prediction alone.
fn only_unpredicted(plain: &Proposal, out: &Proposal) -> bool {
    let unknown = out.variance.iter().any(|v| v.is_nan());
    let same = |(known, found): (&f32, &f32)| found.is_nan() || known.to_bits() == found.to_bits();
    unknown
        && plain.feature == out.feature
        && plain.parents == out.parents
        && plain.variance.iter().zip(&out.variance).all(same)
}

pub(super) fn zero_mean(make: &Make<'_, dyn IdProposer>) -> Finding {
    if !uses_means(make)? {
        return Ok(Found::Skipped("it does not look at the identities".into()));
    }
    refuses_as(
        "a mean of length 0",
        ErrorKind::DATA,
        changed(make, |real| real.mean[..DIM].fill(0.0)),
    )?;
    KEPT
}

/// The shapes of the room for candidates.
#[derive(Clone)]
struct Room {
    feature: [usize; 2],
    parents: Vec<usize>,
    t: usize,
    variance: usize,
}

impl Room {
    fn new(k: usize) -> Self {
        Self {
            feature: [k, DIM],
            parents: vec![k, 2],
            t: k,
            variance: k,
        }
    }

    /// Asks a fresh proposer to fill it, with features of any type.
    fn fill<T: Element + Default>(&self, make: &Make<'_, dyn IdProposer>, real: &Identities<'_>) -> Result<()> {
        let mut feature = vec![T::default(); self.feature.iter().product()];
        let mut parents = vec![0i64; self.parents.iter().product()];
        let (mut t, mut variance) = (vec![0f32; self.t], vec![0f32; self.variance]);
        let room = CandidatesMut {
            feature: TensorMut::new(&mut feature, &self.feature)?,
            parents: TensorMut::new(&mut parents, &self.parents)?,
            t: TensorMut::new(&mut t, &[self.t])?,
            variance: TensorMut::new(&mut variance, &[self.variance])?,
        };
        quietly(|ctx| make()?.propose(real, room, ctx))
    }
}

/// Room for what a proposer makes of the standard identities.
fn fitting(make: &Make<'_, dyn IdProposer>) -> Result<Room, String> {
    let k = make()
        .and_then(|p| p.count(REAL, ASKED))
        .map_err(failed("a plain count"))?;
    Ok(Room::new(k))
}

pub(super) fn wrong_shapes(make: &Make<'_, dyn IdProposer>) -> Finding {
    let people = People::new(REAL);
    let lent = || people.view().map_err(failed("drawn identities"));
    let fitting = fitting(make)?;
    let k = fitting.t;
    fitting.fill::<f32>(make, &lent()?).map_err(failed("room that fits"))?;
    let with = |change: fn(&mut Room, usize)| {
        let mut room = fitting.clone();
        change(&mut room, k);
        room
    };
    for (what, room) in [
        (
            "room for features of another length than the means'",
            with(|room, k| room.feature = [k, DIM - 1]),
        ),
        ("room for one feature more", with(|room, k| room.feature = [k + 1, DIM])),
        (
            "room for one pair of parents less",
            with(|room, k| room.parents = vec![k - 1, 2]),
        ),
        ("room for three parents", with(|room, k| room.parents = vec![k, 3])),
        (
            "room for parents of one dimension",
            with(|room, k| room.parents = vec![2 * k]),
        ),
        ("room for one t less", with(|room, k| room.t = k - 1)),
        ("room for one t more", with(|room, k| room.t = k + 1)),
        ("room for one variance less", with(|room, k| room.variance = k - 1)),
        ("room for one variance more", with(|room, k| room.variance = k + 1)),
    ] {
        refuses(what, room.fill::<f32>(make, &lent()?))?;
    }
    let mut short = lent()?;
    short.variance = view(&people.variance[1..], &[REAL - 1])?;
    refuses("11 variances of 12 identities", fitting.fill::<f32>(make, &short))?;
    let mut flat = lent()?;
    flat.mean = view(&people.mean, &[REAL * DIM])?;
    refuses("means of one dimension", fitting.fill::<f32>(make, &flat))?;
    KEPT
}

pub(super) fn wrong_types(make: &Make<'_, dyn IdProposer>) -> Finding {
    let people = People::new(REAL);
    let lent = || people.view().map_err(failed("drawn identities"));
    let fitting = fitting(make)?;
    let means: Vec<f64> = people.mean.iter().map(|x| f64::from(*x)).collect();
    let variances: Vec<f64> = people.variance.iter().map(|x| f64::from(*x)).collect();
    let mut doubles = lent()?;
    doubles.mean = view(&means, &[REAL, DIM])?;
    refuses("means in f64", fitting.fill::<f32>(make, &doubles))?;
    let mut doubles = lent()?;
    doubles.variance = view(&variances, &[REAL])?;
    refuses("variances in f64", fitting.fill::<f32>(make, &doubles))?;
    refuses("room for features in f64", fitting.fill::<f64>(make, &lent()?))?;
    KEPT
}

pub(super) fn few_identities(make: &Make<'_, dyn IdProposer>) -> Finding {
    for identities in [0, 1] {
        let real = People::new(identities);
        let result = quietly(|ctx| propose(&mut *make()?, &real, 4, ctx));
        no_panic(&format!("{identities} identities"), result)?;
    }
    KEPT
}
