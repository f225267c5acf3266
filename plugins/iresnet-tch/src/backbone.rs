//! The component.

use std::path::Path;

use ficta_core::{Backbone, BackboneInfo, Configure, Ctx, Error, Loss, Result, SaveKind, TensorMut, TensorRef};
use ficta_tch_bridge::ComputeScope;

use crate::{Architecture, Params, embedding, files, model::Model, train_step::Step};

/// iresnet with a cosine head and SGD.
///
/// Training repeats itself bit by bit on one kind of processor with one number of threads; `embed` with any number.
pub struct IResNet {
    params: Params,
    architecture: Architecture,
    model: Option<Model>,
}

impl Configure for IResNet {
    type Params = Params;

    fn configure(params: Params) -> Result<Self> {
        let architecture = params.architecture()?;
        Ok(Self {
            params,
            architecture,
            model: None,
        })
    }
}

impl IResNet {
    fn classes(&self) -> usize {
        self.model.as_ref().map_or(0, |m| m.classes)
    }
}

fn not_initialised(what: &str) -> Error {
    Error::config(format!("iresnet has no {what} yet")).help("call initialise, or load a file, first")
}

impl Backbone for IResNet {
    fn info(&self) -> BackboneInfo {
        BackboneInfo {
            dim: self.architecture.dim,
            channels: self.architecture.channels,
            height: self.architecture.input_size,
            width: self.architecture.input_size,
            classes: self.classes(),
            parameters: self.architecture.parameters(),
        }
    }

    fn initialise(&mut self, classes: usize, seed: u64, ctx: &Ctx<'_>) -> Result<()> {
        let _scope = ComputeScope::enter(ctx);
        if classes < 2 {
            return Err(
                Error::data(format!("a head of {classes} class(es)")).help("training needs at least 2 identities")
            );
        }
        self.model = Some(Model::draw(&self.params, &self.architecture, classes, seed)?);
        Ok(())
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
            .ok_or_else(|| not_initialised("head"))?;
        let step = Step {
            images,
            labels,
            learning_rate,
        };
        step.check(&self.architecture, model.classes, ctx)?;
        step.take(model, &self.params, loss, ctx)
    }

    fn embed(&mut self, images: TensorRef<'_>, out: TensorMut<'_>, ctx: &Ctx<'_>) -> Result<()> {
        let model = self.model.as_ref().ok_or_else(|| not_initialised("weights"))?;
        embedding::embed(model, &self.params, &self.architecture, images, out, ctx)
    }

    fn save(&self, path: &Path, what: SaveKind, ctx: &Ctx<'_>) -> Result<()> {
        let _scope = ComputeScope::enter(ctx);
        let model = self.model.as_ref().ok_or_else(|| not_initialised("weights"))?;
        if what == SaveKind::CHECKPOINT && model.classes == 0 {
            return Err(not_initialised("head"));
        }
        files::save(model, &self.params, &self.architecture, path, what)
    }

    fn load(&mut self, path: &Path, ctx: &Ctx<'_>) -> Result<()> {
        let _scope = ComputeScope::enter(ctx);
        self.model = Some(files::load(
            path,
            &self.params,
            &self.architecture,
            self.model.as_ref(),
        )?);
        Ok(())
    }
}
