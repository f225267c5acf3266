//! Every component that a run may name, built in or loaded.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use ficta_core::{
    Backbone, Communicator, Component, Denoiser, Encoder, Error, IdProposer, IdSelector, Kind, Loss, Registration,
    Result, Sampler, Stamp,
    load::{LibraryFile, LoadError, Plugin},
};
use serde_json::Value;

use crate::{announced, nearest::suggestion, schema};

/// Where a component comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Linked into the executable.
    BuiltIn,
    /// A library.
    Library {
        /// Its file.
        path: PathBuf,
        /// Crate name.
        name: String,
        /// Crate version.
        version: String,
        /// Numeric library, or empty.
        backend: String,
        /// All that the library says of itself.
        stamp: &'static Stamp,
    },
}

impl Origin {
    /// The file in whole: two libraries may bear one name.
    fn place(&self) -> String {
        match self {
            Self::BuiltIn => self.to_string(),
            Self::Library {
                path, name, version, ..
            } => format!("{} ({name} {version})", path.display()),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => f.write_str("built in"),
            Self::Library { path, version, .. } => {
                write!(
                    f,
                    "{} {version}",
                    path.file_name().unwrap_or_default().to_string_lossy()
                )
            }
        }
    }
}

enum Maker {
    Here(&'static Registration),
    There(Plugin),
}

/// A component and where it comes from.
pub struct Entry {
    /// Kind, name, summary and schema.
    pub component: Component,
    /// Where it comes from.
    pub origin: Origin,
    maker: Maker,
}

/// Every component that a run may name.
#[derive(Default)]
pub struct Registry {
    entries: Vec<Entry>,
    rejected: Vec<LoadError>,
    backends: Vec<(String, PathBuf)>,
}

impl Registry {
    /// The components linked into this executable.
    pub fn with_built_ins() -> Self {
        let entries = ficta_core::static_components()
            .into_iter()
            .map(|r| Entry {
                component: r.component(),
                origin: Origin::BuiltIn,
                maker: Maker::Here(r),
            })
            .collect();
        Self {
            entries,
            ..Self::default()
        }
    }

    /// Adds a library's components.
    ///
    /// # Errors
    /// A library that is rejected; nothing of it is added.
    pub fn load(&mut self, path: &Path) -> Result<(), LoadError> {
        let file = LibraryFile::read(path)?;
        // Before it is opened: two versions of one numeric library in a process are beyond mending.
        self.check_backend(path, Stamp::text(&file.stamp.backend))?;
        let plugin = Plugin::open_file(&file)?;
        let backend = Stamp::text(&plugin.stamp.backend).to_owned();
        let origin = Origin::Library {
            path: path.into(),
            name: file.crate_name,
            version: Stamp::text(&plugin.stamp.plugin_version).into(),
            backend: backend.clone(),
            stamp: plugin.stamp,
        };
        let components = plugin.components().map_err(|e| {
            LoadError::new(
                path,
                format!("it failed to list its components: {e}"),
                "mend the plugin",
            )
        })?;
        if !backend.is_empty() {
            self.backends.push((backend, path.into()));
        }
        for component in components {
            self.entries.push(Entry {
                component,
                origin: origin.clone(),
                maker: Maker::There(plugin),
            });
        }
        Ok(())
    }

    /// Loads every library of a folder in order of name; what is rejected is kept with its reason.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub fn load_folder(&mut self, folder: &Path) -> Result<()> {
        let listing =
            std::fs::read_dir(folder).map_err(|e| Error::io(format!("plugin folder {}: {e}", folder.display())))?;
        let mut paths: Vec<_> = listing
            .filter_map(|entry| entry.ok().map(|e| e.path()))
            .filter(|p| p.extension().is_some_and(|e| e == std::env::consts::DLL_EXTENSION))
            .collect();
        paths.sort();
        for path in paths {
            if let Err(e) = self.load(&path) {
                self.rejected.push(e);
            }
        }
        Ok(())
    }

    /// Two versions of one numeric library cannot share a process.
    fn check_backend(&self, path: &Path, backend: &str) -> Result<(), LoadError> {
        let family = |b: &str| b.split(' ').next().unwrap_or_default().to_owned();
        let mut others = self.backends.iter();
        match others.find(|(b, _)| family(b) == family(backend) && b != backend) {
            Some((other, by)) if !backend.is_empty() => Err(LoadError::new(
                path,
                format!(
                    "it needs {backend}, but {} has brought {other} into this process",
                    by.display()
                ),
                format!("rebuild one of them, so that both use one {}", family(backend)),
            )),
            _ => Ok(()),
        }
    }

