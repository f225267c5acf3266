use std::ops::DerefMut;

use abi_stable::{
    sabi_trait,
    std_types::{RBox, RResult},
};

use super::{Guarded, guard};
use crate::{CandidatesMut, Ctx, Error, IdProposer, Identities, Result};

#[sabi_trait]
pub trait ProposerAbi: Send {
    fn count(&self, identities: usize, requested: usize) -> RResult<usize, Error>;
    #[sabi(last_prefix_field)]
    fn propose(&mut self, identities: Identities<'_>, out: CandidatesMut<'_>, ctx: &Ctx<'_>) -> RResult<(), Error>;
}

pub type ProposerObj<'a> = ProposerAbi_TO<'a, RBox<()>>;

impl<'a, T: DerefMut<Target = dyn IdProposer + 'a> + Send> ProposerAbi for Guarded<T> {
    fn count(&self, identities: usize, requested: usize) -> RResult<usize, Error> {
        guard(|| self.get().count(identities, requested))
    }
    fn propose(&mut self, identities: Identities<'_>, out: CandidatesMut<'_>, ctx: &Ctx<'_>) -> RResult<(), Error> {
        guard(|| self.get_mut().propose(&identities, out, ctx))
    }
}

/// A proposer in another library.
pub struct RemoteProposer(pub ProposerObj<'static>);

impl IdProposer for RemoteProposer {
    fn count(&self, identities: usize, requested: usize) -> Result<usize> {
        self.0.count(identities, requested).into_result()
    }
    fn propose(&mut self, identities: &Identities<'_>, out: CandidatesMut<'_>, ctx: &Ctx<'_>) -> Result<()> {
        self.0.propose(*identities, out, ctx).into_result()
    }
}
