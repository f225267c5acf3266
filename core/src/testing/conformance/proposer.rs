//! What [`IdProposer`] promises.

use super::{
    Finding, Found, Item, KEPT,
    ask::{failed, no_panic, progress_rises, quietly, refuses, refuses_as, same_bits, stops, under},
    people::{DIM, People, REAL},
};
use crate::{
    CandidatesMut, Ctx, ErrorKind, IdProposer, Result, TensorMut,
    testing::{Make, Output},
};

/// Candidates asked for.
const ASKED: usize = 20;
/// No row of the identities.
const UNWRITTEN: i64 = -77;

pub(super) fn suite<'a>(make: &'a Make<'a, dyn IdProposer>) -> Vec<Item<'a>> {
    let large = move |ctx: &Ctx<'_>| propose(&mut *make()?, &People::new(300), 0, ctx).map(drop);
    vec![
        ("count", Box::new(move || count(make))),
        ("unit-features", Box::new(move || unit_features(make))),
        ("parents", Box::new(move || parents(make))),
        ("t-and-variance", Box::new(move || t_and_variance(make))),
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
        ("nan", Box::new(move || nan(make))),
        ("zero-mean", Box::new(move || zero_mean(make))),
        ("wrong-shapes", Box::new(move || wrong_shapes(make))),
        ("few-identities", Box::new(move || few_identities(make))),
        ("progress", Box::new(move || progress_rises(large))),
        ("cancellation", Box::new(move || stops(large))),
    ]
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
    fill(proposer, real, k, DIM, ctx)
}

fn fill(proposer: &mut dyn IdProposer, real: &People, k: usize, dim: usize, ctx: &Ctx<'_>) -> Result<Proposal> {
    let mut out = Proposal {
        feature: vec![f32::NAN; k * dim],
        parents: vec![UNWRITTEN; 2 * k],
        t: vec![f32::NEG_INFINITY; k],
        variance: vec![f32::NEG_INFINITY; k],
    };
    let room = CandidatesMut {
        feature: TensorMut::new(&mut out.feature, &[k, dim])?,
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

fn unit_features(make: &Make<'_, dyn IdProposer>) -> Finding {
    let out = standard(make, 1, 1)?;
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

fn parents(make: &Make<'_, dyn IdProposer>) -> Finding {
    let out = standard(make, 1, 1)?;
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

fn t_and_variance(make: &Make<'_, dyn IdProposer>) -> Finding {
    let out = standard(make, 1, 1)?;
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
    match standard(make, 1, 1)?
        .output()
        .bits_differ(&standard(make, 2, 1)?.output())
    {
        Some(_) => KEPT,
        None => Ok(Found::Skipped(
            "it draws nothing: another run seed gives the same candidates".into(),
        )),
    }
}

fn changed(make: &Make<'_, dyn IdProposer>, change: impl Fn(&mut People)) -> Result<Proposal> {
    let mut real = People::new(REAL);
    change(&mut real);
    quietly(|ctx| propose(&mut *make()?, &real, 0, ctx))
}

fn uses_means(make: &Make<'_, dyn IdProposer>) -> Result<bool, String> {
    let other = |real: &mut People| real.mean.iter_mut().for_each(|x| *x = -*x);
    let plain = changed(make, |_| ()).map_err(failed("a plain proposal"))?;
    let turned = changed(make, other).map_err(failed("other identities"))?;
    Ok(plain.output().bits_differ(&turned.output()).is_some())
}

fn nan(make: &Make<'_, dyn IdProposer>) -> Finding {
    if !uses_means(make)? {
        return Ok(Found::Skipped("it does not look at the identities".into()));
    }
    for bad in [f32::NAN, f32::INFINITY] {
        let result = changed(make, |real| real.mean[DIM + 2] = bad);
        refuses_as(&format!("a mean with {bad}"), ErrorKind::DATA, result)?;
    }
    KEPT
}

fn zero_mean(make: &Make<'_, dyn IdProposer>) -> Finding {
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

fn wrong_shapes(make: &Make<'_, dyn IdProposer>) -> Finding {
    let real = People::new(REAL);
    let mut proposer = make().map_err(failed("construction"))?;
    let k = proposer.count(REAL, ASKED).map_err(failed("a plain count"))?;
    quietly(|ctx| fill(&mut *proposer, &real, k, DIM, ctx)).map_err(failed("room that fits"))?;
    let narrow = quietly(|ctx| fill(&mut *proposer, &real, k, DIM - 1, ctx));
    refuses("room for features of another length than the means'", narrow)?;
    let mut short = real.clone();
    short.variance.pop();
    no_panic(
        "11 variances of 12 identities",
        quietly(|ctx| {
            let mut view = real.view()?;
            view.variance = crate::TensorRef::new(&short.variance, &[REAL - 1])?;
            let (mut f, mut p) = (vec![0f32; k * DIM], vec![0i64; 2 * k]);
            let (mut t, mut v) = (vec![0f32; k], vec![0f32; k]);
            let room = CandidatesMut {
                feature: TensorMut::new(&mut f, &[k, DIM])?,
                parents: TensorMut::new(&mut p, &[k, 2])?,
                t: TensorMut::new(&mut t, &[k])?,
                variance: TensorMut::new(&mut v, &[k])?,
            };
            proposer.propose(&view, room, ctx)
        }),
    )?;
    KEPT
}

fn few_identities(make: &Make<'_, dyn IdProposer>) -> Finding {
    for identities in [0, 1] {
        let real = People::new(identities);
        let result = quietly(|ctx| propose(&mut *make()?, &real, 4, ctx));
        no_panic(&format!("{identities} identities"), result)?;
    }
    KEPT
}
