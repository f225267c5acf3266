//! Putting the report in its folder.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use ficta_core::{Error, ErrorKind, Result};

use super::{files::files, input::Input};

/// Writes the report as folder `folder`, in place of what is there, and returns the path of its page.
///
/// The folder is written aside and renamed when it is complete: a failure leaves the former report as it was.
///
/// # Errors
/// When a file cannot be written, or `folder` is something else than a folder.
pub fn write(input: &Input, folder: &Path) -> Result<PathBuf> {
    let contents = files(input)?;
    if folder.exists() && !folder.is_dir() {
        return Err(Error::io(format!("the report's folder {} is a file", folder.display()))
            .help("move that file away, or give another folder"));
    }
    let (parent, name) = match (folder.parent(), folder.file_name()) {
        (Some(parent), Some(name)) => (parent, name.to_string_lossy()),
        _ => return Err(Error::io(format!("{} cannot be the report's folder", folder.display()))),
    };
    fs::create_dir_all(parent).map_err(|e| failed("create", parent, &e))?;
    let aside = parent.join(format!(".{name}.new-{}", std::process::id()));
    let former = parent.join(format!(".{name}.old-{}", std::process::id()));
    let done = fill(&aside, &contents).and_then(|()| swap(&aside, folder, &former));
    if done.is_err() {
        // Best effort: the error itself is what counts.
        let _ = fs::remove_dir_all(&aside);
    }
    done.map(|()| folder.join("index.html"))
}

fn failed(what: &str, path: &Path, cause: &std::io::Error) -> Error {
    Error::wrap(
        ErrorKind::IO,
        format!("cannot {what} {} of the report", path.display()),
        cause,
    )
    .help("check free space and rights; a report that was there before is left as it was")
}

fn fill(aside: &Path, contents: &std::collections::BTreeMap<String, Vec<u8>>) -> Result<()> {
    if aside.exists() {
        fs::remove_dir_all(aside).map_err(|e| failed("clear", aside, &e))?;
    }
    for (name, bytes) in contents {
        let path = aside.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|e| failed("create", parent, &e))?;
        }
        let write = || -> std::io::Result<()> {
            let mut file = fs::File::create(&path)?;
            file.write_all(bytes)?;
            file.sync_all()
        };
        write().map_err(|e| failed("write", &path, &e))?;
    }
    Ok(())
}

/// Puts `aside` in the place of `folder`, by way of `former`.
fn swap(aside: &Path, folder: &Path, former: &Path) -> Result<()> {
    if former.exists() {
        fs::remove_dir_all(former).map_err(|e| failed("clear", former, &e))?;
    }
    let had_one = folder.exists();
    if had_one {
        fs::rename(folder, former).map_err(|e| failed("move", folder, &e))?;
    }
    if let Err(e) = fs::rename(aside, folder) {
        if had_one {
            // Puts the former report back; when even that fails, it stands under its other name.
            let _ = fs::rename(former, folder);
        }
        return Err(failed("move", aside, &e));
    }
    if had_one {
        fs::remove_dir_all(former).map_err(|e| failed("remove", former, &e))?;
    }
    Ok(())
}
