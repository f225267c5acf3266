//! What [`IdSelector`] promises.

mod refusals;

use super::{
    Finding, Found, Item, KEPT,
    ask::{failed, quietly, same_bits, under},
    cancellation::{Job, stops},
    people::{Crowd, DIM, People, REAL, cosine},
    progress::progress_rises,
};
use crate::{
    Candidates, Ctx, Decision, ErrorKind, IdSelector, Identities, Result, SelectionMut, TensorMut, TensorRef,
    testing::{Make, Output},
};

const CANDIDATES: usize = 60;
/// No decision, rank or row.
const UNWRITTEN: i64 = -77;

pub(super) fn suite<'a>(make: &'a Make<'a, dyn IdSelector>) -> Vec<Item<'a>> {
    vec![
        ("decisions", Box::new(move || decisions(make))),
        ("blockers", Box::new(move || blockers(make))),
        ("deterministic", Box::new(move || deterministic(make))),
        ("threads", Box::new(move || threads(make))),
        ("optional-inputs", Box::new(move || refusals::optional_inputs(make))),
        ("yield-curve", Box::new(move || yield_curve(make))),
        ("nan", Box::new(move || refusals::nan(make))),
        ("zero-feature", Box::new(move || refusals::zero_feature(make))),
        ("wrong-shapes", Box::new(move || refusals::wrong_shapes(make))),
        ("wrong-types", Box::new(move || refusals::wrong_types(make))),
        ("no-candidates", Box::new(move || refusals::no_candidates(make))),
        ("progress", Box::new(move || progress_rises(|ctx| job(make, 1)?(ctx)))),
        ("cancellation", Box::new(move || stops(16, |size| job(make, size)))),
    ]
}

/// A selection among many.
fn job(make: &Make<'_, dyn IdSelector>, size: usize) -> Result<Job> {
    let (mut selector, real) = (make()?, People::new(REAL));
    let crowd = Crowd::new(4000 * size, &real);
    Ok(Box::new(move |ctx| {
        select(&mut *selector, &crowd.view()?, &real.view()?, ctx).map(drop)
    }))
}

/// What became of the candidates.
struct Selection {
    count: usize,
    decision: Vec<u8>,
    blocker: Vec<i64>,
    cosine: Vec<f32>,
    rank: Vec<i64>,
}

impl Selection {
    fn output(&self) -> Output {
        let k = [self.decision.len()];
        Output::new()
            .with_number("selected", self.count as f64)
            .with("decision", self.decision.clone(), &k)
            .with("blocker", self.blocker.clone(), &k)
            .with("cosine", self.cosine.clone(), &k)
            .with("rank", self.rank.clone(), &k)
    }
}

fn select(
    selector: &mut dyn IdSelector,
    candidates: &Candidates<'_>,
    real: &Identities<'_>,
    ctx: &Ctx<'_>,
) -> Result<Selection> {
    let k = candidates.feature.shape().first().copied().unwrap_or(0);
    let mut out = Selection {
        count: 0,
        decision: vec![0; k],
        blocker: vec![UNWRITTEN; k],
        cosine: vec![-7.0; k],
        rank: vec![UNWRITTEN; k],
    };
    let room = SelectionMut {
        decision: TensorMut::new(&mut out.decision, &[k])?,
        blocker: TensorMut::new(&mut out.blocker, &[k])?,
        cosine: TensorMut::new(&mut out.cosine, &[k])?,
        rank: TensorMut::new(&mut out.rank, &[k])?,
    };
    out.count = selector.select(candidates, real, room, ctx)?;
    Ok(out)
}

/// What a fresh selector makes of the standard candidates.
pub(in crate::testing) fn output(selector: &mut dyn IdSelector, ctx: &Ctx<'_>) -> Result<Output> {
    let real = People::new(REAL);
    select(selector, &Crowd::new(CANDIDATES, &real).view()?, &real.view()?, ctx).map(|s| s.output())
}

fn standard(make: &Make<'_, dyn IdSelector>, threads: u32) -> Result<Selection, String> {
    let real = People::new(REAL);
    let crowd = Crowd::new(CANDIDATES, &real);
    under(1, threads, |ctx| {
        select(&mut *make()?, &crowd.view()?, &real.view()?, ctx)
    })
    .map_err(failed("a plain selection"))
}

/// Every candidate has a known decision; the kept ones are as many as was said and are ranked from 0 without gaps.
fn decisions(make: &Make<'_, dyn IdSelector>) -> Finding {
    agrees(&standard(make, 1)?)
}

