//! What [`IdProposer`] promises.

mod refusals;

use super::{
    Finding, Found, Item, KEPT,
    ask::{failed, no_panic, same_bits, under},
    cancellation::{Job, stops},
    people::{DIM, People, REAL},
    progress::progress_rises,
};
use crate::{
    CandidatesMut, Ctx, IdProposer, Result, TensorMut,
    testing::{Make, Output},
};

/// Candidates asked for.
const ASKED: usize = 20;
/// No row of the identities.
const UNWRITTEN: i64 = -77;

pub(super) fn suite<'a>(make: &'a Make<'a, dyn IdProposer>) -> Vec<Item<'a>> {
    vec![
        ("count", Box::new(move || count(make))),
        ("unit-features", Box::new(move || unit_features(&standard(make, 1, 1)?))),
        ("parents", Box::new(move || parents(&standard(make, 1, 1)?))),
        (
            "t-and-variance",
            Box::new(move || t_and_variance(&standard(make, 1, 1)?)),
        ),
        ("deterministic", Box::new(move || deterministic(make))),
        ("seed", Box::new(move || seed(make))),
        (
            "threads",
            Box::new(move || {
                same_bits(
                    "1 thread and 2",
                    &standard(make, 1, 1)?.output(),
                    &standard(make, 1, 2)?.output(),
                )
            }),
        ),
        ("prefix", Box::new(move || prefix(make))),
        ("nan", Box::new(move || refusals::nan(make))),
        ("zero-mean", Box::new(move || refusals::zero_mean(make))),
        ("wrong-shapes", Box::new(move || refusals::wrong_shapes(make))),
        ("wrong-types", Box::new(move || refusals::wrong_types(make))),
        ("few-identities", Box::new(move || refusals::few_identities(make))),
        ("progress", Box::new(move || progress_rises(|ctx| job(make, 1)?(ctx)))),
        ("cancellation", Box::new(move || stops(4, |size| job(make, size)))),
    ]
}

/// As many candidates as there are of many identities.
fn job(make: &Make<'_, dyn IdProposer>, size: usize) -> Result<Job> {
    let (mut proposer, real) = (make()?, People::new(300 * size));
    Ok(Box::new(move |ctx| propose(&mut *proposer, &real, 0, ctx).map(drop)))
}

struct Proposal {
    feature: Vec<f32>,
    parents: Vec<i64>,
    t: Vec<f32>,
    variance: Vec<f32>,
}

impl Proposal {
    fn len(&self) -> usize {
        self.t.len()
    }
    fn output(&self) -> Output {
        let k = self.len();
        Output::new()
            .with("feature", self.feature.clone(), &[k, DIM])
            .with("parents", self.parents.clone(), &[k, 2])
            .with("t", self.t.clone(), &[k])
            .with("variance", self.variance.clone(), &[k])
    }
}

/// Asks for `requested` candidates and for room for as many as there are.
fn propose(proposer: &mut dyn IdProposer, real: &People, requested: usize, ctx: &Ctx<'_>) -> Result<Proposal> {
    let k = proposer.count(real.len(), requested)?;
    let mut out = Proposal {
        feature: vec![f32::NAN; k * DIM],
        parents: vec![UNWRITTEN; 2 * k],
        t: vec![f32::NEG_INFINITY; k],
        variance: vec![f32::NEG_INFINITY; k],
    };
    let room = CandidatesMut {
        feature: TensorMut::new(&mut out.feature, &[k, DIM])?,
        parents: TensorMut::new(&mut out.parents, &[k, 2])?,
        t: TensorMut::new(&mut out.t, &[k])?,
        variance: TensorMut::new(&mut out.variance, &[k])?,
    };
    proposer.propose(&real.view()?, room, ctx)?;
    Ok(out)
}

/// What a fresh proposer makes of the standard identities.
pub(in crate::testing) fn output(proposer: &mut dyn IdProposer, ctx: &Ctx<'_>) -> Result<Output> {
    propose(proposer, &People::new(REAL), ASKED, ctx).map(|p| p.output())
}

fn standard(make: &Make<'_, dyn IdProposer>, seed: u64, threads: u32) -> Result<Proposal, String> {
    under(seed, threads, |ctx| {
        propose(&mut *make()?, &People::new(REAL), ASKED, ctx)
    })
    .map_err(failed("a plain proposal"))
}

