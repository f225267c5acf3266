//! Softmax cross-entropy with gradient over margin-adjusted logits: what all margin losses share.

mod pieces;
mod row;
#[cfg(test)]
mod tests;

use pieces::in_pieces;
use row::{exponentiate, maximum, multiply};

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
    /// Out: d (own class's logit) / d norm, for margins that depend on the norm; starts as 0.
    pub norm_slope: &'a mut f32,
}

/// What the logits are multiplied by before the softmax.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scale {
    /// A constant s.
    Fixed(f32),
    /// The row's embedding norm, through which the gradient then flows as well: a softmax over features that are not normalised.
    Norm,
}

impl From<f32> for Scale {
    fn from(scale: f32) -> Self {
        Self::Fixed(scale)
    }
}

/// What is left of a row once its exponentials are written.
struct Summary {
    /// Largest logit here.
    max: f32,
    /// Sum of exp(logit - max).
    sum: f64,
    /// Sum of exp(logit - max) times the logit before scaling; only where the scale is the norm.
    weighted: f64,
    target: Option<Target>,
}

/// The row's own class.
struct Target {
    class: usize,
    logit: f32,
    slope: f32,
    norm_slope: f32,
    /// The logit before scaling.
    unscaled: f32,
    /// exp(logit - max).
    exp: f32,
}

