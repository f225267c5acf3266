use std::path::{Path, PathBuf};

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

impl LoadError {
    /// A library, what is wrong with it, and what to do about it.
    pub fn new(path: &Path, reason: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            reason: reason.into(),
            fix: fix.into(),
            layout: None,
        }
    }
}