    /// All components, in the order of loading.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The libraries that could not be loaded.
    pub fn rejected(&self) -> &[LoadError] {
        &self.rejected
    }

    /// The one component of this kind and name.
    ///
    /// # Errors
    /// None (the nearest names are in the message; also the other kind that has it), or several.
    pub fn find(&self, kind: Kind, name: &str) -> Result<&Entry> {
        let named = |e: &&Entry| e.component.name == name;
        let hits: Vec<_> = self
            .entries
            .iter()
            .filter(|e| e.component.kind == kind)
            .filter(named)
            .collect();
        match hits[..] {
            [one] => Ok(one),
            [] => Err(self.unknown(kind, name)),
            _ => {
                let from: Vec<_> = hits.iter().map(|e| e.origin.place()).collect();
                Err(Error::config(format!(
                    "{kind} `{name}` is offered by {} plugins\n  {}",
                    hits.len(),
                    from.join("\n  ")
                ))
                .help("leave one of the plugin folders out, or rename one of the components"))
            }
        }
    }

    fn unknown(&self, kind: Kind, name: &str) -> Error {
        if let Some(other) = self.entries.iter().find(|e| e.component.name == name) {
            return Error::config(format!(
                "`{name}` is a {}, but a {kind} is wanted here",
                other.component.kind
            ));
        }
        let known = self
            .entries
            .iter()
            .filter(|e| e.component.kind == kind)
            .map(|e| e.component.name.as_str());
        let error = Error::config(format!("no {kind} is named `{name}`; {}", suggestion(name, known)));
        match self.rejected.len() {
            0 => error.help("`ficta plugins list` shows what there is; --plugins DIR adds a folder"),
            n => error.help(format!(
                "{n} libraries were rejected, perhaps the one that has it: `ficta plugins list`"
            )),
        }
    }

    /// Checks parameters against a component's schema.
    ///
    /// # Errors
    /// No such component; parameters that do not fit, with the nearest keys.
    pub fn check(&self, kind: Kind, name: &str, params: &Value) -> Result<()> {
        let entry = self.find(kind, name)?;
        schema::check(&entry.component.params_schema, params).map_err(|e| {
            let e = e.context(format!("{kind} `{name}`"));
            if e.help_text().is_some() {
                return e;
            }
            e.help(format!("`ficta plugins inspect {name}` shows the parameters"))
        })
    }
}

macro_rules! makers {
    ($($method:ident $trait:ident $kind:ident $make:ident $check:path;)*) => {
        impl Registry {
            /// Builds a component of any kind, and drops it again: are its parameters ones that it can honour?
            ///
            /// # Errors
            /// No such component; the component's own.
            pub fn construct(&self, kind: Kind, name: &str, params: &Value) -> Result<()> {
                match kind {
                    $(Kind::$kind => self.$method(name, params).map(drop),)*
                    other => Err(Error::unsupported(format!("nothing of kind {other} can be built"))),
                }
            }
        $(
            #[doc = concat!("Builds a [`", stringify!($trait), "`] from its parameters.\n\n# Errors\nNo such component; the component's own; sizes that cannot be.")]
            pub fn $method(&self, name: &str, params: &Value) -> Result<Box<dyn $trait>> {
                let (entry, json) = (self.find(Kind::$kind, name)?, params.to_string());
                match &entry.maker {
                    Maker::Here(registration) => registration.$make(&json),
                    Maker::There(plugin) => plugin.$make(name, &json),
                }
                .and_then(|made| $check(&*made).map(|()| made))
                .map_err(|e| e.context(format!("{} `{name}`", Kind::$kind)))
            }
        )*}
    };
}
makers! {
    encoder Encoder ENCODER make_encoder announced::encoder;
    proposer IdProposer PROPOSER make_proposer announced::nothing;
    selector IdSelector SELECTOR make_selector announced::nothing;
    denoiser Denoiser DENOISER make_denoiser announced::denoiser;
    sampler Sampler SAMPLER make_sampler announced::nothing;
    backbone Backbone BACKBONE make_backbone announced::backbone;
    loss Loss LOSS make_loss announced::nothing;
    communicator Communicator COMMUNICATOR make_communicator announced::nothing;
}
