//! Classifier-free guidance (Ho and Salimans 2022).

use ficta_core::{Ctx, Denoiser, Error, Result, TensorMut, TensorRef};

/// The guided output u + w (c - u) for the outputs c with and u without the condition.
#[derive(Clone, Debug)]
pub(crate) struct Guidance {
    weight: f64,
    unconditional: Vec<f32>,
}

/// Accepts a weight w >= 0.
pub(crate) fn check_weight(weight: f64) -> Result<()> {
    if weight >= 0.0 && (weight as f32).is_finite() {
        return Ok(());
    }
    Err(
        Error::config(format!("guidance: expected a number of at least 0, got {weight}"))
            .help("1 is no guidance; 1.5 to 4 is usual"),
    )
}

/// How often a denoiser is asked at each time step under this weight.
pub(crate) fn questions(weight: f64) -> u64 {
    if asks_twice(weight) { 2 } else { 1 }
}

fn asks_twice(weight: f64) -> bool {
    weight != 0.0 && weight != 1.0
}

impl Guidance {
    /// For batches of `elements` elements.
    pub(crate) fn new(weight: f64, elements: usize) -> Self {
        Self {
            weight,
            unconditional: vec![0.0; if asks_twice(weight) { elements } else { 0 }],
        }
    }

    /// Fills `out`, of x_t's shape. A weight of 1 or 0 asks the denoiser once, any other twice.
    pub(crate) fn predict(
        &mut self,
        denoiser: &mut dyn Denoiser,
        x_t: TensorRef<'_>,
        t: TensorRef<'_>,
        condition: TensorRef<'_>,
        out: &mut [f32],
        ctx: &Ctx<'_>,
    ) -> Result<()> {
        let shape = x_t.shape();
        let first = (self.weight != 0.0).then_some(condition);
        denoiser.predict(x_t, t, first, TensorMut::new(out, shape)?, ctx)?;
        if self.unconditional.is_empty() {
            return Ok(());
        }
        denoiser.predict(x_t, t, None, TensorMut::new(&mut self.unconditional, shape)?, ctx)?;
        for (c, u) in out.iter_mut().zip(&self.unconditional) {
            *c = (f64::from(*u) + self.weight * (f64::from(*c) - f64::from(*u))) as f32;
        }
        Ok(())
    }
}
