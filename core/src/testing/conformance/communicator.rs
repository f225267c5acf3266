//! What [`Communicator`] promises, as far as one process can ask it.

use super::{
    Finding, Found, Item, KEPT,
    ask::{failed, refuses},
};
use crate::{
    Communicator, ReduceOp, Result, TensorMut, TensorRef,
    testing::{Make, Output},
};

pub(super) fn suite<'a>(make: &'a Make<'a, dyn Communicator>) -> Vec<Item<'a>> {
    vec![
        ("rank-and-size", Box::new(move || rank_and_size(make))),
        ("all-reduce", Box::new(move || all_reduce(make))),
        ("all-gather", Box::new(move || all_gather(make))),
        ("broadcast", Box::new(move || broadcast(make))),
        (
            "barrier",
            Box::new(move || {
                let one = make().map_err(failed("construction"))?;
                one.barrier().map_err(failed("a barrier"))?;
                KEPT
            }),
        ),
        ("wrong-shapes", Box::new(move || wrong_shapes(make))),
    ]
}

/// What a fresh communicator makes of the standard input.
pub(in crate::testing) fn output(communicator: &dyn Communicator) -> Result<Output> {
    let (mut sum, mut all) = ([1.5f32, -2.0], vec![f32::NAN; 2 * communicator.size()]);
    communicator.all_reduce(TensorMut::new(&mut sum, &[2])?, ReduceOp::SUM)?;
    let shape = [communicator.size(), 2];
    communicator.all_gather(
        TensorRef::new(&[1.5f32, -2.0], &[1, 2])?,
        TensorMut::new(&mut all, &shape)?,
    )?;
    Ok(Output::new()
        .with_number("rank", communicator.rank() as f64)
        .with_number("size", communicator.size() as f64)
        .with("sum", sum.to_vec(), &[2])
        .with("gathered", all, &shape))
}

fn rank_and_size(make: &Make<'_, dyn Communicator>) -> Finding {
    let one = make().map_err(failed("construction"))?;
    match (one.rank(), one.size()) {
        (rank, size) if rank < size => KEPT,
        (rank, size) => Err(format!("rank {rank} of {size} processes; ranks count from 0")),
    }
}

/// A collective waits for the other processes: alone, only a communicator of one process can be asked.
fn alone(make: &Make<'_, dyn Communicator>) -> Result<Result<Box<dyn Communicator>, Found>, String> {
    let one = make().map_err(failed("construction"))?;
    Ok(match one.size() {
        1 => Ok(one),
        n => Err(Found::Skipped(format!(
            "it is one of {n} processes; run the suite in a run of one"
        ))),
    })
}

fn all_reduce(make: &Make<'_, dyn Communicator>) -> Finding {
    let one = match alone(make)? {
        Ok(one) => one,
        Err(skipped) => return Ok(skipped),
    };
    for op in [ReduceOp::SUM, ReduceOp::MAX, ReduceOp::MIN] {
        let (mut floats, mut doubles) = ([1.5f32, -2.0], [0.25f64]);
        TensorMut::new(&mut floats, &[2])
            .and_then(|t| one.all_reduce(t, op))
            .map_err(failed("all_reduce of f32"))?;
        TensorMut::new(&mut doubles, &[1])
            .and_then(|t| one.all_reduce(t, op))
            .map_err(failed("all_reduce of f64"))?;
        if (floats, doubles) != ([1.5, -2.0], [0.25]) {
            return Err(format!(
                "{op:?} over one process changed [1.5, -2.0] and [0.25] to {floats:?} and {doubles:?}"
            ));
        }
    }
    KEPT
}

fn all_gather(make: &Make<'_, dyn Communicator>) -> Finding {
    let one = match alone(make)? {
        Ok(one) => one,
        Err(skipped) => return Ok(skipped),
    };
    let (local, mut all) = ([1i64, 2, 3, 4], [0i64; 4]);
    TensorRef::new(&local, &[2, 2])
        .and_then(|from| one.all_gather(from, TensorMut::new(&mut all, &[2, 2])?))
        .map_err(failed("all_gather"))?;
    match all == local {
        true => KEPT,
        false => Err(format!("of {local:?} it gathered {all:?}")),
    }
}

fn broadcast(make: &Make<'_, dyn Communicator>) -> Finding {
    let one = match alone(make)? {
        Ok(one) => one,
        Err(skipped) => return Ok(skipped),
    };
    let mut buffer = [7f32, 8.0];
    TensorMut::new(&mut buffer, &[2])
        .and_then(|t| one.broadcast(t, 0))
        .map_err(failed("broadcast from rank 0"))?;
    if buffer != [7.0, 8.0] {
        return Err(format!("broadcasting from itself changed [7.0, 8.0] to {buffer:?}"));
    }
    refuses(
        "a broadcast from rank 1 of 1 process",
        TensorMut::new(&mut buffer, &[2]).and_then(|t| one.broadcast(t, 1)),
    )?;
    KEPT
}

fn wrong_shapes(make: &Make<'_, dyn Communicator>) -> Finding {
    let one = match alone(make)? {
        Ok(one) => one,
        Err(skipped) => return Ok(skipped),
    };
    let (local, mut long, mut other) = ([1f32; 4], [0f32; 6], [0f64; 4]);
    let short =
        TensorRef::new(&local, &[2, 2]).and_then(|from| one.all_gather(from, TensorMut::new(&mut long, &[3, 2])?));
    refuses("room for 3 gathered rows of 2", short)?;
    let type_ =
        TensorRef::new(&local, &[2, 2]).and_then(|from| one.all_gather(from, TensorMut::new(&mut other, &[2, 2])?));
    refuses("f32 gathered into f64", type_)?;
    KEPT
}
