//! The component.

use std::path::Path;

use ficta_core::{Configure, Ctx, Denoiser, DenoiserInfo, Error, Result, SaveKind, TensorMut, TensorRef};
use ficta_tch_bridge::{ComputeScope, FreedMemory, device, say_device};

use crate::{
    Params,
    model::Model,
    persistence,
    predict::{self, Query},
    train::{self, Batch},
};

/// The `unet` denoiser.
pub struct UnetDenoiser {
    params: Params,
    alpha_bar: Vec<f64>,
    model: Option<Model>,
    _memory: FreedMemory,
}

impl Configure for UnetDenoiser {
    type Params = Params;

    fn configure(params: Params) -> Result<Self> {
        params.check()?;
        Ok(Self {
            alpha_bar: params.schedule.alpha_bar(params.timesteps),
            params,
            model: None,
            _memory: FreedMemory::keep(),
        })
    }
}

fn not_initialised() -> Error {
    Error::config("the UNet has no weights yet").help("initialise it or load a file first")
}

impl UnetDenoiser {
    /// Takes a new model, on the device that the host wants.
    fn place(&mut self, mut model: Model, ctx: &Ctx<'_>) -> Result<()> {
        say_device("unet", ctx);
        model.move_to(device(ctx))?;
        self.model = Some(model);
        Ok(())
    }
}

impl Denoiser for UnetDenoiser {
    fn info(&self) -> DenoiserInfo {
        DenoiserInfo {
            channels: self.params.channels,
            height: self.params.resolution,
            width: self.params.resolution,
            condition_dim: self.model.as_ref().map_or(0, |m| m.condition_dim),
            prediction: self.params.prediction.into(),
            alpha_bar: self.alpha_bar.clone().into(),
            parameters: self.model.as_ref().map_or(0, |m| m.parameters.count()),
        }
    }

    fn initialise(&mut self, condition_dim: usize, seed: u64, ctx: &Ctx<'_>) -> Result<()> {
        let _scope = ComputeScope::single_threaded();
        self.place(Model::new(&self.params, condition_dim, seed)?, ctx)
    }

    fn predict(
        &mut self,
        x_t: TensorRef<'_>,
        t: TensorRef<'_>,
        condition: Option<TensorRef<'_>>,
        out: TensorMut<'_>,
        ctx: &Ctx<'_>,
    ) -> Result<()> {
        let _scope = ComputeScope::single_threaded();
        let model = self.model.as_mut().ok_or_else(not_initialised)?;
        model.move_to(device(ctx))?;
        predict::predict(
            model,
            &self.params,
            self.alpha_bar.len(),
            &Query { x_t, t, condition },
            out,
            ctx,
        )
    }

    fn train_step(
        &mut self,
        images: TensorRef<'_>,
        conditions: TensorRef<'_>,
        seeds: TensorRef<'_>,
        learning_rate: f64,
        ctx: &Ctx<'_>,
    ) -> Result<f64> {
        let _scope = ComputeScope::single_threaded();
        let model = self.model.as_mut().ok_or_else(not_initialised)?;
        model.move_to(device(ctx))?;
        let batch = Batch {
            images,
            conditions,
            seeds,
        };
        train::step(model, &self.params, &self.alpha_bar, &batch, learning_rate, ctx)
    }

    fn save(&self, path: &Path, what: SaveKind, _: &Ctx<'_>) -> Result<()> {
        let _scope = ComputeScope::single_threaded();
        let model = self.model.as_ref().ok_or_else(not_initialised)?;
        persistence::save(model, &self.params, path, what)
    }

    fn load(&mut self, path: &Path, ctx: &Ctx<'_>) -> Result<()> {
        let _scope = ComputeScope::single_threaded();
        self.place(persistence::load(&self.params, path)?, ctx)
    }
}
