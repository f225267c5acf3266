use std::ops::DerefMut;

use abi_stable::{
    sabi_trait,
    sabi_types::RMut,
    std_types::{RBox, ROption, RResult},
};

use super::{
    Guarded,
    denoiser::{DenoiserAbi_TO, DenoiserLent, RemoteDenoiser},
    guard,
    guard::Lent,
};
use crate::{Ctx, Denoiser, Error, Result, Sampler, TensorMut, TensorRef};

#[sabi_trait]
pub trait SamplerAbi: Send {
    #[sabi(last_prefix_field)]
    fn sample(
        &mut self,
        denoiser: DenoiserLent<'_>,
        conditions: TensorRef<'_>,
        seeds: TensorRef<'_>,
        out: TensorMut<'_>,
        ctx: &Ctx<'_>,
    ) -> RResult<(), Error>;
    /// API 1.1: a plugin of 1.0 does not have it.
    fn predictions(&self, _timesteps: usize) -> RResult<ROption<u64>, Error> {
        RResult::ROk(ROption::RNone)
    }
}

pub type SamplerObj<'a> = SamplerAbi_TO<'a, RBox<()>>;

impl<'a, T: DerefMut<Target = dyn Sampler + 'a> + Send> SamplerAbi for Guarded<T> {
    fn sample(
        &mut self,
        denoiser: DenoiserLent<'_>,
        conditions: TensorRef<'_>,
        seeds: TensorRef<'_>,
        out: TensorMut<'_>,
        ctx: &Ctx<'_>,
    ) -> RResult<(), Error> {
        guard(|| {
            self.get_mut()
                .sample(&mut RemoteDenoiser(denoiser), conditions, seeds, out, ctx)
        })
    }
    fn predictions(&self, timesteps: usize) -> RResult<ROption<u64>, Error> {
        guard(|| Ok(self.get().predictions(timesteps).into()))
    }
}

/// A sampler in another library. It drives whatever denoiser the host lends it, also one from a third library.
pub struct RemoteSampler(pub SamplerObj<'static>);

impl Sampler for RemoteSampler {
    fn sample(
        &mut self,
        denoiser: &mut dyn Denoiser,
        conditions: TensorRef<'_>,
        seeds: TensorRef<'_>,
        out: TensorMut<'_>,
        ctx: &Ctx<'_>,
    ) -> Result<()> {
        let mut held = Lent::new(denoiser);
        let lent = DenoiserAbi_TO::from_ptr(RMut::new(&mut held), sabi_trait::TD_Opaque);
        self.0.sample(lent, conditions, seeds, out, ctx).into_result()
    }
    fn predictions(&self, timesteps: usize) -> Option<u64> {
        // The number is for the log: a plugin that fails to tell it is one that does not know it.
        let told = self.0.predictions(timesteps).into_result().ok();
        told.and_then(ROption::into_option)
    }
}
