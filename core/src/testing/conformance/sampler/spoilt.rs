//! Denoisers that a sampler meets on a bad day.

use std::{path::Path, time::Duration};

use super::toy;
use crate::{Ctx, Denoiser, DenoiserInfo, Error, Result, SaveKind, TensorMut, TensorRef, testing::ToyDenoiser};

/// The toy denoiser with a fault.
pub(super) struct Spoilt {
    toy: ToyDenoiser,
    fails: bool,
    nan: bool,
    delay: Duration,
}

impl Spoilt {
    fn new() -> Self {
        Self {
            toy: toy(),
            fails: false,
            nan: false,
            delay: Duration::ZERO,
        }
    }
    pub(super) fn failing() -> Self {
        Self {
            fails: true,
            ..Self::new()
        }
    }
    pub(super) fn nan() -> Self {
        Self {
            nan: true,
            ..Self::new()
        }
    }
    /// Takes its time, `size` times 0.1 s, and does not look at cancellation.
    pub(super) fn slow(size: usize) -> Self {
        Self {
            delay: Duration::from_millis(100 * size as u64),
            ..Self::new()
        }
    }
}

impl Denoiser for Spoilt {
    fn info(&self) -> DenoiserInfo {
        self.toy.info()
    }
    fn initialise(&mut self, dim: usize, seed: u64, ctx: &Ctx<'_>) -> Result<()> {
        self.toy.initialise(dim, seed, ctx)
    }
    fn predict(
        &mut self,
        x_t: TensorRef<'_>,
        t: TensorRef<'_>,
        condition: Option<TensorRef<'_>>,
        mut out: TensorMut<'_>,
        ctx: &Ctx<'_>,
    ) -> Result<()> {
        std::thread::sleep(self.delay);
        if self.fails {
            return Err(Error::backend("the denoiser of the conformance suite fails on purpose"));
        }
        if self.nan {
            out.as_mut_slice::<f32>()?.fill(f32::NAN);
            return Ok(());
        }
        self.toy.predict(x_t, t, condition, out, ctx)
    }
    fn train_step(&mut self, _: TensorRef<'_>, _: TensorRef<'_>, _: TensorRef<'_>, _: f64, _: &Ctx<'_>) -> Result<f64> {
        Err(Error::unsupported("a sampler does not train"))
    }
    fn save(&self, path: &Path, what: SaveKind, ctx: &Ctx<'_>) -> Result<()> {
        self.toy.save(path, what, ctx)
    }
    fn load(&mut self, path: &Path, ctx: &Ctx<'_>) -> Result<()> {
        self.toy.load(path, ctx)
    }
}
