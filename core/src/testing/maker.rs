//! Fresh instances of one component, wherever it lives.

use crate::{
    Backbone, Communicator, Denoiser, Encoder, Error, IdProposer, IdSelector, Kind, Loss, Registration, Result,
    Sampler, load::Plugin,
};

/// Gives a new instance at each call.
pub type Make<'a, T> = Box<dyn Fn() -> Result<Box<T>> + 'a>;

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident $trait:ident $make:ident $kind:ident;)*) => {
        /// Makes fresh instances of one component: from a built library, or from the crate itself.
        pub enum Maker<'a> {
            $($(#[$doc])* $variant(Make<'a, dyn $trait>),)*
        }

        impl Maker<'_> {
            /// What it makes.
            pub fn kind(&self) -> Kind {
                match self {
                    $(Self::$variant(_) => Kind::$kind,)*
                }
            }
        }

        impl<'a> Maker<'a> {
            /// A component of a library.
            ///
            /// # Errors
            /// A kind of a newer API.
            pub fn of_plugin(plugin: Plugin, kind: Kind, name: &'a str, params: &'a str) -> Result<Self> {
                match kind {
                    $(Kind::$kind => Ok(Self::$variant(Box::new(move || plugin.$make(name, params)))),)*
                    other => Err(Error::unsupported(format!("a component of kind {other:?} cannot be made"))),
                }
            }

            /// A component that is linked into this binary.
            pub fn of_registration(entry: &'a Registration, params: &'a str) -> Self {
                match entry.kind() {
                    $(Kind::$kind => Self::$variant(Box::new(move || entry.$make(params))),)*
                    _ => unreachable!("registrations are of this API's kinds"),
                }
            }
        }
    };
}
kinds! {
    /// Encoders.
    Encoder Encoder make_encoder ENCODER;
    /// Proposers.
    Proposer IdProposer make_proposer PROPOSER;
    /// Selectors.
    Selector IdSelector make_selector SELECTOR;
    /// Denoisers.
    Denoiser Denoiser make_denoiser DENOISER;
    /// Samplers.
    Sampler Sampler make_sampler SAMPLER;
    /// Backbones.
    Backbone Backbone make_backbone BACKBONE;
    /// Losses.
    Loss Loss make_loss LOSS;
    /// Communicators.
    Communicator Communicator make_communicator COMMUNICATOR;
}
