//! SHA-256 of files, and the check against a pinned value.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use anyhow::{Context, Error, Result, anyhow};
use sha2::{Digest, Sha256};

/// The SHA-256 of a file's content in lower-case hexadecimal.
pub fn of_file(path: &Path) -> Result<String> {
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    of_reader(file).with_context(|| format!("cannot read {}", path.display()))
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

/// Checks a downloaded file against its pinned SHA-256, and deletes it where they differ.
pub fn check_download(path: &Path, expected: &str, origin: &str) -> Result<()> {
    let got = of_file(path)?;
    if got == expected {
        return Ok(());
    }
    let size = fs::metadata(path)?.len();
    fs::remove_file(path).with_context(|| format!("cannot delete {}", path.display()))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Err(mismatch(&name, origin, expected, &got, size))
}

/// The error for file `name` of the package `origin` that is not the pinned one.
pub fn mismatch(name: &str, origin: &str, expected: &str, got: &str, size: u64) -> Error {
    anyhow!(
        "checksum mismatch: {name} of {origin}\n  \
         expected SHA-256 {expected}\n  \
         got      SHA-256 {got} ({size} bytes)\n  \
         The download was deleted and nothing was installed.\n  \
         Run `cargo xtask setup` again. Should it fail the same way, the package index or mirror that is configured \
         here serves another file than the pinned one."
    )
}

/// A writer that hashes and counts what passes through it.
pub struct HashingWriter<W> {
    inner: W,
    hasher: Sha256,
    size: u64,
}

impl<W: Write> HashingWriter<W> {
    pub fn new(inner: W) -> Self {
        Self {
            inner,
            hasher: Sha256::new(),
            size: 0,
        }
    }

    /// The writer, the SHA-256 of what was written, and its length in bytes.
    pub fn finish(self) -> (W, String, u64) {
        (self.inner, hexadecimal(self.hasher), self.size)
    }
}

impl<W: Write> Write for HashingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 180-4, example "abc".
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn digests_agree_with_the_standard() {
        assert_eq!(of_reader(&b"abc"[..]).unwrap(), ABC);
        let mut writer = HashingWriter::new(Vec::new());
        writer.write_all(b"abc").unwrap();
        assert_eq!(writer.finish(), (b"abc".to_vec(), ABC.to_owned(), 3));
    }

    #[test]
    fn a_mismatch_names_the_file_and_both_hashes_and_deletes_the_download() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.whl");
        fs::write(&path, "abcd").unwrap();
        let message = check_download(&path, ABC, "a 1.0").unwrap_err().to_string();
        let got = "88d4266fd4e6338d13b845fcf289579d209c897823b9217da3e161936f031589";
        for part in ["a.whl", "a 1.0", ABC, got, "4 bytes", "cargo xtask setup"] {
            assert!(message.contains(part), "{part:?} is missing in {message}");
        }
        assert!(!path.exists());
    }

    #[test]
    fn a_match_keeps_the_download() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.whl");
        fs::write(&path, "abc").unwrap();
        check_download(&path, ABC, "a 1.0").unwrap();
        assert!(path.exists());
    }
}
