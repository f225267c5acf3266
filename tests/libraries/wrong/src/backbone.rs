use std::path::Path;

use ficta_core::{
    Backbone, BackboneInfo, Configure, Ctx, Loss, LossGradient, LossInput, Result, SaveKind, TensorMut, TensorRef,
};
use my_backbone::MyBackbone;

use crate::{Params, common, expect_some, trembling};

pub struct Wrong {
    fault: String,
    good: MyBackbone,
}

impl Configure for Wrong {
    type Params = Params;
    fn configure(params: Params) -> Result<Self> {
        Ok(Self {
            fault: params.fault,
            good: MyBackbone::configure(my_backbone::Params::default())?,
        })
    }
}

impl Backbone for Wrong {
    fn info(&self) -> BackboneInfo {
        let mut info = self.good.info();
        if self.fault == "miscounts-classes" {
            info.classes += 1;
        }
        info
    }

    fn initialise(&mut self, classes: usize, seed: u64, ctx: &Ctx<'_>) -> Result<()> {
        let seed = if self.fault == "ignores-the-seed" { 1 } else { seed };
        self.good.initialise(classes, seed, ctx)
    }

    fn train_step(
        &mut self,
        images: TensorRef<'_>,
        labels: TensorRef<'_>,
        loss: &mut dyn Loss,
        learning_rate: f64,
        ctx: &Ctx<'_>,
    ) -> Result<f64> {
        common(&self.fault, ctx)?;
        match &*self.fault {
            "climbs" => self.good.train_step(images, labels, loss, -learning_rate, ctx),
            "lends-other-norms" => self
                .good
                .train_step(images, labels, &mut OtherNorms(loss), learning_rate, ctx),
            "swallows-errors" => {
                let done = self.good.train_step(images, labels, loss, learning_rate, ctx);
                Ok(done.unwrap_or(1.0))
            }
            _ => self.good.train_step(images, labels, loss, learning_rate, ctx),
        }
    }

    fn embed(&mut self, images: TensorRef<'_>, mut out: TensorMut<'_>, ctx: &Ctx<'_>) -> Result<()> {
        expect_some(&self.fault, images.shape().first());
        self.good.embed(images, out.reborrow(), ctx)?;
        let values = out.as_mut_slice::<f32>()?;
        let Some(last) = values.len().checked_sub(1) else {
            return Ok(());
        };
        match &*self.fault {
            "normalises-the-batch" => {
                let norm = values.iter().map(|x| x * x).sum::<f32>().sqrt();
                values.iter_mut().for_each(|x| *x /= norm);
            }
            "leaves-the-last" => values[last] = f32::NAN,
            "not-repeatable" => values[0] += trembling(),
            "counts-threads" if ctx.threads() > 1 => values.iter_mut().for_each(|x| *x *= 1.01),
            _ => {}
        }
        Ok(())
    }

    fn save(&self, path: &Path, what: SaveKind, ctx: &Ctx<'_>) -> Result<()> {
        // Without the momentum a checkpoint does not go on with the same bytes.
        let what = if self.fault == "forgets-momentum" {
            SaveKind::WEIGHTS
        } else {
            what
        };
        self.good.save(path, what, ctx)
    }

    fn load(&mut self, path: &Path, ctx: &Ctx<'_>) -> Result<()> {
        match &*self.fault {
            "takes-any-file" => self.good.load(path, ctx).or_else(|_| self.good.initialise(4, 1, ctx)),
            "loads-nothing" => self.good.load(path, ctx).and_then(|()| self.good.initialise(4, 1, ctx)),
            _ => self.good.load(path, ctx),
        }
    }
}

/// Lends the loss norms below 0.
struct OtherNorms<'a>(&'a mut dyn Loss);

impl Loss for OtherNorms<'_> {
    fn evaluate(&mut self, input: &LossInput<'_>, gradient: LossGradient<'_>, ctx: &Ctx<'_>) -> Result<f64> {
        let norms: Vec<f32> = input.norms.as_slice::<f32>()?.iter().map(|n| -n).collect();
        let mut input = *input;
        input.norms = TensorRef::new(&norms, &[norms.len()])?;
        self.0.evaluate(&input, gradient, ctx)
    }
}

ficta_core::register_backbone!(Wrong, "wrong-backbone", "Breaks the contract");
