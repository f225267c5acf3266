//! What a sampler must refuse, or pass on.

use super::{
    super::{
        Finding, KEPT,
        ask::{failed, quietly, refuses, refuses_as},
    },
    CONDITIONS, DIM, IMAGE, SEEDS, Spoilt, sample, toy,
};
use crate::{ErrorKind, Sampler, TensorMut, TensorRef, testing::Make};

pub(super) fn denoisers_error(make: &Make<'_, dyn Sampler>) -> Finding {
    let result = quietly(|ctx| sample(&mut *make()?, &mut Spoilt::failing(), &CONDITIONS, &SEEDS, ctx));
    refuses_as("a denoiser that fails", ErrorKind::BACKEND, result)?;
    KEPT
}

pub(super) fn denoisers_nan(make: &Make<'_, dyn Sampler>) -> Finding {
    let result = quietly(|ctx| sample(&mut *make()?, &mut Spoilt::nan(), &CONDITIONS, &SEEDS, ctx));
    refuses("a denoiser that gives NaN", result)?;
    KEPT
}

pub(super) fn nan(make: &Make<'_, dyn Sampler>) -> Finding {
    for bad in [f32::NAN, f32::INFINITY] {
        let mut conditions = CONDITIONS;
        conditions[3] = bad;
        let result = quietly(|ctx| sample(&mut *make()?, &mut toy(), &conditions, &SEEDS, ctx));
        refuses_as(&format!("a condition with {bad}"), ErrorKind::DATA, result)?;
    }
    KEPT
}

pub(super) fn wrong_shapes(make: &Make<'_, dyn Sampler>) -> Finding {
    let [c, h, w] = IMAGE;
    let call = |conditions: &[usize], seeds: usize, out: &[usize]| {
        let values = vec![0.5f32; conditions.iter().product()];
        let (seeds, mut room) = (vec![1u64; seeds], vec![0f32; out.iter().product()]);
        quietly(|ctx| {
            make()?.sample(
                &mut toy(),
                TensorRef::new(&values, conditions)?,
                TensorRef::new(&seeds, &[seeds.len()])?,
                TensorMut::new(&mut room, out)?,
                ctx,
            )
        })
    };
    call(&[2, DIM], 2, &[2, c, h, w]).map_err(failed("a batch that fits"))?;
    refuses("3 conditions for 2 seeds", call(&[3, DIM], 2, &[2, c, h, w]))?;
    refuses(
        "conditions of another length than the denoiser's",
        call(&[2, DIM + 1], 2, &[2, c, h, w]),
    )?;
    refuses("room for 3 images of 2 seeds", call(&[2, DIM], 2, &[3, c, h, w]))?;
    refuses(
        "room for images of another size than the denoiser's",
        call(&[2, DIM], 2, &[2, c, h + 1, w]),
    )?;
    refuses("room of one dimension", call(&[2, DIM], 2, &[2 * c * h * w]))?;
    KEPT
}

pub(super) fn wrong_types(make: &Make<'_, dyn Sampler>) -> Finding {
    let [c, h, w] = IMAGE;
    let (doubles, signed, mut room) = ([0.5f64; 2], [1i64], vec![0f32; c * h * w]);
    let mut call = |double: bool| {
        quietly(|ctx| {
            make()?.sample(
                &mut toy(),
                match double {
                    true => TensorRef::new(&doubles, &[1, DIM])?,
                    false => TensorRef::new(&CONDITIONS[..DIM], &[1, DIM])?,
                },
                match double {
                    true => TensorRef::new(&SEEDS[..1], &[1])?,
                    false => TensorRef::new(&signed, &[1])?,
                },
                TensorMut::new(&mut room, &[1, c, h, w])?,
                ctx,
            )
        })
    };
    refuses("conditions in f64", call(true))?;
    refuses("seeds in i64", call(false))?;
    KEPT
}
