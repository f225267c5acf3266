use std::{ops::DerefMut, path::Path};

use abi_stable::{
    pointer_trait::{AsMutPtr, AsPtr},
    sabi_trait,
    sabi_types::RMut,
    std_types::{RBox, ROption, RResult, RStr, RVec},
};

use super::{Guarded, guard, guard::Lent, path_text};
use crate::{Ctx, Denoiser, DenoiserInfo, Error, Prediction, Result, SaveKind, TensorMut, TensorRef};

#[sabi_trait]
pub trait DenoiserAbi: Send {
    fn info(&self) -> RResult<DenoiserInfo, Error>;
    fn initialise(&mut self, condition_dim: usize, seed: u64, ctx: &Ctx<'_>) -> RResult<(), Error>;
    fn predict(
        &mut self,
        x_t: TensorRef<'_>,
        t: TensorRef<'_>,
        condition: ROption<TensorRef<'_>>,
        out: TensorMut<'_>,
        ctx: &Ctx<'_>,
    ) -> RResult<(), Error>;
    fn train_step(
        &mut self,
        images: TensorRef<'_>,
        conditions: TensorRef<'_>,
        seeds: TensorRef<'_>,
        learning_rate: f64,
        ctx: &Ctx<'_>,
    ) -> RResult<f64, Error>;
    fn save(&self, path: RStr<'_>, what: SaveKind, ctx: &Ctx<'_>) -> RResult<(), Error>;
    #[sabi(last_prefix_field)]
    fn load(&mut self, path: RStr<'_>, ctx: &Ctx<'_>) -> RResult<(), Error>;
}

pub type DenoiserObj<'a> = DenoiserAbi_TO<'a, RBox<()>>;
/// A denoiser lent for the length of a call.
pub type DenoiserLent<'a> = DenoiserAbi_TO<'a, RMut<'a, ()>>;

macro_rules! mirror {
    ($holder:ident) => {
        impl<'a, T: DerefMut<Target = dyn Denoiser + 'a> + Send> DenoiserAbi for $holder<T> {
            fn info(&self) -> RResult<DenoiserInfo, Error> {
                guard(|| Ok(self.get().info()))
            }
            fn initialise(&mut self, condition_dim: usize, seed: u64, ctx: &Ctx<'_>) -> RResult<(), Error> {
                guard(|| self.get_mut().initialise(condition_dim, seed, ctx))
            }
            fn predict(
                &mut self,
                x_t: TensorRef<'_>,
                t: TensorRef<'_>,
                condition: ROption<TensorRef<'_>>,
                out: TensorMut<'_>,
                ctx: &Ctx<'_>,
            ) -> RResult<(), Error> {
                guard(|| self.get_mut().predict(x_t, t, condition.into_option(), out, ctx))
            }
            fn train_step(
                &mut self,
                images: TensorRef<'_>,
                conditions: TensorRef<'_>,
                seeds: TensorRef<'_>,
                learning_rate: f64,
                ctx: &Ctx<'_>,
            ) -> RResult<f64, Error> {
                guard(|| {
                    self.get_mut()
                        .train_step(images, conditions, seeds, learning_rate, ctx)
                })
            }
            fn save(&self, path: RStr<'_>, what: SaveKind, ctx: &Ctx<'_>) -> RResult<(), Error> {
                guard(|| self.get().save(Path::new(path.as_str()), what, ctx))
            }
            fn load(&mut self, path: RStr<'_>, ctx: &Ctx<'_>) -> RResult<(), Error> {
                guard(|| self.get_mut().load(Path::new(path.as_str()), ctx))
            }
        }
    };
}
mirror!(Guarded);
mirror!(Lent);

/// A denoiser in another library, owned (`RBox`) or lent (`RMut`).
pub struct RemoteDenoiser<'a, P: AsMutPtr<PtrTarget = ()> + abi_stable::pointer_trait::GetPointerKind>(
    pub DenoiserAbi_TO<'a, P>,
);

impl<P> Denoiser for RemoteDenoiser<'_, P>
where
    P: AsPtr<PtrTarget = ()> + AsMutPtr<PtrTarget = ()> + Send,
{
    /// Dimensions; those of a network that panics when asked are all 0, so that the caller's shape checks refuse it.
    fn info(&self) -> DenoiserInfo {
        self.0.info().into_result().unwrap_or(DenoiserInfo {
            channels: 0,
            height: 0,
            width: 0,
            condition_dim: 0,
            prediction: Prediction::V,
            alpha_bar: RVec::new(),
            parameters: 0,
        })
    }
    fn initialise(&mut self, condition_dim: usize, seed: u64, ctx: &Ctx<'_>) -> Result<()> {
        self.0.initialise(condition_dim, seed, ctx).into_result()
    }
    fn predict(
        &mut self,
        x_t: TensorRef<'_>,
        t: TensorRef<'_>,
        condition: Option<TensorRef<'_>>,
        out: TensorMut<'_>,
        ctx: &Ctx<'_>,
    ) -> Result<()> {
        self.0.predict(x_t, t, condition.into(), out, ctx).into_result()
    }
    fn train_step(
        &mut self,
        images: TensorRef<'_>,
        conditions: TensorRef<'_>,
        seeds: TensorRef<'_>,
        learning_rate: f64,
        ctx: &Ctx<'_>,
    ) -> Result<f64> {
        self.0
            .train_step(images, conditions, seeds, learning_rate, ctx)
            .into_result()
    }
    fn save(&self, path: &Path, what: SaveKind, ctx: &Ctx<'_>) -> Result<()> {
        self.0.save(path_text(path)?, what, ctx).into_result()
    }
    fn load(&mut self, path: &Path, ctx: &Ctx<'_>) -> Result<()> {
        self.0.load(path_text(path)?, ctx).into_result()
    }
}
