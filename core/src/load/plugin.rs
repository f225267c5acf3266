//! Opens one plugin library, with an explanation for everything that can go wrong.

use std::path::Path;

use abi_stable::library::{AbiHeaderRef, LibHeader};
use libloading::Library;

use super::{LibraryFile, LoadError, layout};
use crate::{
    Backbone, Communicator, Component, Denoiser, Encoder, IdProposer, IdSelector, Loss, Result, Sampler, Stamp,
    abi::{
        PluginModuleRef, RemoteBackbone, RemoteCommunicator, RemoteDenoiser, RemoteEncoder, RemoteLoss, RemoteProposer,
        RemoteSampler, RemoteSelector,
    },
};

/// A loaded plugin. Its library is never unloaded, so this is `Copy`.
#[derive(Clone, Copy)]
pub struct Plugin {
    /// What the library says of itself.
    pub stamp: &'static Stamp,
    module: PluginModuleRef,
}

impl Plugin {
    /// Opens and checks a library: its file, its stamp (API version, panic strategy), dynamic linker, layout.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn open(path: &Path) -> Result<Self, LoadError> {
        Self::open_file(&LibraryFile::read(path)?)
    }

    /// [`Plugin::open`] for a file that was read before.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn open_file(file: &LibraryFile) -> Result<Self, LoadError> {
        let (path, stamp) = (&*file.path, &file.stamp);
        check_stamp(path, stamp)?;
        // SAFETY: runs the library's constructors; plugins are trusted code, as the README says.
        let library = unsafe { Library::new(path) }.map_err(|e| linker_error(path, &e))?;
        // Never unloaded: vtables, statics, thread-locals and backend threads of the plugin outlive any handle that could be counted.
        let library: &'static Library = Box::leak(Box::new(library));
        let header = find_header(library, &file.crate_name)
            .map_err(|reason| LoadError::new(path, reason, "rebuild the plugin with the ficta-core of this host"))?;
        layout::check(path, stamp, header)?;
        // SAFETY: the layout was checked on the line above.
        let module = unsafe { header.init_root_module_with_unchecked_layout::<PluginModuleRef>() }
            .map_err(|e| LoadError::new(path, format!("its module cannot be made: {e}"), "rebuild the plugin"))?;
        Ok(Self {
            stamp: Box::leak(Box::new(*stamp)),
            module,
        })
    }

    /// Its components.
    ///
    /// # Errors
    /// The plugin's own.
    pub fn components(&self) -> Result<Vec<Component>> {
        let all = self.module.components()().into_result()?;
        Ok(all.into_iter().map(Component::from).collect())
    }
}

macro_rules! makers {
    ($($method:ident $trait:ident $make:ident $remote:expr;)*) => {
        impl Plugin {$(
            #[doc = concat!("Builds a [`", stringify!($trait), "`] of the library from JSON parameters.\n\n# Errors\nNo such component; the component's own.")]
            pub fn $method(&self, name: &str, params: &str) -> Result<Box<dyn $trait>> {
                self.module.$make()(name.into(), params.into()).into_result().and_then($remote)
            }
        )*}
    };
}
makers! {
    make_encoder Encoder make_encoder |o| Ok(Box::new(RemoteEncoder::new(o)?) as Box<dyn Encoder>);
    make_proposer IdProposer make_proposer |o| Ok(Box::new(RemoteProposer(o)) as Box<dyn IdProposer>);
    make_selector IdSelector make_selector |o| Ok(Box::new(RemoteSelector(o)) as Box<dyn IdSelector>);
    make_denoiser Denoiser make_denoiser |o| Ok(Box::new(RemoteDenoiser(o)) as Box<dyn Denoiser>);
    make_sampler Sampler make_sampler |o| Ok(Box::new(RemoteSampler(o)) as Box<dyn Sampler>);
    make_backbone Backbone make_backbone |o| Ok(Box::new(RemoteBackbone(o)) as Box<dyn Backbone>);
    make_loss Loss make_loss |o| Ok(Box::new(RemoteLoss(o)) as Box<dyn Loss>);
    make_communicator Communicator make_communicator
        |o| Ok(Box::new(RemoteCommunicator::new(o)?) as Box<dyn Communicator>);
}

fn check_stamp(path: &Path, stamp: &Stamp) -> Result<(), LoadError> {
    if stamp.api_major != Stamp::API_MAJOR {
        let reason = format!(
            "{} {}: plugin API {}.{}, but this host speaks {}.{}\n  plugin: core {}, {}",
            Stamp::text(&stamp.plugin),
            Stamp::text(&stamp.plugin_version),
            stamp.api_major,
            stamp.api_minor,
            Stamp::API_MAJOR,
            Stamp::API_MINOR,
            Stamp::text(&stamp.core_version),
            Stamp::text(&stamp.rustc),
        );
        let fix = concat!("rebuild the plugin with ficta-core ", env!("CARGO_PKG_VERSION"));
        return Err(LoadError::new(path, reason, fix));
    }
    if !stamp.unwinds() {
        return Err(LoadError::new(
            path,
            "built with panic = \"abort\": a panic in it would end the run",
            "build it with panic = \"unwind\"",
        ));
    }
    Ok(())
}

fn find_header(library: &'static Library, name: &str) -> Result<&'static LibHeader, String> {
    let symbol = format!("ficta_header_{name}");
    // SAFETY: `export_plugin!` gives this symbol this type; the stamp has shown that it was at work.
    let header: AbiHeaderRef = unsafe { library.get::<AbiHeaderRef>(symbol.as_bytes()) }
        .map(|s| *s)
        .map_err(|_| format!("it has a stamp but no symbol `{symbol}`"))?;
    header
        .upgrade()
        .map_err(|e| format!("built with another abi_stable: {e}"))
}

fn linker_error(path: &Path, error: &libloading::Error) -> LoadError {
    let source = std::error::Error::source(error)
        .map(|s| format!(": {s}"))
        .unwrap_or_default();
    let reason = format!("{error}{source}");
    let fix = if ["libtorch", "libc10", "libgomp", "libcudart", "libcupti"]
        .iter()
        .any(|lib| reason.contains(lib))
    {
        "run `cargo xtask setup`, which installs libtorch, or put libtorch's lib folder on LD_LIBRARY_PATH"
    } else if reason.contains("cannot open shared object") {
        "install the library that it names, or put its folder on LD_LIBRARY_PATH"
    } else {
        "check that the file is a shared library for this machine, whole and readable"
    };
    LoadError::new(path, format!("the dynamic linker refused it: {reason}"), fix)
}
