//! Prediction in batches of one size.

use ficta_core::{Ctx, Result, TensorMut, TensorRef};
use ficta_tch_bridge::{Borrowed, OrBackend, Parameters, in_order, write_out};
use tch::{Device, Kind, Tensor};

use crate::{
    Params, inputs,
    model::Model,
    network::{Conditioning, Pass, sinusoids},
};

/// Noisy images f32 `[B,C,R,R]`, timesteps i64 `[B]`, and conditions f32 `[B,d]` or none.
pub(crate) struct Query<'a> {
    pub x_t: TensorRef<'a>,
    pub t: TensorRef<'a>,
    pub condition: Option<TensorRef<'a>>,
}

/// Fills `out` in pieces of `params.micro_batch` rows, each by one thread, the last one filled up with zeros: libtorch picks its kernels by batch
/// size, and their last digits differ.
pub(crate) fn predict(
    model: &mut Model,
    params: &Params,
    steps: usize,
    query: &Query<'_>,
    mut out: TensorMut<'_>,
    ctx: &Ctx<'_>,
) -> Result<()> {
    let Query { x_t, t, condition } = query;
    let rows = inputs::images("x_t", x_t, params)?;
    let t = inputs::timesteps(t, rows, steps)?;
    if let Some(condition) = condition {
        inputs::conditions(condition, rows, model.condition_dim)?;
    }
    out.expect_shape("out", x_t.shape())?;
    out.as_mut_slice::<f32>()?;
    let device = model.device();
    let compute = params.precision.compute_kind(device);
    if model.for_use.is_none() {
        model.for_use = Some(Parameters::for_inference(model.ema.tensors(), compute)?);
    }
    let weights = model.for_use.as_deref().unwrap_or_default();
    let (piece, network, condition_dim) = (params.micro_batch, &model.network, model.condition_dim);
    let work = |weights: &Vec<Tensor>, i: usize| {
        let (start, count) = (i * piece, piece.min(rows - i * piece));
        let mut times = t[start..start + count].to_vec();
        times.resize(piece, 0);
        let time = sinusoids(&times, steps, params.base_width);
        let given = Conditioning {
            time: Borrowed::new(TensorRef::new(&time, &[piece, time.len() / piece])?)?.copy(Kind::Float, device)?,
            feature: match condition {
                Some(condition) => filled_up(condition.rows(start, count)?, piece, device)?,
                None => constant(&[piece, condition_dim], 0.0, device)?,
            },
            present: constant(&[piece, 1], f64::from(u8::from(condition.is_some())), device)?,
        };
        let images = filled_up(x_t.rows(start, count)?, piece, device)?;
        tch::no_grad(|| network.forward(Pass { weights, compute }, &images, &given))
            .and_then(|all| all.f_narrow(0, 0, count as i64))
            .or_backend("running the UNet")
    };
    in_order(
        rows.div_ceil(piece),
        ctx,
        || weights.iter().map(Tensor::shallow_clone).collect::<Vec<_>>(),
        work,
        |i, result| write_out(&result, &mut out.rows_mut(i * piece, result.size()[0] as usize)?),
    )
}

fn constant(shape: &[usize], value: f64, device: Device) -> Result<Tensor> {
    let shape: Vec<i64> = shape.iter().map(|d| *d as i64).collect();
    Tensor::f_full(shape, value, (Kind::Float, device)).or_backend("preparing a batch")
}

/// The rows, and zeros below them up to `size`.
fn filled_up(rows: TensorRef<'_>, size: usize, device: Device) -> Result<Tensor> {
    let missing = size - rows.shape()[0];
    let taken = Borrowed::new(rows)?.copy(Kind::Float, device)?;
    if missing == 0 {
        return Ok(taken);
    }
    let mut pad = vec![0; 2 * rows.shape().len()];
    *pad.last_mut().expect("a tensor with rows") = missing as i64;
    taken.f_constant_pad_nd(pad).or_backend("filling a batch up")
}
