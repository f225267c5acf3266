//! A batch that a loss can be evaluated on.

use crate::{Ctx, Loss, LossGradient, LossInput, Result, TensorMut, TensorRef, random::Stream};

/// What a [`Loss`] takes, owned.
#[derive(Clone, Debug, PartialEq)]
pub struct LossBatch {
    /// Row-major `[B,C]`.
    pub cosines: Vec<f32>,
    /// `[B]`.
    pub norms: Vec<f32>,
    /// `[B]`, in 0..C.
    pub labels: Vec<i64>,
    /// Number of classes C.
    pub classes: usize,
    /// Index of the optimizer step.
    pub step: u64,
}

/// What a [`Loss`] gives.
#[derive(Clone, Debug, PartialEq)]
pub struct LossOutput {
    /// Mean over the batch.
    pub loss: f64,
    /// d loss / d cosines, `[B,C]`.
    pub cosines: Vec<f32>,
    /// d loss / d norms, `[B]`.
    pub norms: Vec<f32>,
}

impl LossBatch {
    /// Cosines uniform in (-0.9, 0.9), norms in (10, 30), uniform labels.
    pub fn random(batch: usize, classes: usize, seed: u64) -> Self {
        let mut stream = Stream::new(seed, "testing.loss_batch", 0, 0);
        Self {
            cosines: (0..batch * classes)
                .map(|_| (1.8 * stream.uniform() - 0.9) as f32)
                .collect(),
            norms: (0..batch).map(|_| (10.0 + 20.0 * stream.uniform()) as f32).collect(),
            labels: (0..batch).map(|_| stream.below(classes as u64) as i64).collect(),
            classes,
            step: 0,
        }
    }

    /// Evaluates `loss` on this batch. The gradient's room is filled with NaN before, so that an element left unwritten shows.
    ///
    /// # Errors
    /// The loss's; cosines that are not `[B,C]`.
    pub fn evaluate(&self, loss: &mut dyn Loss, ctx: &Ctx<'_>) -> Result<LossOutput> {
        let batch = self.labels.len();
        let (mut cosines, mut norms) = (vec![f32::NAN; self.cosines.len()], vec![f32::NAN; self.norms.len()]);
        let input = LossInput {
            cosines: TensorRef::new(&self.cosines, &[batch, self.classes])?,
            norms: TensorRef::new(&self.norms, &[self.norms.len()])?,
            labels: TensorRef::new(&self.labels, &[batch])?,
            step: self.step,
        };
        let gradient = LossGradient {
            cosines: TensorMut::new(&mut cosines, &[batch, self.classes])?,
            norms: TensorMut::new(&mut norms, &[self.norms.len()])?,
        };
        let loss = loss.evaluate(&input, gradient, ctx)?;
        Ok(LossOutput { loss, cosines, norms })
    }
}
