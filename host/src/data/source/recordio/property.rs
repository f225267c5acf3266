//! `property`: one line, `classes,height,width`.

/// What the file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Property {
    /// Number of identities.
    pub classes: u64,
    /// Rows of an image.
    pub height: u64,
    /// Columns of an image.
    pub width: u64,
}

/// Parses the file's content.
///
/// # Errors
/// Anything but three numbers, in words.
pub fn parse(text: &[u8]) -> Result<Property, String> {
    let start = &text[..text.len().min(200)];
    let numbers: Option<Vec<u64>> = std::str::from_utf8(start)
        .ok()
        .map(str::trim)
        .and_then(|line| line.split(',').map(|field| field.trim().parse().ok()).collect());
    match numbers.as_deref() {
        Some([classes, height, width]) => Ok(Property {
            classes: *classes,
            height: *height,
            width: *width,
        }),
        _ => Err(format!(
            "expected `classes,height,width`, got `{}`",
            start[..start.len().min(60)].escape_ascii()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_numbers_and_nothing_else() {
        let expected = Property {
            classes: 85742,
            height: 112,
            width: 112,
        };
        assert_eq!(parse(b"85742,112,112\n").unwrap(), expected);
        for wrong in [&b""[..], b"1,2", b"1,2,3,4", b"a,2,3", b"\xff,1,1", b"-1,2,3"] {
            assert!(parse(wrong).unwrap_err().starts_with("expected `classes,height,width`"));
        }
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_text_never_panics(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            let _ = parse(&bytes);
        }
    }
}
