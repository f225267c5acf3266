//! Batch normalisation in evaluation mode.

use ficta_core::{Error, Result};
use ficta_state_dict::StateDict;

/// `y = scale * x + shift` for each channel.
pub struct BatchNorm {
    /// `weight / sqrt(running_var + eps)`.
    pub scales: Vec<f32>,
    /// `bias - running_mean * scale`.
    pub shifts: Vec<f32>,
}

impl BatchNorm {
    /// Takes `{name}.weight`, `.bias`, `.running_mean` and `.running_var`.
    ///
    /// # Errors
    /// Those of [`StateDict::take`]; a negative variance.
    pub fn take(weights: &mut StateDict, name: &str, channels: usize, eps: f64) -> Result<Self> {
        let mut part = |part: &str| weights.take(&format!("{name}.{part}"), &[channels]);
        let (weight, bias) = (part("weight")?, part("bias")?);
        let (mean, variance) = (part("running_mean")?, part("running_var")?);
        if let Some(negative) = variance.iter().find(|v| **v < 0.0) {
            return Err(Error::data(format!(
                "{}: `{name}.running_var` holds {negative}, and a variance is not below 0",
                weights.source()
            )));
        }
        let scales: Vec<f64> = weight
            .iter()
            .zip(&variance)
            .map(|(w, v)| f64::from(*w) / (f64::from(*v) + eps).sqrt())
            .collect();
        let shifts = bias.iter().zip(&mean).zip(&scales);
        Ok(Self {
            shifts: shifts
                .map(|((b, m), s)| (f64::from(*b) - f64::from(*m) * s) as f32)
                .collect(),
            scales: scales.into_iter().map(|s| s as f32).collect(),
        })
    }
}
