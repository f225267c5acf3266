//! Components, their parameters, and the registry of one binary.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::{
    Backbone, Communicator, Denoiser, Encoder, Error, ErrorKind, IdProposer, IdSelector, Loss, Result, Sampler,
};

/// What a component is. A transparent integer for the same reason as [`ErrorKind`].
#[repr(transparent)]
#[derive(abi_stable::StableAbi, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kind(u32);

/// A component that is built from parameters in the run file.
pub trait Configure: Sized {
    /// The parameters. Derive `Deserialize` with `deny_unknown_fields`, and `JsonSchema`.
    type Params: DeserializeOwned + JsonSchema;

    /// Builds the component.
    ///
    /// # Errors
    /// [`ErrorKind::CONFIG`] for values that cannot be honoured, with the key, the value and what is allowed.
    fn configure(params: Self::Params) -> Result<Self>;
}

/// One entry of the registry of *this* binary: the host, or one plugin.
pub struct Registration {
    /// Name in run files, unique within its kind.
    pub name: &'static str,
    /// One line for listings.
    pub summary: &'static str,
    pub(crate) schema: fn() -> String,
    pub(crate) factory: Factory,
}
inventory::collect!(Registration);

/// A component as listed to users, wherever it lives.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Component {
    /// What it is.
    pub kind: Kind,
    /// Name in run files.
    pub name: String,
    /// One line for listings.
    pub summary: String,
    /// JSON Schema of the parameters.
    pub params_schema: String,
}

fn parse<C: Configure>(json: &str) -> Result<C> {
    let params = serde_json::from_str::<C::Params>(json)
        .map_err(|e| Error::new(ErrorKind::CONFIG, format!("bad parameters {json}: {e}")))?;
    C::configure(params)
}

fn schema<C: Configure>() -> String {
    serde_json::to_string(&schemars::schema_for!(C::Params)).expect("a schema is JSON")
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $name:literal $trait:ident $make:ident $register:ident = $value:literal;)*) => {
        impl Kind {
            $($(#[$doc])* pub const $kind: Self = Self($value);)*
            /// Every kind of this API version.
            pub const ALL: &[Self] = &[$(Self::$kind),*];

            /// The kind in run files and listings.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                    _ => "unknown",
                }
            }
        }

        #[derive(Clone, Copy)]
        pub(crate) enum Factory {
            $($trait(fn(&str) -> Result<Box<dyn $trait>>),)*
        }

        impl Registration {
            $(
                #[doc = concat!("An entry for a [`", stringify!($trait), "`].")]
                pub const fn $make<C: Configure + $trait + 'static>(name: &'static str, summary: &'static str) -> Self {
                    Self { name, summary, schema: schema::<C>, factory: Factory::$trait(|json| Ok(Box::new(parse::<C>(json)?))) }
                }
                #[doc = concat!("Builds this entry's component from JSON parameters, if it is a [`", stringify!($trait), "`].\n\n# Errors\nAnother kind; the component's own.")]
                pub fn $register(&self, params: &str) -> Result<Box<dyn $trait>> {
                    match self.factory {
                        Factory::$trait(make) => make(params),
                        _ => Err(self.not_a(Kind::$kind)),
                    }
                }
            )*

            /// What the component is.
            pub fn kind(&self) -> Kind {
                match self.factory {
                    $(Factory::$trait(_) => Kind::$kind,)*
                }
            }
        }
    };
}

kinds! {
    /// [`Encoder`].
    ENCODER "encoder" Encoder encoder make_encoder = 1;
    /// [`IdProposer`].
    PROPOSER "proposer" IdProposer proposer make_proposer = 2;
    /// [`IdSelector`].
    SELECTOR "selector" IdSelector selector make_selector = 3;
    /// [`Denoiser`].
    DENOISER "denoiser" Denoiser denoiser make_denoiser = 4;
    /// [`Sampler`].
    SAMPLER "sampler" Sampler sampler make_sampler = 5;
    /// [`Backbone`].
    BACKBONE "backbone" Backbone backbone make_backbone = 6;
    /// [`Loss`].
    LOSS "loss" Loss loss make_loss = 7;
    /// [`Communicator`].
    COMMUNICATOR "communicator" Communicator communicator make_communicator = 8;
}

impl std::fmt::Debug for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}
impl serde::Serialize for Kind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl Registration {
    /// The entry as listed to users.
    pub fn component(&self) -> Component {
        Component {
            kind: self.kind(),
            name: self.name.into(),
            summary: self.summary.into(),
            params_schema: (self.schema)(),
        }
    }

    fn not_a(&self, kind: Kind) -> Error {
        Error::config(format!(
            "`{}` is a {}, but a {kind} is wanted here",
            self.name,
            self.kind()
        ))
    }
}

/// The components linked into the binary that asks, by kind and name (inventory itself promises no order).
pub fn static_components() -> Vec<&'static Registration> {
    let mut all: Vec<_> = inventory::iter::<Registration>.into_iter().collect();
    all.sort_by_key(|r| (r.kind(), r.name));
    all
}

macro_rules! register {
    ($d:tt $($macro:ident $make:ident $trait:literal)*) => {$(
        #[doc = concat!("Registers a type that implements `", $trait, "` and `Configure`: type, name in run files, one-line summary.")]
        #[macro_export]
        macro_rules! $macro {
            ($d ty:ty, $d name:literal, $d summary:literal) => {
                $crate::private::inventory::submit! { $crate::Registration::$make::<$d ty>($d name, $d summary) }
            };
        }
    )*};
}
register! { $
    register_encoder encoder "Encoder"
    register_proposer proposer "IdProposer"
    register_selector selector "IdSelector"
    register_denoiser denoiser "Denoiser"
    register_sampler sampler "Sampler"
    register_backbone backbone "Backbone"
    register_loss loss "Loss"
    register_communicator communicator "Communicator"
}
