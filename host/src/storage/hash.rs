//! SHA-256 of bytes, files and folders, in lower-case hexadecimal.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use ficta_core::Result;
use sha2::{Digest, Sha256};

use super::atomic::io_error;

/// The SHA-256 of `bytes`.
pub fn of_bytes(bytes: &[u8]) -> String {
    hexadecimal(Sha256::new_with_prefix(bytes))
}

/// The SHA-256 of a file's content.
///
/// # Errors
/// [`ficta_core::ErrorKind::IO`] with the path.
pub fn of_file(path: &Path) -> Result<String> {
    File::open(path)
        .and_then(of_reader)
        .map_err(|e| io_error("read", path, &e))
}

/// The SHA-256 of a folder: of the lines `HASH  RELATIVE/PATH` of all files below it, sorted by path, as `sha256sum` prints them.
/// Symbolic links are followed to files; empty folders do not count.
///
/// # Errors
/// [`ficta_core::ErrorKind::IO`] with the path that could not be read.
pub fn of_folder(folder: &Path) -> Result<String> {
    let mut files = Vec::new();
    collect(folder, &mut files)?;
    let mut named: Vec<(String, PathBuf)> = files
        .into_iter()
        .map(|path| {
            let relative = path.strip_prefix(folder).unwrap_or(&path);
            let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
            (parts.join("/"), path)
        })
        .collect();
    named.sort();
    let mut hasher = Sha256::new();
    for (name, path) in named {
        hasher.update(format!("{}  {name}\n", of_file(&path)?));
    }
    Ok(hexadecimal(hasher))
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let list = || {
        fs::read_dir(folder)?
            .map(|entry| entry.map(|e| e.path()))
            .collect::<io::Result<Vec<_>>>()
    };
    for path in list().map_err(|e| io_error("read", folder, &e))? {
        if path.is_dir() {
            collect(&path, files)?
        } else {
            files.push(path)
        }
    }
    Ok(())
}

fn of_reader(mut reader: impl Read) -> io::Result<String> {
    let mut hasher = Sha256::new();
    let mut block = vec![0; 1 << 18];
    loop {
        match reader.read(&mut block)? {
            0 => return Ok(hexadecimal(hasher)),
            read => hasher.update(&block[..read]),
        }
    }
}

fn hexadecimal(hasher: Sha256) -> String {
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 180-4, example "abc".
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn digests_agree_with_the_standard() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("abc");
        fs::write(&path, "abc").unwrap();
        assert_eq!(of_bytes(b"abc"), ABC);
        assert_eq!(of_file(&path).unwrap(), ABC);
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = of_file(Path::new("no/such.file")).unwrap_err();
        assert!(error.message().contains("no/such.file"), "{error}");
    }

    #[test]
    fn a_folder_hashes_names_and_contents_in_order() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("b")).unwrap();
        fs::write(folder.path().join("b/x"), "abc").unwrap();
        fs::write(folder.path().join("a"), "abc").unwrap();
        let listing = format!("{ABC}  a\n{ABC}  b/x\n");
        assert_eq!(of_folder(folder.path()).unwrap(), of_bytes(listing.as_bytes()));
        fs::rename(folder.path().join("a"), folder.path().join("c")).unwrap();
        assert_ne!(of_folder(folder.path()).unwrap(), of_bytes(listing.as_bytes()));
    }
}
