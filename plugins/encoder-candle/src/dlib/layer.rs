//! dlib's convolutions.

use ficta_core::Result;

use super::weights::Weights;
use crate::convolution::{Convolution, Filters, activation::Activation, scratch::Scratch, window::Window};

/// Takes `scale * (filters * x + bias) + shift` from `{name}/conv/...` and `{name}/scale/...` of the weights.
///
/// # Errors
/// Those of [`Weights::take`].
pub fn load(
    weights: &mut Weights,
    name: &str,
    window: Window,
    [inputs, outputs]: [usize; 2],
    activation: Activation,
    scratch: &Scratch,
) -> Result<Convolution> {
    let shape = [window.size[0], window.size[1], inputs, outputs];
    let filters = weights.take(&format!("{name}/conv/filters"), &shape)?;
    let bias = weights.take(&format!("{name}/conv/bias"), &[outputs])?;
    let scale = weights.take(&format!("{name}/scale/weights"), &[outputs])?;
    let shift = weights.take(&format!("{name}/scale/biases"), &[outputs])?;
    let mut filters = Filters::new(window, [inputs, outputs], filters, &bias);
    filters.scale_output(&scale, &shift);
    Ok(filters.into_convolution(activation, scratch))
}
