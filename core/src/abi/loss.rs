use std::ops::DerefMut;

use abi_stable::{
    pointer_trait::{AsMutPtr, AsPtr, GetPointerKind},
    sabi_trait,
    sabi_types::RMut,
    std_types::{RBox, RResult, RSlice, RVec},
};

use super::{Guarded, guard, guard::Lent};
use crate::{Ctx, Error, Loss, LossGradient, LossInput, Result};

#[sabi_trait]
pub trait LossAbi: Send {
    fn evaluate(&mut self, input: LossInput<'_>, gradient: LossGradient<'_>, ctx: &Ctx<'_>) -> RResult<f64, Error>;
    fn save_state(&self) -> RResult<RVec<u8>, Error>;
    #[sabi(last_prefix_field)]
    fn load_state(&mut self, state: RSlice<'_, u8>) -> RResult<(), Error>;
}

pub type LossObj<'a> = LossAbi_TO<'a, RBox<()>>;
/// A loss lent for the length of a call.
pub type LossLent<'a> = LossAbi_TO<'a, RMut<'a, ()>>;

macro_rules! mirror {
    ($holder:ident) => {
        impl<'a, T: DerefMut<Target = dyn Loss + 'a> + Send> LossAbi for $holder<T> {
            fn evaluate(
                &mut self,
                input: LossInput<'_>,
                gradient: LossGradient<'_>,
                ctx: &Ctx<'_>,
            ) -> RResult<f64, Error> {
                guard(|| self.get_mut().evaluate(&input, gradient, ctx))
            }
            fn save_state(&self) -> RResult<RVec<u8>, Error> {
                guard(|| self.get().save_state().map(RVec::from))
            }
            fn load_state(&mut self, state: RSlice<'_, u8>) -> RResult<(), Error> {
                guard(|| self.get_mut().load_state(state.as_slice()))
            }
        }
    };
}
mirror!(Guarded);
mirror!(Lent);

/// A loss in another library, owned (`RBox`) or lent (`RMut`).
pub struct RemoteLoss<'a, P: AsMutPtr<PtrTarget = ()> + GetPointerKind>(pub LossAbi_TO<'a, P>);

impl<P> Loss for RemoteLoss<'_, P>
where
    P: AsPtr<PtrTarget = ()> + AsMutPtr<PtrTarget = ()> + Send,
{
    fn evaluate(&mut self, input: &LossInput<'_>, gradient: LossGradient<'_>, ctx: &Ctx<'_>) -> Result<f64> {
        self.0.evaluate(*input, gradient, ctx).into_result()
    }
    fn save_state(&self) -> Result<Vec<u8>> {
        self.0.save_state().into_result().map(RVec::into_vec)
    }
    fn load_state(&mut self, state: &[u8]) -> Result<()> {
        self.0.load_state(state.into()).into_result()
    }
}
