//! Which centre unit features have had subtracted: features of one encoder with and without it must not be compared.

use ficta_core::{Error, Result};

use crate::storage::hash;

/// Key in a file's metadata under which [`space`] is kept.
pub const SPACE: &str = "center";

/// `none`, or the SHA-256 of the centre's numbers (f32, little-endian).
pub fn space(center: Option<&[f32]>) -> String {
    match center {
        None => "none".into(),
        Some(center) => hash::of_bytes(&center.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>()),
    }
}

/// Refuses features of another space; `own` is what the file `name` says of itself, where it does.
///
/// # Errors
/// Two known spaces that differ.
pub fn check_space(name: &str, own: Option<&str>, center: Option<&[f32]>) -> Result<()> {
    let used = space(center);
    match own {
        Some(own) if own != used => {
            let words = |space: &str| match space {
                "none" => "not centred".to_owned(),
                hash => format!("centred by {}", &hash[..hash.len().min(12)]),
            };
            Err(Error::data(format!(
                "{name}: its features are {}, but those compared with are {}",
                words(own),
                words(&used)
            ))
            .help("give the identities file that the candidates were made from, which holds their centre"))
        }
        _ => Ok(()),
    }
}
