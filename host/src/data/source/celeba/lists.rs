//! The lines of CelebA's lists.

use crate::data::source::{Landmarks, Partition};

/// `000001.jpg 2880`: file and identity.
///
/// # Errors
/// What is wrong, in words.
pub fn identity<'a>(fields: &[&'a [u8]]) -> Result<(&'a str, &'a str), String> {
    match fields {
        [file, identity] => Ok((file_name(file)?, text(identity)?)),
        other => Err(format!("expected `file identity`, got {} fields", other.len())),
    }
}

/// `000001.jpg 69 109 106 113 77 142 73 152 108 154`: file and five points.
///
/// # Errors
/// What is wrong, in words.
pub fn landmarks<'a>(fields: &[&'a [u8]]) -> Result<(&'a str, Landmarks), String> {
    let [file, numbers @ ..] = fields else {
        return Err("it is empty".into());
    };
    if numbers.len() != 10 {
        return Err(format!("expected a file and 10 numbers, got {} numbers", numbers.len()));
    }
    let mut points = Landmarks::default();
    for (at, number) in numbers.iter().enumerate() {
        let value: f32 = text(number)?
            .parse()
            .map_err(|_| format!("`{}` is no number", number.escape_ascii()))?;
        if !value.is_finite() {
            return Err(format!("`{value}` is no place in an image"));
        }
        points[at / 2][at % 2] = value;
    }
    Ok((file_name(file)?, points))
}

/// `000001.jpg 0`: file and part (0 train, 1 validation, 2 test).
///
/// # Errors
/// What is wrong, in words.
pub fn partition<'a>(fields: &[&'a [u8]]) -> Result<(&'a str, Partition), String> {
    match fields {
        [file, b"0"] => Ok((file_name(file)?, Partition::Train)),
        [file, b"1"] => Ok((file_name(file)?, Partition::Validation)),
        [file, b"2"] => Ok((file_name(file)?, Partition::Test)),
        _ => Err("expected `file 0`, `file 1` or `file 2`".into()),
    }
}

fn text(field: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(field).map_err(|_| "it is not UTF-8".into())
}

/// A name without folders: it is joined to the images' folder.
fn file_name(field: &[u8]) -> Result<&str, String> {
    let name = text(field)?;
    match name.contains(['/', '\\', '\0']) || name == ".." || name.is_empty() {
        true => Err(format!("`{}` is no file name", name.escape_debug())),
        false => Ok(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(line: &str) -> Vec<&[u8]> {
        line.split(' ').map(str::as_bytes).collect()
    }

    #[test]
    fn lines_are_understood() {
        assert_eq!(identity(&fields("000001.jpg 2880")), Ok(("000001.jpg", "2880")));
        let points = [[69., 109.], [106., 113.], [77., 142.], [73., 152.], [108., 154.]];
        assert_eq!(
            landmarks(&fields("000001.jpg 69 109 106 113 77 142 73 152 108 154")),
            Ok(("000001.jpg", points))
        );
        assert_eq!(partition(&fields("000001.jpg 2")), Ok(("000001.jpg", Partition::Test)));
    }

    #[test]
    fn damaged_lines_are_refused() {
        assert!(
            identity(&fields("../../etc/passwd 1"))
                .unwrap_err()
                .contains("no file name")
        );
        assert!(identity(&fields("a.jpg")).is_err());
        assert!(landmarks(&fields("a.jpg 1 2 3")).unwrap_err().contains("got 3 numbers"));
        assert!(landmarks(&fields("a.jpg 1 2 3 4 5 6 7 8 9 inf")).is_err());
        assert!(partition(&fields("a.jpg 3")).is_err());
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_fields_never_panic(line in proptest::collection::vec(proptest::num::u8::ANY, 0..80)) {
            let fields: Vec<&[u8]> = line.split(|b| *b == b' ').collect();
            let _ = (identity(&fields), landmarks(&fields), partition(&fields));
        }
    }
}
