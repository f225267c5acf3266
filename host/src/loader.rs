//! Opens one plugin library, with an explanation for everything that can go wrong.

use std::path::{Path, PathBuf};

use abi_stable::{
    StableAbi,
    abi_stability::abi_checking::check_layout_compatibility,
    library::{AbiHeaderRef, LibHeader},
};
use ficta_core::{Stamp, abi::PluginModuleRef};
use libloading::Library;

/// Why a library was rejected: one reason and one fix.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{path}: {reason}\n  fix: {fix}", path = .path.display())]
pub struct LoadError {
    /// The library.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: String,
    /// What to do about it.
    pub fix: String,
    /// abi_stable's full layout report, where that is the reason.
    pub layout: Option<String>,
}

/// A loaded plugin. Its library is never unloaded, so this is `Copy`.
#[derive(Clone, Copy)]
pub struct Plugin {
    /// What the library says of itself.
    pub stamp: &'static Stamp,
    /// Its function table.
    pub module: PluginModuleRef,
}

impl Plugin {
    /// Opens and checks a library: dynamic linker, stamp, API version, panic strategy, layout.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn open(path: &Path) -> Result<Self, LoadError> {
        let fail = |reason: String, fix: &str| LoadError {
            path: path.into(),
            reason,
            fix: fix.into(),
            layout: None,
        };
        let name = crate_name(path);
        let bytes =
            std::fs::read(path).map_err(|e| fail(format!("it cannot be read: {e}"), "check its permissions"))?;
        if let Some(needed) = crate::elf_extent::needed(&bytes).filter(|needed| *needed > bytes.len() as u64) {
            let reason = format!("cut off: {} bytes, but its headers speak of {needed}", bytes.len());
            return Err(fail(reason, "build or copy it again, whole"));
        }
        drop(bytes);
        // SAFETY: runs the library's constructors; plugins are trusted code, as the README says.
        let library = unsafe { Library::new(path) }.map_err(|e| linker_error(path, &e))?;
        // Never unloaded: vtables, statics, thread-locals and backend threads of the plugin outlive any handle that could be counted.
        let library: &'static Library = Box::leak(Box::new(library));

        let stamp = find_stamp(library, &name).map_err(|reason| {
            fail(reason, "check that it is a ficta plugin: `export_plugin!()` at its crate root, and a file name that was not changed")
        })?;
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
            return Err(fail(
                reason,
                concat!("rebuild the plugin with ficta-core ", env!("CARGO_PKG_VERSION")),
            ));
        }
        if !stamp.unwinds() {
            return Err(fail(
                "built with panic = \"abort\": a panic in it would end the run".into(),
                "build it with panic = \"unwind\"",
            ));
        }
        let header = find_header(library, &name)
            .map_err(|reason| fail(reason, "rebuild the plugin with the ficta-core of this host"))?;
        check_layout(stamp, header).map_err(|report| layout_error(path, report))?;
        // SAFETY: the layout was checked on the line above.
        let module = unsafe { header.init_root_module_with_unchecked_layout::<PluginModuleRef>() }
            .map_err(|e| fail(format!("its module cannot be made: {e}"), "rebuild the plugin"))?;
        Ok(Self { stamp, module })
    }
}

/// `target/release/libficta_losses.so` -> `ficta_losses`.
fn crate_name(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    stem.strip_prefix(std::env::consts::DLL_PREFIX)
        .unwrap_or(&stem)
        .to_owned()
}

fn find_stamp(library: &'static Library, name: &str) -> Result<&'static Stamp, String> {
    let symbol = format!("ficta_stamp_{name}");
    // SAFETY: the symbol is only taken as an address.
    let address = unsafe { library.get::<*const Stamp>(symbol.as_bytes()) }
        .map(|s| *s)
        .map_err(|_| format!("no plugin: it has no symbol `{symbol}`"))?;
    // SAFETY: magic and size are the frozen first 12 bytes of every stamp; they are read before a reference to a whole one is made.
    let (magic, size) = unsafe {
        (
            (&raw const (*address).magic).read(),
            (&raw const (*address).size).read(),
        )
    };
    if magic != Stamp::MAGIC || (size as usize) < size_of::<Stamp>() {
        return Err(format!(
            "its stamp is not one of ficta's (magic {magic:02x?}, {size} bytes)"
        ));
    }
    // SAFETY: it has the magic and at least this host's size, and lives in a library that is never unloaded.
    Ok(unsafe { &*address })
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

/// abi_stable lets a library be *newer* than its user, never older. For a plugin older than this host the question is therefore put
/// with the roles swapped: the plugin's types must be a prefix of ours.
#[allow(clippy::absurd_extreme_comparisons)] // while API_MINOR is 0
fn check_layout(stamp: &Stamp, header: &LibHeader) -> Result<(), String> {
    let ours = <PluginModuleRef as StableAbi>::LAYOUT;
    let theirs = header.layout().ok_or("the plugin carries no layout")?;
    let (user, library) = if stamp.api_minor < Stamp::API_MINOR {
        (theirs, ours)
    } else {
        (ours, theirs)
    };
    check_layout_compatibility(user, library).map_err(|e| e.to_string())
}

fn layout_error(path: &Path, report: String) -> LoadError {
    let count = report.lines().filter(|l| l.trim_end().ends_with("error(s).")).count();
    let first = report
        .lines()
        .map(str::trim)
        .find(|l| l.starts_with("Error:"))
        .unwrap_or("see the report");
    LoadError {
        path: path.into(),
        reason: format!("the API numbers agree, but the types do not ({count} differences; first: {first})"),
        fix: "rebuild the plugin with the ficta-core of this host; `ficta plugins inspect --layout` shows the whole report".into(),
        layout: Some(report),
    }
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
    LoadError {
        path: path.into(),
        reason: format!("the dynamic linker refused it: {reason}"),
        fix: fix.into(),
        layout: None,
    }
}
