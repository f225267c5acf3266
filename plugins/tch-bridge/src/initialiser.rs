//! New weights, drawn by ficta's generator.

use ficta_core::{Result, random::Stream};
use tch::Tensor;

use crate::OrBackend;

/// Draws weights: each from a stream of its own, by its name, so that a layer more or less leaves the others as they were.
#[derive(Clone, Copy, Debug)]
pub struct Initialiser {
    seed: u64,
}

impl Initialiser {
    /// For a network's seed.
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }

    fn stream(self, name: &str) -> Stream {
        Stream::new(self.seed, &format!("weights/{name}"), 0, 0)
    }

    /// Uniform in [-bound, bound).
    ///
    /// # Errors
    /// libtorch's: out of memory.
    pub fn uniform(self, name: &str, shape: &[i64], bound: f64) -> Result<Tensor> {
        let mut stream = self.stream(name);
        fill(shape, |values| {
            values
                .iter_mut()
                .for_each(|v| *v = ((2.0 * stream.uniform() - 1.0) * bound) as f32)
        })
    }

    /// Normal with mean 0.
    ///
    /// # Errors
    /// libtorch's: out of memory.
    pub fn normal(self, name: &str, shape: &[i64], deviation: f64) -> Result<Tensor> {
        let mut stream = self.stream(name);
        fill(shape, |values| {
            stream.fill_normal(values);
            values.iter_mut().for_each(|v| *v = (f64::from(*v) * deviation) as f32);
        })
    }

    /// The default of PyTorch's `Conv2d` and `Linear`, for the weight (`kaiming_uniform_` with a = sqrt(5)) and for the bias alike: uniform
    /// within 1/sqrt(fan_in). tch's own default is 2.4 times as wide.
    ///
    /// # Errors
    /// libtorch's: out of memory.
    pub fn fan_in_uniform(self, name: &str, shape: &[i64], fan_in: i64) -> Result<Tensor> {
        self.uniform(name, shape, 1.0 / (fan_in.max(1) as f64).sqrt())
    }

    /// The same number everywhere.
    ///
    /// # Errors
    /// libtorch's: out of memory.
    pub fn constant(self, shape: &[i64], value: f64) -> Result<Tensor> {
        fill(shape, |values| values.fill(value as f32))
    }
}

fn fill(shape: &[i64], write: impl FnOnce(&mut [f32])) -> Result<Tensor> {
    let mut values = vec![0f32; shape.iter().product::<i64>() as usize];
    write(&mut values);
    Tensor::f_from_slice(&values)
        .and_then(|t| t.f_reshape(shape))
        .or_backend("creating weights")
}
