use std::ops::DerefMut;

use abi_stable::{
    sabi_trait,
    std_types::{RBox, RResult},
};

use super::{Guarded, guard};
use crate::{Candidates, Ctx, Error, IdSelector, Identities, Result, SelectionMut, TensorMut, TensorRef};

#[sabi_trait]
pub trait SelectorAbi: Send {
    fn select(
        &mut self,
        candidates: Candidates<'_>,
        real: Identities<'_>,
        out: SelectionMut<'_>,
        ctx: &Ctx<'_>,
    ) -> RResult<usize, Error>;
    #[sabi(last_prefix_field)]
    fn yield_curve(
        &mut self,
        candidates: Candidates<'_>,
        real: Identities<'_>,
        thresholds: TensorRef<'_>,
        kept: TensorMut<'_>,
        ctx: &Ctx<'_>,
    ) -> RResult<(), Error>;
}

pub type SelectorObj<'a> = SelectorAbi_TO<'a, RBox<()>>;

impl<'a, T: DerefMut<Target = dyn IdSelector + 'a> + Send> SelectorAbi for Guarded<T> {
    fn select(
        &mut self,
        candidates: Candidates<'_>,
        real: Identities<'_>,
        out: SelectionMut<'_>,
        ctx: &Ctx<'_>,
    ) -> RResult<usize, Error> {
        guard(|| self.get_mut().select(&candidates, &real, out, ctx))
    }
    fn yield_curve(
        &mut self,
        candidates: Candidates<'_>,
        real: Identities<'_>,
        thresholds: TensorRef<'_>,
        kept: TensorMut<'_>,
        ctx: &Ctx<'_>,
    ) -> RResult<(), Error> {
        guard(|| self.get_mut().yield_curve(&candidates, &real, thresholds, kept, ctx))
    }
}

/// A selector in another library.
pub struct RemoteSelector(pub SelectorObj<'static>);

impl IdSelector for RemoteSelector {
    fn select(
        &mut self,
        candidates: &Candidates<'_>,
        real: &Identities<'_>,
        out: SelectionMut<'_>,
        ctx: &Ctx<'_>,
    ) -> Result<usize> {
        self.0.select(*candidates, *real, out, ctx).into_result()
    }
    fn yield_curve(
        &mut self,
        candidates: &Candidates<'_>,
        real: &Identities<'_>,
        thresholds: TensorRef<'_>,
        kept: TensorMut<'_>,
        ctx: &Ctx<'_>,
    ) -> Result<()> {
        self.0
            .yield_curve(*candidates, *real, thresholds, kept, ctx)
            .into_result()
    }
}
