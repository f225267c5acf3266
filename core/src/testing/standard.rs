//! Standard inputs of each kind, small enough to list their results, for snapshots.

use super::conformance::{backbone, communicator, denoiser, encoder, loss, proposer, sampler, selector};
use crate::{
    Ctx, Result,
    testing::{Maker, Output},
};

/// What a fresh component gives on the standard input of its kind.
///
/// # Errors
/// The component's own.
pub(super) fn output(maker: &Maker<'_>, ctx: &Ctx<'_>) -> Result<Output> {
    match maker {
        Maker::Encoder(make) => encoder::output(&mut *make()?, ctx),
        Maker::Proposer(make) => proposer::output(&mut *make()?, ctx),
        Maker::Selector(make) => selector::output(&mut *make()?, ctx),
        Maker::Denoiser(make) => denoiser::output(&mut *make()?, ctx),
        Maker::Sampler(make) => sampler::output(&mut *make()?, ctx),
        Maker::Backbone(make) => backbone::output(&mut *make()?, ctx),
        Maker::Loss(make) => loss::output(&mut *make()?, ctx),
        Maker::Communicator(make) => communicator::output(&*make()?),
    }
}
