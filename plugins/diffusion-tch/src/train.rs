//! One optimizer step.

use ficta_core::{Ctx, Error, Result, TensorRef};
use ficta_tch_bridge::{Borrowed, OrBackend, average_over_processes, clip_gradient_norm, gradients, in_order};
use tch::{Device, Kind, Reduction, Tensor};

use crate::{
    Params, inputs,
    model::Model,
    network::{Conditioning, Pass, Unet, sinusoids},
    noising::NoisyBatch,
};

/// What a step is made from: images f32 `[B,C,R,R]`, conditions f32 `[B,d]`, seeds u64 `[B]`.
pub(crate) struct Batch<'a> {
    pub images: TensorRef<'a>,
    pub conditions: TensorRef<'a>,
    pub seeds: TensorRef<'a>,
}

/// Steps the model and returns the mean squared error of the prediction, averaged over processes. On an error the model is as before.
///
/// The batch is computed in pieces of `params.micro_batch` rows, each by one thread, and their gradients are summed in order.
pub(crate) fn step(
    model: &mut Model,
    params: &Params,
    alpha_bar: &[f64],
    batch: &Batch<'_>,
    learning_rate: f64,
    ctx: &Ctx<'_>,
) -> Result<f64> {
    let rows = inputs::images("images", &batch.images, params)?;
    inputs::conditions(&batch.conditions, rows, model.condition_dim)?;
    batch.seeds.expect_shape("seeds", &[rows])?;
    batch.seeds.as_slice::<u64>()?;
    if !learning_rate.is_finite() || learning_rate < 0.0 {
        return Err(Error::config(format!(
            "learning rate {learning_rate}: expected 0 or more"
        )));
    }
    let compute = params.precision.compute_kind(model.device());
    let weights = model.parameters.as_leaves(compute)?;
    let piece = params.micro_batch;
    let (mut loss, mut sums) = (0.0, model.parameters.zero_gradients()?);
    in_order(
        rows.div_ceil(piece),
        ctx,
        || weights.iter().map(Tensor::shallow_clone).collect::<Vec<_>>(),
        |weights, i| {
            let (start, count) = (i * piece, piece.min(rows - i * piece));
            let part = Batch {
                images: batch.images.rows(start, count)?,
                conditions: batch.conditions.rows(start, count)?,
                seeds: batch.seeds.rows(start, count)?,
            };
            let share = count as f64 / rows as f64;
            gradients_of(
                &model.network,
                Pass { weights, compute },
                params,
                alpha_bar,
                &part,
                share,
            )
        },
        |_, (value, part)| {
            loss += value;
            accumulate(&mut sums, &part)
        },
    )?;
    let loss = average_over_processes(loss, &mut sums, ctx)?;
    if !loss.is_finite() {
        let step = model.optimiser.steps() + 1;
        return Err(Error::diverged(format!("the loss of step {step} is {loss}")).help(
            "lower the learning rate, or look for images that are not finite; the weights are those of the step before",
        ));
    }
    let limit = if params.clip_norm > 0.0 {
        params.clip_norm
    } else {
        f64::INFINITY
    };
    clip_gradient_norm(&mut sums, limit)?;
    model.for_use = None;
    model.optimiser.step(&model.parameters, &sums, learning_rate)?;
    model
        .ema
        .update(model.parameters.tensors(), params.ema_decay, model.optimiser.steps())?;
    Ok(loss)
}

/// The mean squared error over these rows times `share`, and its gradients.
fn gradients_of(
    network: &Unet,
    pass: Pass<'_>,
    params: &Params,
    alpha_bar: &[f64],
    batch: &Batch<'_>,
    share: f64,
) -> Result<(f64, Vec<Tensor>)> {
    let (images, seeds) = (batch.images.as_slice::<f32>()?, batch.seeds.as_slice::<u64>()?);
    let noisy = NoisyBatch::draw(images, seeds, params, alpha_bar);
    let device = pass.weights.first().map_or(Device::Cpu, Tensor::device);
    let take =
        |values: &[f32], shape: &[usize]| Borrowed::new(TensorRef::new(values, shape)?)?.copy(Kind::Float, device);
    let rows = seeds.len();
    let time = sinusoids(&noisy.t, alpha_bar.len(), params.base_width);
    let given = Conditioning {
        time: take(&time, &[rows, time.len() / rows])?,
        feature: Borrowed::new(batch.conditions)?.copy(Kind::Float, device)?,
        present: take(&noisy.present, &[rows, 1])?,
    };
    let x_t = take(&noisy.x_t, batch.images.shape())?;
    let target = take(&noisy.target, batch.images.shape())?;
    let loss = network
        .forward(pass, &x_t, &given)
        .and_then(|out| out.f_mse_loss(&target, Reduction::Mean)?.f_mul_scalar(share))
        .or_backend("running the UNet")?;
    let found = gradients(&loss, pass.weights)?;
    Ok((f64::try_from(&loss).or_backend("reading the loss")?, found))
}

fn accumulate(sums: &mut [Tensor], part: &[Tensor]) -> Result<()> {
    let mut pairs = sums.iter_mut().zip(part);
    tch::no_grad(|| pairs.try_for_each(|(sum, g)| sum.f_add_(g).map(drop))).or_backend("summing gradients")
}
