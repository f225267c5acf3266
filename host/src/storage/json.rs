//! JSON files.

use std::{fs, path::Path};

use ficta_core::{Error, ErrorKind, Result};
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};

use super::atomic;

/// Writes `value` indented, with a final newline. Numbers that are not finite become `null`. The order of keys is that of the type's
/// fields; use `BTreeMap` and not `HashMap` in what is written, so that the same content gives the same bytes.
///
/// # Errors
/// [`ErrorKind::IO`] with the path; [`ErrorKind::DATA`] for values that JSON cannot hold, such as a map with keys that are no strings.
pub fn write<T: Serialize + ?Sized>(path: &Path, value: &T) -> Result<()> {
    let mut text = serde_json::to_vec_pretty(value)
        .map_err(|e| Error::wrap(ErrorKind::DATA, format!("cannot write {} as JSON", path.display()), &e))?;
    text.push(b'\n');
    atomic::write_bytes(path, &text)
}

/// Reads a JSON file.
///
/// # Errors
/// [`ErrorKind::IO`] with the path; [`ErrorKind::DATA`] with path, line and column where the content is not what `T` asks for.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = fs::read(path).map_err(|e| atomic::io_error("read", path, &e))?;
    serde_json::from_slice(&text).map_err(|e| {
        Error::wrap(
            ErrorKind::DATA,
            format!("{} is not the JSON expected here", path.display()),
            &e,
        )
    })
}

/// A number that may not be known: JSON has no NaN, and serde_json writes null for it.
///
/// # Errors
/// Neither a number nor null.
pub fn nan_where_null<'de, D: Deserializer<'de>>(from: D) -> std::result::Result<f64, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or(f64::NAN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        write(&path, &(1, "zwei", [3.5])).unwrap();
        assert_eq!(
            read::<(u8, String, [f64; 1])>(&path).unwrap(),
            (1, "zwei".into(), [3.5])
        );
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            "[\n  1,\n  \"zwei\",\n  [\n    3.5\n  ]\n]\n"
        );
    }

    #[test]
    fn a_cut_file_is_named_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        fs::write(&path, "[1,").unwrap();
        let error = read::<Vec<u8>>(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DATA);
        assert!(
            error.message().contains("a.json") && error.to_string().contains("line 1 column 3"),
            "{error}"
        );
    }
}
