use std::path::Path;

use ficta_core::{Configure, Ctx, Denoiser, DenoiserInfo, Prediction, Result, SaveKind, TensorMut, TensorRef};

use crate::{Mode, Params};

/// As the smoke run has them.
const SIDE: usize = 16;

pub struct Hostile {
    mode: Mode,
    condition_dim: usize,
}

impl Configure for Hostile {
    type Params = Params;
    fn configure(params: Params) -> Result<Self> {
        Ok(Self {
            mode: params.mode,
            condition_dim: 0,
        })
    }
}

impl Denoiser for Hostile {
    fn info(&self) -> DenoiserInfo {
        let (channels, side) = match self.mode {
            Mode::NoSize => (0, SIDE),
            // With a batch of these the number of elements is 0 again in 64 bits.
            Mode::HugeSize => (1, 1 << 32),
            _ => (1, SIDE),
        };
        DenoiserInfo {
            channels,
            height: side,
            width: side,
            condition_dim: self.condition_dim,
            prediction: Prediction::SAMPLE,
            alpha_bar: vec![0.9, 0.5, 0.1].into(),
            parameters: 1,
        }
    }

    fn initialise(&mut self, condition_dim: usize, _: u64, _: &Ctx<'_>) -> Result<()> {
        self.condition_dim = condition_dim;
        Ok(())
    }

    /// Grey, whatever it is given.
    fn predict(
        &mut self,
        _: TensorRef<'_>,
        _: TensorRef<'_>,
        _: Option<TensorRef<'_>>,
        mut out: TensorMut<'_>,
        _: &Ctx<'_>,
    ) -> Result<()> {
        self.mode.misbehave()?;
        out.as_mut_slice::<f32>()?.fill(0.0);
        Ok(())
    }

    fn train_step(&mut self, _: TensorRef<'_>, _: TensorRef<'_>, _: TensorRef<'_>, _: f64, _: &Ctx<'_>) -> Result<f64> {
        self.mode.misbehave()?;
        Ok(if self.mode == Mode::Nan { f64::NAN } else { 0.5 })
    }

    fn save(&self, path: &Path, _: SaveKind, _: &Ctx<'_>) -> Result<()> {
        Ok(std::fs::write(path, self.condition_dim.to_le_bytes())?)
    }

    fn load(&mut self, path: &Path, _: &Ctx<'_>) -> Result<()> {
        let bytes = std::fs::read(path)?;
        self.condition_dim = usize::from_le_bytes(bytes[..8].try_into().expect("eight bytes"));
        Ok(())
    }
}

ficta_core::register_denoiser!(Hostile, "hostile-denoiser", "Grey, or misbehaves on request");
