use ficta_core::{Configure, Ctx, Denoiser, Result, Sampler, TensorMut, TensorRef};

use crate::{Mode, Params};

pub struct Hostile(Mode);

impl Configure for Hostile {
    type Params = Params;
    fn configure(params: Params) -> Result<Self> {
        Ok(Self(params.mode))
    }
}

impl Sampler for Hostile {
    /// Plain grey, a little lighter for each seed.
    fn sample(
        &mut self,
        _: &mut dyn Denoiser,
        _: TensorRef<'_>,
        seeds: TensorRef<'_>,
        mut out: TensorMut<'_>,
        _: &Ctx<'_>,
    ) -> Result<()> {
        self.0.misbehave()?;
        let size = out.len() / seeds.len().max(1);
        let images = out.as_mut_slice::<f32>()?;
        for (seed, image) in seeds.as_slice::<u64>()?.iter().zip(images.chunks_mut(size)) {
            image.fill((seed % 100) as f32 / 100.0);
        }
        if self.0 == Mode::Nan {
            images[size + 5] = f32::NAN;
        }
        Ok(())
    }
}

ficta_core::register_sampler!(Hostile, "hostile-sampler", "Plain grey, or misbehaves on request");
