//! The sizes that a network announces: room is made by a plugin's word, so the word is looked at first.

use ficta_core::{Backbone, Denoiser, Encoder, Error, Result};

/// The longest feature: a hundred times what networks of the field give, and still few megabytes.
const LONGEST: usize = 1 << 20;
/// The longest side of an image, in pixels.
const SIDE: usize = 1 << 14;
/// The most channels of an image.
const CHANNELS: usize = 64;

/// For kinds that announce nothing.
///
/// # Errors
/// None.
pub fn nothing<T: ?Sized>(_: &T) -> Result<()> {
    Ok(())
}

/// An encoder's.
///
/// # Errors
/// A size that is 0 or absurd.
pub fn encoder(network: &dyn Encoder) -> Result<()> {
    let info = network.info();
    all(&[
        ("features of length", info.dim, LONGEST),
        ("images of height", info.height, SIDE),
        ("images of width", info.width, SIDE),
    ])
}

/// A denoiser's.
///
/// # Errors
/// A size that is 0 or absurd.
pub fn denoiser(network: &dyn Denoiser) -> Result<()> {
    let info = network.info();
    all(&[
        ("images of channels", info.channels, CHANNELS),
        ("images of height", info.height, SIDE),
        ("images of width", info.width, SIDE),
    ])
}

/// A backbone's.
///
/// # Errors
/// A size that is 0 or absurd.
pub fn backbone(network: &dyn Backbone) -> Result<()> {
    let info = network.info();
    all(&[
        ("embeddings of length", info.dim, LONGEST),
        ("images of channels", info.channels, CHANNELS),
        ("images of height", info.height, SIDE),
        ("images of width", info.width, SIDE),
    ])
}

fn all(sizes: &[(&str, usize, usize)]) -> Result<()> {
    match sizes.iter().find(|(_, size, most)| !(1..=*most).contains(size)) {
        None => Ok(()),
        Some((what, size, most)) => Err(Error::data(format!("it announces {what} {size}, expected 1 to {most}"))
            .help("mend the plugin: its `info` must give what it works with")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_and_too_much_are_refused() {
        for (size, good) in [(0, false), (1, true), (9, true), (10, false), (usize::MAX, false)] {
            assert_eq!(
                all(&[("x", 1, 1), ("features of length", size, 9)]).is_ok(),
                good,
                "{size}"
            );
        }
        let error = all(&[("features of length", 0, 9)]).unwrap_err();
        assert!(
            error.message().contains("features of length 0, expected 1 to 9"),
            "{error}"
        );
    }
}
