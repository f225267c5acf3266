//! Softmax cross-entropy with gradient over margin-adjusted logits: what all margin losses share.

mod row;
#[cfg(test)]
mod tests;

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
}

/// What is left of a row once its exponentials are written.
struct Summary {
    /// Largest logit here.
    max: f32,
    /// Sum of exp(logit - max).
    sum: f64,
    target: Option<Target>,
}

/// The row's own class.
struct Target {
    class: usize,
    logit: f32,
    slope: f32,
    /// exp(logit - max).
    exp: f32,
}

/// The mean of -log softmax(scale * logits)\[label\] over the batch and its gradient on the cosines.
///
/// `margin` turns each row's cosines into logits and gives the slopes; it is called once a row, in order. Where the head is split over processes
/// (labels of -1), maximum, sum and loss are reduced over all of them, as Partial FC does (An et al. 2022). The gradient on the norms is set to 0.
///
/// The clamp of the cosines has slope 1, so that a cosine which rounding put past 1 still gets its gradient. The exponential is computed here and not
/// by the system's library: every machine gets the same bits. Probabilities below e^-80 of the row's largest are 0.
///
/// # Errors
/// Shapes that do not agree, an empty batch, labels out of range, cosines that are not finite, a margin whose loss is not finite.
pub fn softmax_cross_entropy(
    input: &LossInput<'_>,
    gradient: &mut LossGradient<'_>,
    scale: f32,
    ctx: &Ctx<'_>,
    mut margin: impl FnMut(Row<'_>),
) -> Result<f64> {
    let (batch, classes) = check(input, gradient)?;
    let (cosines, norms, labels) = (
        input.cosines.as_slice::<f32>()?,
        input.norms.as_slice::<f32>()?,
        input.labels.as_slice::<i64>()?,
    );
    let split = ctx.world_size() > 1;
    gradient.norms.as_mut_slice::<f32>()?.fill(0.0);
    let grad = gradient.cosines.as_mut_slice::<f32>()?;
    let mut slopes = vec![1f32; classes];
    let mut rows: Vec<Summary> = Vec::with_capacity(batch);

    // Each row is finished but for its normaliser while it is in the cache: grad holds slope * exp(logit - the row's own maximum).
    for (i, &label) in labels.iter().enumerate() {
        let label = target(i, label, classes, split)?;
        let logits = &mut grad[i * classes..][..classes];
        take_cosines(i, &cosines[i * classes..][..classes], logits)?;
        slopes.fill(1.0);
        margin(Row {
            index: i,
            label,
            norm: norms[i],
            logits,
            slopes: &mut slopes,
        });
        multiply(logits, scale);
        let max = maximum(logits);
        let target = label.map(|y| (y, logits[y], slopes[y]));
        let sum = exponentiate(logits, max);
        let target = target.map(|(class, logit, slope)| Target {
            class,
            logit,
            slope,
            exp: logits[class],
        });
        for (value, slope) in logits.iter_mut().zip(&slopes) {
            *value *= slope;
        }
        rows.push(Summary { max, sum, target });
    }

    let (max, sum, above) = reduce(&rows, split, ctx)?;
    let mut total = 0.0;
    for (i, row) in rows.iter().enumerate() {
        let loss = above[i] + sum[i].ln();
        if !loss.is_finite() {
            return Err(Error::data(format!(
                "the loss of row {i} is {loss}, at an embedding norm of {}",
                norms[i]
            ))
            .help("its logits are not finite although its cosines are: check the loss's parameters and the norms"));
        }
        total += loss;
        let weight = f64::from(scale) / batch as f64;
        let normaliser = f64::from(row.max - max[i]).exp() / sum[i];
        let logits = &mut grad[i * classes..][..classes];
        multiply(logits, (weight * normaliser) as f32);
        if let Some(t) = &row.target {
            // In f64, since p - 1 cancels where the row is learnt.
            logits[t.class] = (weight * f64::from(t.slope) * (f64::from(t.exp) * normaliser - 1.0)) as f32;
        }
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
