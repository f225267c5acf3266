//! How large an image may be: what a face set never reaches and a decompression bomb does.

use ficta_core::{Error, Result};

/// Most bytes of an encoded image: 64 MiB.
pub const ENCODED: u64 = 64 << 20;

/// Most pixels of an image: 2^26, for example 8192 x 8192.
pub const PIXELS: u64 = 1 << 26;

/// Longest side of an image in pixels.
pub const SIDE: u32 = 1 << 16;

/// Checks the length of an encoded image before it is read.
///
/// # Errors
/// [`ficta_core::ErrorKind::DATA`] for more than [`ENCODED`]; `name` stands first in the message.
pub fn check_encoded(bytes: u64, name: &dyn std::fmt::Display) -> Result<()> {
    if bytes > ENCODED {
        return Err(Error::data(format!(
            "{name} is {bytes} bytes long, expected at most {ENCODED} (64 MiB)"
        ))
        .help("no image of a face is that large: the file is damaged, or no image"));
    }
    Ok(())
}
