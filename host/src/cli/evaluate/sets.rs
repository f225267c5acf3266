//! The sets that the command line names.

use std::path::Path;

use ficta_core::{Error, Result};

use super::EvaluateArgs;
use crate::evaluation::VerificationSet;

/// Opens every `PATH` or `NAME=PATH`.
pub(super) fn open(args: &EvaluateArgs) -> Result<Vec<VerificationSet>> {
    let mut sets: Vec<VerificationSet> = Vec::with_capacity(args.sets.len());
    for text in &args.sets {
        let mut set = VerificationSet::open(Path::new(path_of(text)), args.images.as_deref(), args.folds)?;
        if let Some(name) = name_of(text) {
            name.clone_into(&mut set.name);
        }
        if set.name.is_empty() || set.name.contains(['/', '\\']) {
            return Err(Error::config(format!(
                "--set {text}: `{}` cannot be a set's name",
                set.name
            )));
        }
        if sets.iter().any(|other| other.name == set.name) {
            return Err(Error::config(format!("two sets are named `{}`", set.name))
                .help("give one of them another name: --set NAME=PATH"));
        }
        sets.push(set);
    }
    Ok(sets)
}

/// The name in `NAME=PATH`. A path that is there is taken as it is, also with a `=` in it.
pub(in crate::cli) fn name_of(text: &str) -> Option<&str> {
    match text.split_once('=') {
        Some((name, _)) if !Path::new(text).exists() => Some(name),
        _ => None,
    }
}

/// The path in it.
pub(in crate::cli) fn path_of(text: &str) -> &str {
    name_of(text).map_or(text, |name| &text[name.len() + 1..])
}
