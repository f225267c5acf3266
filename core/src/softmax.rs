//! Softmax cross-entropy with gradient over margin-adjusted logits: what all margin losses share.

use crate::{Ctx, Error, LossGradient, LossInput, ReduceOp, Result, TensorMut};

/// One row of a batch, as a margin loss edits it.
pub struct Row<'a> {
    /// Row in the batch.
    pub index: usize,
    /// The row's class; `None` where another process holds it.
    pub label: Option<usize>,
    /// Norm of the raw embedding.
    pub norm: f32,
    /// In: cosines, clamped to [-1, 1]. Out: logits before scaling.
    pub logits: &'a mut [f32],
    /// Out: d logit / d cosine for each class; starts as ones.
    pub slopes: &'a mut [f32],
}

/// The mean of -log softmax(scale * logits)\[label\] over the batch and its gradient on the cosines.
///
/// `margin` turns each row's cosines into logits and gives the slopes. Where the head is split over processes (labels of -1), maximum, sum and
/// loss are reduced over all of them, as Partial FC does (An et al. 2022). The gradient on the norms is set to 0.
///
/// # Errors
/// Shapes that do not agree, an empty batch, labels out of range, cosines that are not finite.
pub fn softmax_cross_entropy(
    input: &LossInput<'_>,
    gradient: &mut LossGradient<'_>,
    scale: f32,
    ctx: &Ctx<'_>,
    mut margin: impl FnMut(Row<'_>),
) -> Result<f64> {
    let (batch, classes) = check(input, gradient)?;
    let (cosines, norms, labels) =
        (input.cosines.as_slice::<f32>()?, input.norms.as_slice::<f32>()?, input.labels.as_slice::<i64>()?);
    let split = ctx.world_size() > 1;
    gradient.norms.as_mut_slice::<f32>()?.fill(0.0);
    let grad = gradient.cosines.as_mut_slice::<f32>()?;
    let mut slopes = vec![0f32; batch * classes];
    let (mut max, mut sum, mut loss) = (vec![f32::NEG_INFINITY; batch], vec![0f64; batch], vec![0f64; batch]);
    let mut targets = vec![None; batch];

    for (i, &label) in labels.iter().enumerate() {
        targets[i] = target(i, label, classes, split)?;
        let (row, logits) = (&cosines[i * classes..][..classes], &mut grad[i * classes..][..classes]);
        for (j, (logit, cosine)) in logits.iter_mut().zip(row).enumerate() {
            if !cosine.is_finite() {
                return Err(Error::data(format!("cosine of row {i} to class {j} is {cosine}"))
                    .help("the embeddings or the class centres have diverged: lower the learning rate"));
            }
            *logit = cosine.clamp(-1.0, 1.0);
        }
        let slopes = &mut slopes[i * classes..][..classes];
        slopes.fill(1.0);
        margin(Row { index: i, label: targets[i], norm: norms[i], logits, slopes });
        for logit in logits.iter_mut() {
            *logit *= scale;
        }
        max[i] = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    }
    if split {
        ctx.all_reduce(TensorMut::new(&mut max, &[batch])?, ReduceOp::MAX)?;
    }
    for i in 0..batch {
        let logits = &mut grad[i * classes..][..classes];
        if let Some(y) = targets[i] {
            loss[i] = f64::from(max[i]) - f64::from(logits[y]);
        }
        for logit in logits.iter_mut() {
            *logit = (*logit - max[i]).exp();
            sum[i] += f64::from(*logit);
        }
    }
    if split {
        ctx.all_reduce(TensorMut::new(&mut sum, &[batch])?, ReduceOp::SUM)?;
        ctx.all_reduce(TensorMut::new(&mut loss, &[batch])?, ReduceOp::SUM)?;
    }
    for i in 0..batch {
        let (inverse, row) = ((1.0 / sum[i]) as f32, i * classes..(i + 1) * classes);
        for (j, (g, slope)) in grad[row.clone()].iter_mut().zip(&slopes[row]).enumerate() {
            let hit = f32::from(u8::from(targets[i] == Some(j)));
            *g = scale * (*g * inverse - hit) * slope / batch as f32;
        }
    }
    let total: f64 = loss.iter().zip(&sum).map(|(above, sum)| above + sum.ln()).sum();
    Ok(total / batch as f64)
}

fn check(input: &LossInput<'_>, gradient: &LossGradient<'_>) -> Result<(usize, usize)> {
    let [batch, classes] = input.cosines.dims("cosines")?;
    if batch == 0 || classes == 0 {
        return Err(Error::shape(format!("cosines: empty, shape [{batch}, {classes}]")));
    }
    input.norms.expect_shape("norms", &[batch])?;
    input.labels.expect_shape("labels", &[batch])?;
    gradient.cosines.expect_shape("gradient on cosines", &[batch, classes])?;
    gradient.norms.expect_shape("gradient on norms", &[batch])?;
    Ok((batch, classes))
}

fn target(row: usize, label: i64, classes: usize, split: bool) -> Result<Option<usize>> {
    match usize::try_from(label) {
        Ok(y) if y < classes => Ok(Some(y)),
        Err(_) if label == -1 && split => Ok(None),
        _ => Err(Error::data(format!("label of row {row} is {label}, but there are {classes} classes"))
            .help("labels must run from 0 to the number of classes less 1")),
    }
}
