use ficta_core::{Configure, Ctx, Denoiser, Result, Sampler, TensorMut, TensorRef};
use my_sampler::MySampler;

use crate::{Params, common, expect_some, tick};

pub struct Wrong {
    fault: String,
    good: MySampler,
}

impl Configure for Wrong {
    type Params = Params;
    fn configure(params: Params) -> Result<Self> {
        Ok(Self {
            fault: params.fault,
            good: MySampler::configure(my_sampler::Params::default())?,
        })
    }
}

impl Sampler for Wrong {
    fn sample(
        &mut self,
        denoiser: &mut dyn Denoiser,
        conditions: TensorRef<'_>,
        seeds: TensorRef<'_>,
        mut out: TensorMut<'_>,
        ctx: &Ctx<'_>,
    ) -> Result<()> {
        common(&self.fault, ctx)?;
        expect_some(&self.fault, seeds.shape().first());
        let own = seeds.as_slice::<u64>().map(<[u64]>::to_vec).unwrap_or_default();
        let seeded: Vec<u64> = match &*self.fault {
            // The noise of row i comes from the first row's seed.
            "one-stream" => (0..own.len() as u64).map(|i| own[0] + i).collect(),
            "ignores-seeds" => vec![1; own.len()],
            "not-repeatable" => own.iter().map(|s| s + tick()).collect(),
            _ => own.clone(),
        };
        let changed = seeded != own;
        let seeds = if changed {
            TensorRef::new(&seeded, &[seeded.len()])?
        } else {
            seeds
        };
        let zeros = vec![0.5f32; conditions.len()];
        let conditions = match &*self.fault {
            "ignores-conditions" => TensorRef::new(&zeros, conditions.shape())?,
            _ => conditions,
        };
        let done = self.good.sample(denoiser, conditions, seeds, out.reborrow(), ctx);
        match &*self.fault {
            "swallows-errors" if done.is_err() => {
                out.as_mut_slice::<f32>()?.fill(0.0);
                return Ok(());
            }
            "leaves-the-last" if done.is_ok() => {
                if let Some(last) = out.as_mut_slice::<f32>()?.last_mut() {
                    *last = f32::NAN;
                }
            }
            "counts-threads" if ctx.threads() > 1 => out.as_mut_slice::<f32>()?.iter_mut().for_each(|x| *x *= 0.999),
            "out-of-range" => out.as_mut_slice::<f32>()?.iter_mut().for_each(|x| *x *= 5.0),
            _ => {}
        }
        done
    }

    fn predictions(&self, timesteps: usize) -> Option<u64> {
        let told = self.good.predictions(timesteps);
        if self.fault == "miscounts" {
            told.map(|n| n + 1)
        } else {
            told
        }
    }
}

ficta_core::register_sampler!(Wrong, "wrong-sampler", "Breaks the contract");
