use std::path::Path;

use ficta_core::{Backbone, BackboneInfo, Configure, Ctx, Loss, Result, SaveKind, TensorMut, TensorRef};
use my_backbone::MyBackbone;

use crate::Params;

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
        let done = self.good.train_step(images, labels, loss, learning_rate, ctx);
        if self.fault == "swallows-errors" {
            Ok(done.unwrap_or(1.0))
        } else {
            done
        }
    }

    fn embed(&mut self, images: TensorRef<'_>, mut out: TensorMut<'_>, ctx: &Ctx<'_>) -> Result<()> {
        self.good.embed(images, out.reborrow(), ctx)?;
        if self.fault == "normalises-the-batch" {
            let values = out.as_mut_slice::<f32>()?;
            let norm = values.iter().map(|x| x * x).sum::<f32>().sqrt();
            values.iter_mut().for_each(|x| *x /= norm);
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
        self.good.load(path, ctx)
    }
}

ficta_core::register_backbone!(Wrong, "wrong-backbone", "Breaks the contract");
