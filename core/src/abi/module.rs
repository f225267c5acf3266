//! What a plugin library offers: a table of functions.

use abi_stable::{
    StableAbi,
    library::{RootModule, RootModuleResult},
    prefix_type::PrefixTypeTrait,
    sabi_trait::TD_Opaque,
    sabi_types::VersionStrings,
    std_types::{RResult, RStr, RString, RVec},
};

use super::{BackboneObj, CommunicatorObj, DenoiserObj, EncoderObj, LossObj, ProposerObj, SamplerObj, SelectorObj};
use super::{
    Guarded, backbone::BackboneAbi_TO, communicator::CommunicatorAbi_TO, denoiser::DenoiserAbi_TO,
    encoder::EncoderAbi_TO, guard, guard::keep_panic_places, loss::LossAbi_TO, proposer::ProposerAbi_TO,
    sampler::SamplerAbi_TO, selector::SelectorAbi_TO,
};
use crate::{Component, Error, Kind, Registration, Result, static_components};

/// [`Component`] as it crosses.
#[repr(C)]
#[derive(StableAbi, Debug, Clone)]
pub struct ComponentInfo {
    pub kind: Kind,
    pub name: RString,
    pub summary: RString,
    pub params_schema: RString,
}

/// A plugin's function table. New kinds are appended behind `last_prefix_field`, as optional fields.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = PluginModuleRef, prefix_fields = PluginModulePrefix)))]
pub struct PluginModule {
    pub components: extern "C" fn() -> RResult<RVec<ComponentInfo>, Error>,
    pub make_encoder: extern "C" fn(RStr<'_>, RStr<'_>) -> RResult<EncoderObj<'static>, Error>,
    pub make_proposer: extern "C" fn(RStr<'_>, RStr<'_>) -> RResult<ProposerObj<'static>, Error>,
    pub make_selector: extern "C" fn(RStr<'_>, RStr<'_>) -> RResult<SelectorObj<'static>, Error>,
    pub make_denoiser: extern "C" fn(RStr<'_>, RStr<'_>) -> RResult<DenoiserObj<'static>, Error>,
    pub make_sampler: extern "C" fn(RStr<'_>, RStr<'_>) -> RResult<SamplerObj<'static>, Error>,
    pub make_backbone: extern "C" fn(RStr<'_>, RStr<'_>) -> RResult<BackboneObj<'static>, Error>,
    pub make_loss: extern "C" fn(RStr<'_>, RStr<'_>) -> RResult<LossObj<'static>, Error>,
    #[sabi(last_prefix_field)]
    pub make_communicator: extern "C" fn(RStr<'_>, RStr<'_>) -> RResult<CommunicatorObj<'static>, Error>,
}

impl RootModule for PluginModuleRef {
    abi_stable::declare_root_module_statics! {PluginModuleRef}
    const BASE_NAME: &'static str = "ficta_plugin";
    const NAME: &'static str = "ficta_plugin";
    // The API's version, not the crate's: with 0.x crate versions abi_stable would refuse every plugin of an older minor.
    const VERSION_STRINGS: VersionStrings = VersionStrings::new("1.1.0");
}

fn find(kind: Kind, name: &str) -> Result<&'static Registration> {
    static_components()
        .into_iter()
        .find(|r| r.kind() == kind && r.name == name)
        .ok_or_else(|| Error::config(format!("this plugin has no {kind} `{name}`")))
}

extern "C" fn components() -> RResult<RVec<ComponentInfo>, Error> {
    guard(|| {
        Ok(static_components()
            .into_iter()
            .map(Registration::component)
            .map(Component::into)
            .collect())
    })
}

macro_rules! makers {
    ($($make:ident $kind:ident $object:ident $mirror:ident;)*) => {$(
        extern "C" fn $make(name: RStr<'_>, params: RStr<'_>) -> RResult<$object<'static>, Error> {
            guard(|| {
                let component = find(Kind::$kind, name.as_str())?.$make(params.as_str())?;
                Ok($mirror::from_value(Guarded::new(component), TD_Opaque))
            })
        }
    )*};
}
makers! {
    make_encoder ENCODER EncoderObj EncoderAbi_TO;
    make_proposer PROPOSER ProposerObj ProposerAbi_TO;
    make_selector SELECTOR SelectorObj SelectorAbi_TO;
    make_denoiser DENOISER DenoiserObj DenoiserAbi_TO;
    make_sampler SAMPLER SamplerObj SamplerAbi_TO;
    make_backbone BACKBONE BackboneObj BackboneAbi_TO;
    make_loss LOSS LossObj LossAbi_TO;
    make_communicator COMMUNICATOR CommunicatorObj CommunicatorAbi_TO;
}

/// Called once by the host after its checks.
#[doc(hidden)]
pub extern "C" fn root_module() -> RootModuleResult {
    fn build() -> PluginModuleRef {
        keep_panic_places();
        PluginModule {
            components,
            make_encoder,
            make_proposer,
            make_selector,
            make_denoiser,
            make_sampler,
            make_backbone,
            make_loss,
            make_communicator,
        }
        .leak_into_prefix()
    }
    abi_stable::library::__call_root_module_loader(build)
}

impl From<Component> for ComponentInfo {
    fn from(c: Component) -> Self {
        Self {
            kind: c.kind,
            name: c.name.into(),
            summary: c.summary.into(),
            params_schema: c.params_schema.into(),
        }
    }
}
impl From<ComponentInfo> for Component {
    fn from(c: ComponentInfo) -> Self {
        Self {
            kind: c.kind,
            name: c.name.into(),
            summary: c.summary.into(),
            params_schema: c.params_schema.into(),
        }
    }
}
