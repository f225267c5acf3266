use std::path::Path;

use ficta_core::{Configure, Ctx, Denoiser, DenoiserInfo, Result, SaveKind, TensorMut, TensorRef};
use my_denoiser::MyDenoiser;

use crate::{Params, common, expect_some, trembling};

pub struct Wrong {
    fault: String,
    good: MyDenoiser,
}

impl Configure for Wrong {
    type Params = Params;
    fn configure(params: Params) -> Result<Self> {
        Ok(Self {
            fault: params.fault,
            good: MyDenoiser::configure(my_denoiser::Params::default())?,
        })
    }
}

impl Denoiser for Wrong {
    fn info(&self) -> DenoiserInfo {
        let mut info = self.good.info();
        if self.fault == "schedule-rises" {
            info.alpha_bar = info.alpha_bar.iter().rev().copied().collect();
        }
        info
    }

    fn initialise(&mut self, condition_dim: usize, seed: u64, ctx: &Ctx<'_>) -> Result<()> {
        let seed = if self.fault == "ignores-the-seed" { 1 } else { seed };
        self.good.initialise(condition_dim, seed, ctx)
    }

    fn predict(
        &mut self,
        x_t: TensorRef<'_>,
        t: TensorRef<'_>,
        condition: Option<TensorRef<'_>>,
        mut out: TensorMut<'_>,
        ctx: &Ctx<'_>,
    ) -> Result<()> {
        expect_some(&self.fault, t.shape().first());
        let clamped: Vec<i64> = t.as_slice::<i64>()?.iter().map(|t| (*t).clamp(0, 999)).collect();
        let t = if self.fault == "clamps-t" {
            TensorRef::new(&clamped, &[clamped.len()])?
        } else {
            t
        };
        match &*self.fault {
            "trusts-the-room" => assert_eq!(x_t.shape(), out.shape()),
            "starts-by-itself" if self.good.info().condition_dim == 0 => self.good.initialise(8, 1, ctx)?,
            _ => {}
        }
        let images = self.images(&x_t);
        let x_t = match &images {
            Some(images) => TensorRef::new(images, x_t.shape())?,
            None => x_t,
        };
        self.good.predict(x_t, t, condition, out.reborrow(), ctx)?;
        let values = out.as_mut_slice::<f32>()?;
        let Some(last) = values.len().checked_sub(1) else {
            return Ok(());
        };
        match &*self.fault {
            "mixes-rows" => {
                let mean = values.iter().sum::<f32>() / values.len() as f32;
                values.iter_mut().for_each(|x| *x += mean);
            }
            "leaves-the-last" => values[last] = f32::NAN,
            "not-repeatable" => values[0] += trembling(),
            "counts-threads" if ctx.threads() > 1 => values.iter_mut().for_each(|x| *x *= 1.01),
            _ => {}
        }
        Ok(())
    }

    fn train_step(
        &mut self,
        images: TensorRef<'_>,
        conditions: TensorRef<'_>,
        seeds: TensorRef<'_>,
        learning_rate: f64,
        ctx: &Ctx<'_>,
    ) -> Result<f64> {
        common(&self.fault, ctx)?;
        let rate = if self.fault == "climbs" {
            -learning_rate
        } else {
            learning_rate
        };
        self.good.train_step(images, conditions, seeds, rate, ctx)
    }

    fn save(&self, path: &Path, what: SaveKind, ctx: &Ctx<'_>) -> Result<()> {
        self.good.save(path, what, ctx)
    }

    fn load(&mut self, path: &Path, ctx: &Ctx<'_>) -> Result<()> {
        match &*self.fault {
            "takes-any-file" => self.good.load(path, ctx).or_else(|_| self.good.initialise(8, 1, ctx)),
            "loads-nothing" => self.good.load(path, ctx).and_then(|()| self.good.initialise(8, 1, ctx)),
            _ => self.good.load(path, ctx),
        }
    }
}

impl Wrong {
    /// Other images than were given, where the fault is to take what must be refused.
    fn images(&self, x_t: &TensorRef<'_>) -> Option<Vec<f32>> {
        match &*self.fault {
            "hides-nan" => {
                let own = x_t.as_slice::<f32>().ok()?.iter();
                Some(own.map(|x| if x.is_finite() { *x } else { 0.0 }).collect())
            }
            "takes-any-type" => Some(x_t.as_slice::<f64>().ok()?.iter().map(|x| *x as f32).collect()),
            _ => None,
        }
    }
}

ficta_core::register_denoiser!(Wrong, "wrong-denoiser", "Breaks the contract");
