//! A crate's own library, as cargo has built it beside its tests.

use std::path::{Path, PathBuf};

use crate::{
    Ctx, Error, Kind, NullHost, Result,
    load::Plugin,
    testing::{
        Maker,
        conformance::{self, Verdict},
        standard,
    },
};

/// A plugin library, opened as the host opens it.
#[derive(Clone, Copy)]
pub struct BuiltLibrary(Plugin);

impl BuiltLibrary {
    /// Opens a library.
    ///
    /// # Errors
    /// One that the host would reject, with reason and fix.
    pub fn open(path: &Path) -> Result<Self> {
        Plugin::open(path)
            .map(Self)
            .map_err(|e| Error::config(format!("{}: {}", e.path.display(), e.reason)).help(e.fix))
    }

    /// The library of the crate of this name (`my_loss`) that cargo has built with the running test: it lies beside the test program or a
    /// folder above. See [`built_library!`](crate::built_library).
    ///
    /// # Errors
    /// There is none; one that the host would reject.
    pub fn of_crate(name: &str) -> Result<Self> {
        let file = format!("{}{name}{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
        let program = std::env::current_exe()?;
        let folders = program.ancestors().skip(1).take(2);
        let found: Option<PathBuf> = folders.map(|folder| folder.join(&file)).find(|path| path.exists());
        let path = found.ok_or_else(|| {
            Error::config(format!("{file} is not beside {}", program.display()))
                .help("give the crate `crate-type = [\"cdylib\", \"rlib\"]`: cargo then builds the library for its integration tests")
        })?;
        Self::open(&path)
    }

    /// The kind and the parameter schema of its component of this name.
    fn component(&self, name: &str) -> Result<(Kind, String)> {
        let all = self.0.components()?;
        let found = all.iter().find(|c| c.name == name);
        found.map(|c| (c.kind, c.params_schema.to_string())).ok_or_else(|| {
            let names: Vec<_> = all.iter().map(|c| c.name.as_str()).collect();
            Error::config(format!(
                "the library has no component `{name}`, only {}",
                names.join(", ")
            ))
        })
    }

    /// Runs the conformance suite of a component with these parameters (JSON), without the checks named in `skip`, and without the failures
    /// that its schema names under [`DEPARTS`](conformance::DEPARTS).
    ///
    /// # Errors
    /// No such component.
    pub fn check(&self, name: &str, params: &str, skip: &[&str]) -> Result<Verdict> {
        let (kind, schema) = self.component(name)?;
        let maker = Maker::of_plugin(self.0, kind, name, params)?;
        Ok(conformance::check(name, &maker, skip).without_departures(&schema))
    }

    /// What a fresh instance gives on the standard input of its kind, as text for a snapshot.
    ///
    /// # Errors
    /// No such component; the component's own.
    pub fn describe_output(&self, name: &str, params: &str) -> Result<String> {
        let maker = Maker::of_plugin(self.0, self.component(name)?.0, name, params)?;
        standard::output(&maker, &Ctx::new(&NullHost { seed: 1 }))?.describe()
    }
}

/// Opens the library of the crate under test, which cargo builds for its integration tests:
/// `built_library!("my_loss")`, with the name as in `use my_loss`.
///
/// # Panics
/// Where there is none, or the host would reject it.
#[macro_export]
macro_rules! built_library {
    ($name:literal) => {
        $crate::testing::BuiltLibrary::of_crate($name).unwrap_or_else(|e| panic!("{e}"))
    };
}

/// Asserts that a component of a [`BuiltLibrary`] still gives its stored snapshot on the standard input of its kind, within a tolerance; what differs is printed
/// element by element.
///
/// `assert_plugin_snapshot!(library, "my-loss", "{}")`, and with `, rtol = 1e-3, atol = 1e-5` after it. Pair it with the conformance suite: a snapshot
/// alone can pin a wrong result.
#[macro_export]
macro_rules! assert_plugin_snapshot {
    ($library:expr, $component:literal, $params:expr $(,)?) => {
        $crate::assert_plugin_snapshot!(@ $library, $component, $params, $crate::testing::NumericComparator::default())
    };
    ($library:expr, $component:literal, $params:expr, rtol = $rtol:expr, atol = $atol:expr $(,)?) => {
        $crate::assert_plugin_snapshot!(@ $library, $component, $params, $crate::testing::NumericComparator { rtol: $rtol, atol: $atol })
    };
    (@ $library:expr, $component:literal, $params:expr, $comparator:expr) => {{
        let text = $library.describe_output($component, $params).unwrap_or_else(|e| panic!("{e}"));
        let mut settings = $crate::testing::insta::Settings::clone_current();
        settings.set_comparator(Box::new($comparator));
        settings.set_omit_expression(true);
        settings.bind(|| $crate::testing::insta::assert_snapshot!($component, text));
    }};
}
