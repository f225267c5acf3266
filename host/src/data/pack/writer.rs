//! Writes a pack.

use std::{
    io::{self, Write},
    path::Path,
};

use ficta_core::{Error, Result};

use crate::storage::atomic;

const PROTO: u8 = 0x80;
/// Items of a list between two `APPENDS`, as in CPython.
const BATCH: usize = 1000;

/// Writes a pack that Python 3 reads with `pickle.load(f)` and `pickle.load(f, encoding="bytes")` alike: protocol 3, images as `bytes`. It appears
/// whole or not at all. `image` gives the encoded bytes of each image in order, two for each of `same`.
///
/// # Errors
/// What `image` returns; an image of no bytes or of 4 GiB and more; [`ficta_core::ErrorKind::IO`] with the path.
pub fn write(path: &Path, same: &[bool], mut image: impl FnMut(usize) -> Result<Vec<u8>>) -> Result<()> {
    let mut failed = None;
    let written = atomic::write_file(path, |out| {
        out.write_all(&[PROTO, 3])?;
        list(out, 2 * same.len(), |out, at| {
            match image(at).and_then(|bytes| sized(at, bytes)) {
                Ok((length, bytes)) => {
                    out.write_all(b"B")?;
                    out.write_all(&length.to_le_bytes())?;
                    out.write_all(&bytes)
                }
                Err(e) => {
                    failed = Some(e);
                    Err(io::Error::other("an image"))
                }
            }
        })?;
        list(out, same.len(), |out, at| {
            out.write_all(&[if same[at] { 0x88 } else { 0x89 }])
        })?;
        out.write_all(b"\x86.") // TUPLE2 STOP
    });
    match failed {
        Some(e) => Err(e.context(format!("cannot write {}", path.display()))),
        None => written,
    }
}

fn sized(at: usize, bytes: Vec<u8>) -> Result<(u32, Vec<u8>)> {
    match u32::try_from(bytes.len()) {
        Ok(length @ 1..) => Ok((length, bytes)),
        _ => Err(Error::data(format!("image {at} has {} bytes", bytes.len()))),
    }
}

/// `EMPTY_LIST`, then batches of `MARK` items `APPENDS`.
fn list(
    out: &mut dyn Write,
    count: usize,
    mut item: impl FnMut(&mut dyn Write, usize) -> io::Result<()>,
) -> io::Result<()> {
    out.write_all(b"]")?;
    for start in (0..count).step_by(BATCH) {
        out.write_all(b"(")?;
        for at in start..count.min(start + BATCH) {
            item(out, at)?;
        }
        out.write_all(b"e")?;
    }
    Ok(())
}
