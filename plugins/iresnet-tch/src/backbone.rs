//! The component, whatever its kind of network.

use std::path::Path;

use ficta_core::{Backbone, BackboneInfo, Configure, Ctx, Error, Loss, Result, SaveKind, TensorMut, TensorRef};
use ficta_tch_bridge::{ComputeScope, FreedMemory, device, say_device};
use serde_json::Value;

use crate::{
    embedding, files,
    layout::{Family, Layout},
    model::Model,
    recipe::Recipe,
    train_step::Step,
};

/// A network with a cosine head and SGD.
///
/// Training repeats itself bit by bit on one kind of processor with one number of threads; `embed` with any number.
pub struct Trained<F> {
    params: Value,
    recipe: Recipe,
    layout: Box<dyn Layout>,
    model: Option<Model>,
    _family: std::marker::PhantomData<F>,
    _memory: FreedMemory,
}

impl<F: Family> Configure for Trained<F> {
    type Params = F::Params;

    fn configure(params: F::Params) -> Result<Self> {
        Ok(Self {
            layout: F::layout(&params)?,
            recipe: F::recipe(&params)?,
            params: serde_json::to_value(&params).map_err(|e| Error::config(format!("{}: {e}", F::NAME)))?,
            model: None,
            _family: std::marker::PhantomData,
            _memory: FreedMemory::keep(),
        })
    }
}

impl<F: Family> Trained<F> {
    /// Takes a new model, on the device that the host wants.
    fn place(&mut self, mut model: Model, ctx: &Ctx<'_>) -> Result<()> {
        say_device(F::NAME, ctx);
        model.move_to(device(ctx))?;
        self.model = Some(model);
        Ok(())
    }
}

fn not_initialised(component: &str, what: &str) -> Error {
    Error::config(format!("{component} has no {what} yet")).help("call initialise, or load a file, first")
}

impl<F: Family> Backbone for Trained<F> {
    fn info(&self) -> BackboneInfo {
        let size = self.layout.size();
        BackboneInfo {
            dim: size.dim,
            channels: size.channels,
            height: size.input,
            width: size.input,
            classes: self.model.as_ref().map_or(0, |m| m.classes),
            parameters: self.layout.parameters(),
        }
    }

    fn initialise(&mut self, classes: usize, seed: u64, ctx: &Ctx<'_>) -> Result<()> {
        let _scope = ComputeScope::enter(ctx);
        if classes < 2 {
            return Err(
                Error::data(format!("a head of {classes} class(es)")).help("training needs at least 2 identities")
            );
        }
        self.place(Model::draw(&self.recipe, &*self.layout, classes, seed)?, ctx)
    }

    fn train_step(
        &mut self,
        images: TensorRef<'_>,
        labels: TensorRef<'_>,
        loss: &mut dyn Loss,
        learning_rate: f64,
        ctx: &Ctx<'_>,
    ) -> Result<f64> {
        let _scope = ComputeScope::enter(ctx);
        ctx.check_cancelled()?;
        let model = self
            .model
            .as_mut()
            .filter(|m| m.classes > 0)
            .ok_or_else(|| not_initialised(F::NAME, "head"))?;
        let step = Step {
            images,
            labels,
            learning_rate,
            recipe: &self.recipe,
            layout: &*self.layout,
        };
        step.check(model.classes, ctx)?;
        model.move_to(device(ctx))?;
        step.take(model, loss, ctx)
    }

    fn embed(&mut self, images: TensorRef<'_>, out: TensorMut<'_>, ctx: &Ctx<'_>) -> Result<()> {
        let model = self.model.as_mut().ok_or_else(|| not_initialised(F::NAME, "weights"))?;
        model.move_to(device(ctx))?;
        embedding::embed(model, &self.recipe, &*self.layout, images, out, ctx)
    }

    fn save(&self, path: &Path, what: SaveKind, ctx: &Ctx<'_>) -> Result<()> {
        let _scope = ComputeScope::enter(ctx);
        let model = self.model.as_ref().ok_or_else(|| not_initialised(F::NAME, "weights"))?;
        if what == SaveKind::CHECKPOINT && model.classes == 0 {
            return Err(not_initialised(F::NAME, "head"));
        }
        files::save(model, &self.params, &*self.layout, path, what)
    }

    fn load(&mut self, path: &Path, ctx: &Ctx<'_>) -> Result<()> {
        let _scope = ComputeScope::enter(ctx);
        self.place(
            files::load(path, &self.recipe, &*self.layout, self.model.as_ref())?,
            ctx,
        )
    }
}
