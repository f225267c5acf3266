//! What a selector must refuse, or may be without.

use super::{
    super::{
        Finding, KEPT,
        ask::{failed, no_panic, quietly, refuses, refuses_as},
        people::{Crowd, DIM, People, REAL},
    },
    CANDIDATES, Selection, agrees, select,
};
use crate::{Candidates, ErrorKind, IdSelector, Identities, Result, SelectionMut, TensorMut, TensorRef, testing::Make};

/// Candidates without parents or variance, and identities without variances per dimension, are selected from or refused in words.
pub(super) fn optional_inputs(make: &Make<'_, dyn IdSelector>) -> Finding {
    let real = People::new(REAL);
    let crowd = Crowd::new(CANDIDATES, &real);
    let bare = quietly(|ctx| {
        let mut candidates = crowd.view()?;
        (candidates.parents, candidates.variance) = (None.into(), None.into());
        let mut identities = real.view()?;
        identities.variance_per_dim = None.into();
        select(&mut *make()?, &candidates, &identities, ctx)
    });
    no_panic("candidates without parents and variance", bare)?;
    KEPT
}

fn changed(make: &Make<'_, dyn IdSelector>, change: impl Fn(&mut People, &mut Crowd)) -> Result<Selection> {
    let mut real = People::new(REAL);
    let mut crowd = Crowd::new(CANDIDATES, &real);
    change(&mut real, &mut crowd);
    quietly(|ctx| select(&mut *make()?, &crowd.view()?, &real.view()?, ctx))
}

pub(super) fn nan(make: &Make<'_, dyn IdSelector>) -> Finding {
    for bad in [f32::NAN, f32::INFINITY] {
        let of_candidate = changed(make, |_, crowd| crowd.feature[5 * DIM + 1] = bad);
        refuses_as(
            &format!("a candidate's feature with {bad}"),
            ErrorKind::DATA,
            of_candidate,
        )?;
        let of_real = changed(make, |real, _| real.mean[2 * DIM] = bad);
        refuses_as(&format!("a real mean with {bad}"), ErrorKind::DATA, of_real)?;
    }
    variances(make)
}

/// Infinite ones, where the selector uses variances. NaN is a candidate without a prediction.
fn variances(make: &Make<'_, dyn IdSelector>) -> Finding {
    let of = |change: fn(&mut People, &mut Crowd, f32), value| changed(make, |real, crowd| change(real, crowd, value));
    let candidates: fn(&mut People, &mut Crowd, f32) = |_, crowd, value| crowd.variance[4] = value;
    let identities: fn(&mut People, &mut Crowd, f32) = |real, _, value| real.variance[4] = value;
    for (what, change, bad) in [
        ("a candidate's variance", candidates, f32::INFINITY),
        ("a real identity's variance", identities, f32::INFINITY),
        ("a real identity's variance", identities, f32::NAN),
    ] {
        let (small, large) = (of(change, 1e-3), of(change, 10.0));
        let (small, large) = (small.map_err(failed(what))?, large.map_err(failed(what))?);
        let what = format!("{what} that is {bad}");
        match small.output().bits_differ(&large.output()) {
            Some(_) => refuses_as(&what, ErrorKind::DATA, of(change, bad))?,
            None => no_panic(&what, of(change, bad))?,
        }
    }
    match of(candidates, f32::NAN) {
        Ok(out) => agrees(&out),
        other => {
            no_panic("a candidate without a predicted variance (NaN)", other)?;
            KEPT
        }
    }
}

pub(super) fn zero_feature(make: &Make<'_, dyn IdSelector>) -> Finding {
    let zero = changed(make, |_, crowd| crowd.feature[3 * DIM..][..DIM].fill(0.0));
    refuses_as("a candidate of length 0", ErrorKind::DATA, zero)?;
    KEPT
}

pub(super) fn wrong_shapes(make: &Make<'_, dyn IdSelector>) -> Finding {
    let real = People::new(REAL);
    let crowd = Crowd::new(CANDIDATES, &real);
    let call = |change: &dyn Fn(&mut Candidates<'_>, &mut Identities<'_>) -> Result<()>, room: [usize; 4]| {
        let (mut decision, mut blocker) = (vec![0u8; room[0]], vec![0i64; room[1]]);
        let (mut cosine, mut rank) = (vec![0f32; room[2]], vec![0i64; room[3]]);
        quietly(|ctx| {
            let (mut candidates, mut identities) = (crowd.view()?, real.view()?);
            change(&mut candidates, &mut identities)?;
            let out = SelectionMut {
                decision: TensorMut::new(&mut decision, &[room[0]])?,
                blocker: TensorMut::new(&mut blocker, &[room[1]])?,
                cosine: TensorMut::new(&mut cosine, &[room[2]])?,
                rank: TensorMut::new(&mut rank, &[room[3]])?,
            };
            make()?.select(&candidates, &identities, out, ctx)
        })
    };
    let fitting = [CANDIDATES; 4];
    call(&|_, _| Ok(()), fitting).map_err(failed("tensors that fit"))?;
    for (i, what) in ["decision", "blocker", "cosine", "rank"].into_iter().enumerate() {
        for (size, word) in [(CANDIDATES - 1, "less"), (CANDIDATES + 1, "more")] {
            let mut room = fitting;
            room[i] = size;
            refuses(&format!("room for one {what} {word}"), call(&|_, _| Ok(()), room))?;
        }
    }
    let narrow = |candidates: &mut Candidates<'_>, _: &mut Identities<'_>| {
        candidates.feature = TensorRef::new(&[0.5f32; CANDIDATES * 4], &[CANDIDATES, 4])?;
        Ok(())
    };
    refuses(
        "candidates of another length than the real means",
        call(&narrow, fitting),
    )?;
    let flat = |_: &mut Candidates<'_>, identities: &mut Identities<'_>| {
        identities.mean = TensorRef::new(&[0.5f32; REAL * DIM], &[REAL * DIM])?;
        Ok(())
    };
    refuses("real means of one dimension", call(&flat, fitting))?;
    KEPT
}

pub(super) fn wrong_types(make: &Make<'_, dyn IdSelector>) -> Finding {
    let real = People::new(REAL);
    let crowd = Crowd::new(CANDIDATES, &real);
    let doubles: Vec<f64> = crowd.feature.iter().map(|x| f64::from(*x)).collect();
    let result = quietly(|ctx| {
        let mut candidates = crowd.view()?;
        candidates.feature = TensorRef::new(&doubles, &[CANDIDATES, DIM])?;
        select(&mut *make()?, &candidates, &real.view()?, ctx)
    });
    refuses("features in f64", result)?;
    KEPT
}

pub(super) fn no_candidates(make: &Make<'_, dyn IdSelector>) -> Finding {
    let empty = changed(make, |_, crowd| {
        *crowd = Crowd {
            feature: vec![],
            parents: vec![],
            variance: vec![],
        }
    });
    match empty {
        Ok(out) if out.count != 0 => Err(format!("of no candidates it selected {}", out.count)),
        other => {
            no_panic("no candidates", other)?;
            KEPT
        }
    }
}