fn agrees(out: &Selection) -> Finding {
    if let Some(i) = out.decision.iter().position(|d| Decision(*d).name() == "unknown") {
        return Err(format!(
            "decision[{i}] is {}, which is none (or was left unwritten)",
            out.decision[i]
        ));
    }
    let kept = |i: usize| out.decision[i] == Decision::KEEP.0;
    let count = (0..CANDIDATES).filter(|i| kept(*i)).count();
    if count != out.count {
        return Err(format!(
            "it says that {} were selected, but {count} decisions are `keep`",
            out.count
        ));
    }
    let mut ranks: Vec<i64> = (0..CANDIDATES).filter(|i| kept(*i)).map(|i| out.rank[i]).collect();
    ranks.sort_unstable();
    if ranks != (0..count as i64).collect::<Vec<_>>() {
        return Err(format!(
            "the ranks of the {count} kept are not 0 to {}: {ranks:?}",
            count as i64 - 1
        ));
    }
    if let Some(i) = (0..CANDIDATES).find(|i| !kept(*i) && out.rank[*i] != -1) {
        return Err(format!(
            "candidate {i} was not kept, but its rank is {}, expected -1",
            out.rank[i]
        ));
    }
    KEPT
}

/// A blocker is a row of what the decision says, with its cosine; where nothing blocked, -1 and NaN.
fn blockers(make: &Make<'_, dyn IdSelector>) -> Finding {
    let real = People::new(REAL);
    let crowd = Crowd::new(CANDIDATES, &real);
    let out = standard(make, 1)?;
    for i in 0..CANDIDATES {
        let (decision, blocker, given) = (Decision(out.decision[i]), out.blocker[i], out.cosine[i]);
        let row = |of: &[f32]| {
            let at = usize::try_from(blocker).ok()?.checked_mul(DIM)?;
            of.get(at..at + DIM).map(<[f32]>::to_vec)
        };
        let blocking = match decision {
            Decision::REAL => row(&real.mean),
            Decision::SELECTED => row(&crowd.feature),
            Decision::PARENT_CAP => row(&real.mean).filter(|_| crowd.parents[2 * i..][..2].contains(&blocker)),
            _ if blocker == -1 && given.is_nan() => continue,
            _ => {
                return Err(format!(
                    "candidate {i} is `{}`: expected blocker -1 with a cosine of NaN, got {blocker} with {given}",
                    decision.name()
                ));
            }
        };
        let Some(blocking) = blocking else {
            return Err(format!(
                "candidate {i} is `{}`, but its blocker {blocker} is no such row",
                decision.name()
            ));
        };
        if decision == Decision::SELECTED && out.decision[blocker as usize] != Decision::KEEP.0 {
            return Err(format!(
                "candidate {i} is blocked by candidate {blocker}, which was not selected itself"
            ));
        }
        let true_cosine = cosine(&crowd.feature[i * DIM..][..DIM], &blocking);
        let named = decision != Decision::PARENT_CAP || !given.is_nan();
        if named && (f64::from(given) - true_cosine).abs() > 1e-4 {
            return Err(format!(
                "candidate {i}: cosine {given} to its blocker {blocker}, but it is {true_cosine:.6}"
            ));
        }
    }
    KEPT
}

fn deterministic(make: &Make<'_, dyn IdSelector>) -> Finding {
    same_bits(
        "two fresh instances",
        &standard(make, 1)?.output(),
        &standard(make, 1)?.output(),
    )?;
    let real = People::new(REAL);
    let crowd = Crowd::new(CANDIDATES, &real);
    let second = quietly(|ctx| {
        let mut selector = make()?;
        select(&mut *selector, &crowd.view()?, &real.view()?, ctx)?;
        select(&mut *selector, &crowd.view()?, &real.view()?, ctx)
    });
    let second = second.map_err(failed("a second selection"))?.output();
    same_bits(
        "the first and the second selection of one instance",
        &standard(make, 1)?.output(),
        &second,
    )
}

fn threads(make: &Make<'_, dyn IdSelector>) -> Finding {
    let real = People::new(REAL);
    let crowd = Crowd::new(2000, &real);
    let of = |threads| {
        under(1, threads, |ctx| {
            select(&mut *make()?, &crowd.view()?, &real.view()?, ctx)
        })
    };
    let (one, two) = (of(1).map_err(failed("1 thread"))?, of(2).map_err(failed("2 threads"))?);
    same_bits("1 thread and 2", &one.output(), &two.output())
}

fn yield_curve(make: &Make<'_, dyn IdSelector>) -> Finding {
    let real = People::new(REAL);
    let crowd = Crowd::new(CANDIDATES, &real);
    let thresholds = [0.1f32, 0.5, 0.9];
    let mut kept = [UNWRITTEN; 3];
    let result = quietly(|ctx| {
        make()?.yield_curve(
            &crowd.view()?,
            &real.view()?,
            TensorRef::new(&thresholds, &[3])?,
            TensorMut::new(&mut kept, &[3])?,
            ctx,
        )
    });
    match result {
        Err(e) if e.kind() == ErrorKind::UNSUPPORTED => Ok(Found::Skipped("it has no yield curve".into())),
        Err(e) => Err(failed("a plain yield curve")(e)),
        Ok(()) => match kept.iter().find(|k| !(0..=CANDIDATES as i64).contains(*k)) {
            None => KEPT,
            Some(k) => Err(format!(
                "{k} of {CANDIDATES} candidates kept, at thresholds {thresholds:?}: {kept:?}"
            )),
        },
    }
}
