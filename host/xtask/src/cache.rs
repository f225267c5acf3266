//! The per-user cache: downloaded data and libraries, one folder an item.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// The cache's folder: `$FICTA_CACHE`, else `$XDG_CACHE_HOME/ficta`, else `~/.cache/ficta`. Created where missing.
pub fn open() -> Result<PathBuf> {
    let path = resolve(|name| env::var_os(name).filter(|value| !value.is_empty()))?;
    fs::create_dir_all(&path).with_context(|| {
        format!(
            "cannot create the cache {}; set FICTA_CACHE to another folder",
            path.display()
        )
    })?;
    // Absolute, because the run files and child processes read it from other working directories.
    path.canonicalize()
        .with_context(|| format!("cannot resolve {}", path.display()))
}

fn resolve(variable: impl Fn(&str) -> Option<OsString>) -> Result<PathBuf> {
    if let Some(path) = variable("FICTA_CACHE") {
        return Ok(path.into());
    }
    // The XDG specification has relative paths ignored.
    if let Some(path) = variable("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
    {
        return Ok(path.join("ficta"));
    }
    match variable("HOME") {
        Some(home) => Ok(Path::new(&home).join(".cache/ficta")),
        None => bail!("none of FICTA_CACHE, XDG_CACHE_HOME and HOME is set; set FICTA_CACHE to a folder for downloads"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(variables: &[(&str, &str)]) -> Result<PathBuf> {
        resolve(|name| {
            variables
                .iter()
                .find(|(n, _)| *n == name)
                .map(|(_, value)| value.into())
        })
    }

    #[test]
    fn the_nearest_variable_wins() {
        let all = [("FICTA_CACHE", "/f"), ("XDG_CACHE_HOME", "/x"), ("HOME", "/h")];
        assert_eq!(resolved(&all).unwrap(), Path::new("/f"));
        assert_eq!(resolved(&all[1..]).unwrap(), Path::new("/x/ficta"));
        assert_eq!(resolved(&all[2..]).unwrap(), Path::new("/h/.cache/ficta"));
        assert!(resolved(&[]).unwrap_err().to_string().contains("FICTA_CACHE"));
    }

    #[test]
    fn a_relative_xdg_folder_is_ignored() {
        assert_eq!(
            resolved(&[("XDG_CACHE_HOME", "x"), ("HOME", "/h")]).unwrap(),
            Path::new("/h/.cache/ficta")
        );
    }
}