/// The mean of -log softmax(scale * logits)\[label\] over the batch and its gradient on the cosines.
///
/// `margin` turns each row's cosines into logits and gives the slopes. It is called once a row, on as many threads as `ctx` grants; the result is
/// the same with any number of them. Where the head is split over processes (labels of -1), maximum, sum and loss are reduced over all of them, as
/// Partial FC does (An et al. 2022). The gradient on the norms is 0 unless the scale or [`Row::norm_slope`] says otherwise; in a split head each
/// process gives its part, and the sum over processes is the whole.
///
/// The clamp of the cosines has slope 1, so that a cosine which rounding put past 1 still gets its gradient. The exponential is computed here and not
/// by the system's library: every machine gets the same bits. Probabilities below e^-80 of the row's largest are 0.
///
/// # Errors
/// Shapes that do not agree, an empty batch, labels out of range, cosines or norms that are not finite, a margin whose loss is not finite; cancellation.
pub fn softmax_cross_entropy(
    input: &LossInput<'_>,
    gradient: &mut LossGradient<'_>,
    scale: impl Into<Scale>,
    ctx: &Ctx<'_>,
    margin: impl Fn(Row<'_>) + Sync,
) -> Result<f64> {
    let scale = scale.into();
    let (batch, classes) = check(input, gradient)?;
    let (cosines, norms, labels) = (
        input.cosines.as_slice::<f32>()?,
        input.norms.as_slice::<f32>()?,
        input.labels.as_slice::<i64>()?,
    );
    let split = ctx.world_size() > 1;
    let grad = gradient.cosines.as_mut_slice::<f32>()?;
    let factor = |i: usize| match scale {
        Scale::Fixed(s) => s,
        Scale::Norm => norms[i],
    };

    // Each row is finished but for its normaliser while it is in the cache: grad holds slope * exp(logit - the row's own maximum).
    let summarise = |first: usize, piece: &mut [f32]| -> Result<Vec<Summary>> {
        let mut slopes = vec![1f32; classes];
        let mut unscaled = vec![0f32; if scale == Scale::Norm { classes } else { 0 }];
        let mut rows = Vec::with_capacity(piece.len() / classes);
        for (i, logits) in (first..).zip(piece.chunks_exact_mut(classes)) {
            ctx.check_cancelled()?;
            let label = target(i, labels[i], classes, split)?;
            if !norms[i].is_finite() {
                return Err(Error::data(format!("the embedding norm of row {i} is {}", norms[i]))
                    .help("the embeddings have diverged: lower the learning rate"));
            }
            take_cosines(i, &cosines[i * classes..][..classes], logits)?;
            slopes.fill(1.0);
            let mut norm_slope = 0.0;
            margin(Row {
                index: i,
                label,
                norm: norms[i],
                logits,
                slopes: &mut slopes,
                norm_slope: &mut norm_slope,
            });
            let own = label.map(|y| logits[y]);
            let kept = unscaled.len();
            unscaled.copy_from_slice(&logits[..kept]);
            multiply(logits, factor(i));
            let max = maximum(logits);
            let target = label.zip(own).map(|(y, own)| (y, own, logits[y]));
            let sum = exponentiate(logits, max);
            let weighted = row::dot(&unscaled, &logits[..kept]);
            let target = target.map(|(class, unscaled, logit)| Target {
                class,
                logit,
                slope: slopes[class],
                norm_slope,
                unscaled,
                exp: logits[class],
            });
            for (value, slope) in logits.iter_mut().zip(&slopes) {
                *value *= slope;
            }
            rows.push(Summary {
                max,
                sum,
                weighted,
                target,
            });
        }
        Ok(rows)
    };
    let rows: Vec<Summary> = in_pieces(grad, classes, ctx.threads(), summarise)?
        .into_iter()
        .flatten()
        .collect();

    let (max, sum, above) = reduce(&rows, split, ctx)?;
    let mut total = 0.0;
    for (i, (above, sum)) in above.iter().zip(&sum).enumerate() {
        let loss = above + sum.ln();
        if !loss.is_finite() {
            return Err(Error::data(format!(
                "the loss of row {i} is {loss}, at an embedding norm of {}",
                norms[i]
            ))
            .help("its logits are not finite although its cosines are: check the loss's parameters and the norms"));
        }
        total += loss;
    }
    let normaliser = |i: usize| f64::from(rows[i].max - max[i]).exp() / sum[i];
    let scaled = |first: usize, piece: &mut [f32]| {
        for (i, logits) in (first..).zip(piece.chunks_exact_mut(classes)) {
            let (weight, normaliser) = (f64::from(factor(i)) / batch as f64, normaliser(i));
            multiply(logits, (weight * normaliser) as f32);
            if let Some(t) = &rows[i].target {
                // In f64, since p - 1 cancels where the row is learnt.
                logits[t.class] = (weight * f64::from(t.slope) * (f64::from(t.exp) * normaliser - 1.0)) as f32;
            }
        }
        Ok(())
    };
    in_pieces(grad, classes, ctx.threads(), scaled)?;
    for (i, (by_norm, row)) in gradient.norms.as_mut_slice::<f32>()?.iter_mut().zip(&rows).enumerate() {
        let normaliser = normaliser(i);
        let mut slope = row.weighted * normaliser;
        if let Some(t) = &row.target {
            let error = f64::from(t.exp) * normaliser - 1.0;
            slope += f64::from(factor(i)) * f64::from(t.norm_slope) * error;
            if scale == Scale::Norm {
                slope -= f64::from(t.unscaled);
            }
        }
        *by_norm = (slope / batch as f64) as f32;
    }
    Ok(total / batch as f64)
}

/// For each row over all processes: the largest logit, the sum of exp(logit - largest), and largest - target logit.
fn reduce(rows: &[Summary], split: bool, ctx: &Ctx<'_>) -> Result<(Vec<f32>, Vec<f64>, Vec<f64>)> {
    let mut max: Vec<f32> = rows.iter().map(|row| row.max).collect();
    if split {
        ctx.all_reduce(TensorMut::new(&mut max, &[rows.len()])?, ReduceOp::MAX)?;
    }
    let own = || rows.iter().zip(&max);
    let mut sum: Vec<f64> = own()
        .map(|(row, max)| row.sum * f64::from(row.max - max).exp())
        .collect();
    let mut above: Vec<f64> = own()
        .map(|(row, max)| {
            row.target
                .as_ref()
                .map_or(0.0, |t| f64::from(*max) - f64::from(t.logit))
        })
        .collect();
    if split {
        ctx.all_reduce(TensorMut::new(&mut sum, &[rows.len()])?, ReduceOp::SUM)?;
        ctx.all_reduce(TensorMut::new(&mut above, &[rows.len()])?, ReduceOp::SUM)?;
    }
    Ok((max, sum, above))
}

fn take_cosines(row: usize, cosines: &[f32], logits: &mut [f32]) -> Result<()> {
    // One flag for the row keeps the loop vectorised; the culprit is searched for after.
    let mut finite = true;
    for (logit, cosine) in logits.iter_mut().zip(cosines) {
        finite &= cosine.is_finite();
        *logit = cosine.clamp(-1.0, 1.0);
    }
    if finite {
        return Ok(());
    }
    let class = cosines.iter().position(|cosine| !cosine.is_finite()).unwrap_or(0);
    Err(
        Error::data(format!("cosine of row {row} to class {class} is {}", cosines[class]))
            .help("the embeddings or the class centres have diverged: lower the learning rate"),
    )
}

fn check(input: &LossInput<'_>, gradient: &LossGradient<'_>) -> Result<(usize, usize)> {
    let [batch, classes] = input.cosines.dims("cosines")?;
    if batch == 0 || classes == 0 {
        return Err(Error::shape(format!("cosines: empty, shape [{batch}, {classes}]")));
    }
    input.norms.expect_shape("norms", &[batch])?;
    input.labels.expect_shape("labels", &[batch])?;
    gradient
        .cosines
        .expect_shape("gradient on cosines", &[batch, classes])?;
    gradient.norms.expect_shape("gradient on norms", &[batch])?;
    Ok((batch, classes))
}

fn target(row: usize, label: i64, classes: usize, split: bool) -> Result<Option<usize>> {
    match usize::try_from(label) {
        Ok(y) if y < classes => Ok(Some(y)),
        Err(_) if label == -1 && split => Ok(None),
        _ => Err(Error::data(format!(
            "label of row {row} is {label}, but there are {classes} classes"
        ))
        .help("labels must run from 0 to the number of classes less 1")),
    }
}
