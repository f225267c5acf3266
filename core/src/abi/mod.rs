//! The ABI layer: layout-checked mirrors of the author traits and the two adapters for each, `Guarded` on the callee's side and
//! `Remote...` on the caller's. The only users of abi_stable besides the types that cross.
#![allow(missing_docs)] // the mirrors repeat the author traits, where the documentation stands

mod backbone;
mod communicator;
mod denoiser;
mod encoder;
mod guard;
mod loss;
mod module;
mod proposer;
mod sampler;
mod selector;

pub use backbone::{BackboneObj, RemoteBackbone};
pub use communicator::{CommunicatorObj, RemoteCommunicator};
pub use denoiser::{DenoiserObj, RemoteDenoiser};
pub use encoder::{EncoderObj, RemoteEncoder};
pub use guard::{Guarded, guard};
pub use loss::{LossObj, RemoteLoss};
pub use module::{ComponentInfo, PluginModule, PluginModuleRef, root_module};
pub use proposer::{ProposerObj, RemoteProposer};
pub use sampler::{RemoteSampler, SamplerObj};
pub use selector::{RemoteSelector, SelectorObj};

use std::path::Path;

use abi_stable::std_types::RStr;

use crate::{Error, Result};

/// A path as it crosses.
fn path_text(path: &Path) -> Result<RStr<'_>> {
    path.to_str()
        .map(RStr::from_str)
        .ok_or_else(|| Error::io(format!("{}: the path is not UTF-8, which plugins need", path.display())))
}