fn count(make: &Make<'_, dyn IdProposer>) -> Finding {
    let proposer = make().map_err(failed("construction"))?;
    let some = proposer
        .count(REAL, ASKED)
        .map_err(failed("20 candidates of 12 identities"))?;
    if some == 0 || some > ASKED {
        return Err(format!("asked for {ASKED} candidates it makes {some}"));
    }
    let all = proposer.count(REAL, 0);
    match all {
        Ok(0) => Err("asked for as many as there are, it makes none".into()),
        other => {
            no_panic("as many candidates as there are", other)?;
            KEPT
        }
    }
}

fn unit_features(out: &Proposal) -> Finding {
    for (i, row) in out.feature.chunks(DIM).enumerate() {
        let norm = row.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
        // Written so that NaN fails.
        if (norm - 1.0).abs() > 1e-4 || norm.is_nan() {
            return Err(format!(
                "the feature of candidate {i} has length {norm}, expected 1 (unwritten elements are NaN)"
            ));
        }
    }
    KEPT
}

fn parents(out: &Proposal) -> Finding {
    match out.parents.iter().position(|p| !(-1..REAL as i64).contains(p)) {
        None => KEPT,
        Some(at) => Err(format!(
            "parents[{}, {}] is {}, expected a row of the {REAL} identities or -1",
            at / 2,
            at % 2,
            out.parents[at]
        )),
    }
}

fn t_and_variance(out: &Proposal) -> Finding {
    for i in 0..out.len() {
        let (t, variance) = (out.t[i], out.variance[i]);
        if t.is_infinite() {
            return Err(format!(
                "t[{i}] is {t} (unwritten elements are -inf), expected a number or NaN"
            ));
        }
        if variance.is_infinite() || variance < 0.0 {
            return Err(format!(
                "variance[{i}] is {variance} (unwritten elements are -inf), expected at least 0, or NaN where there is no prediction"
            ));
        }
        if !t.is_nan() && out.parents[2 * i..][..2].contains(&-1) {
            return Err(format!("t[{i}] is {t}, but the candidate has no two parents"));
        }
    }
    KEPT
}

fn deterministic(make: &Make<'_, dyn IdProposer>) -> Finding {
    same_bits(
        "two fresh instances",
        &standard(make, 1, 1)?.output(),
        &standard(make, 1, 1)?.output(),
    )?;
    let second = under(1, 1, |ctx| {
        let mut proposer = make()?;
        propose(&mut *proposer, &People::new(REAL), ASKED, ctx)?;
        propose(&mut *proposer, &People::new(REAL), ASKED, ctx)
    });
    let second = second.map_err(failed("a second proposal"))?.output();
    same_bits(
        "the first and the second proposal of one instance",
        &standard(make, 1, 1)?.output(),
        &second,
    )
}

/// Another seed may give other candidates, but must give good ones.
fn seed(make: &Make<'_, dyn IdProposer>) -> Finding {
    let plain = standard(make, 1, 1)?.output();
    let mut draws = false;
    for seed in [0, 2, u64::MAX] {
        let other = standard(make, seed, 1)?;
        for good in [unit_features, parents, t_and_variance] {
            good(&other).map_err(|why| format!("under seed {seed}: {why}"))?;
        }
        draws |= plain.bits_differ(&other.output()).is_some();
    }
    match draws {
        true => KEPT,
        false => Ok(Found::Skipped(
            "it draws nothing: another run seed gives the same candidates".into(),
        )),
    }
}

/// Asking for more candidates appends: the first ones stay.
fn prefix(make: &Make<'_, dyn IdProposer>) -> Finding {
    let few = under(1, 1, |ctx| propose(&mut *make()?, &People::new(REAL), ASKED / 2, ctx));
    let few = few.map_err(failed("a plain proposal"))?;
    let mut first = standard(make, 1, 1)?;
    let k = few.len().min(first.len());
    first.feature.truncate(k * DIM);
    first.parents.truncate(2 * k);
    first.t.truncate(k);
    first.variance.truncate(k);
    same_bits(
        &format!("{k} candidates, and the first {k} of more"),
        &few.output(),
        &first.output(),
    )
}
