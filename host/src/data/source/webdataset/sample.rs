//! How members of a shard belong together: by key, the path up to the first dot of the file's name.

use crate::data::source::folder::is_image;

/// What a member is to its sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// The encoded image.
    Image,
    /// The label as text: a number or a name.
    Class,
    /// A JSON object with the label.
    Json,
    /// Text that is the label where nothing else is.
    Text,
    /// Anything else.
    Other,
}

/// Splits a member's path into key and role, as WebDataset does.
pub fn split(name: &str) -> Option<(&str, Role)> {
    let file_at = name.rfind('/').map_or(0, |slash| slash + 1);
    let dot = name[file_at..].find('.')?;
    if dot == 0 {
        return None;
    }
    let (key, ending) = (&name[..file_at + dot], &name[file_at + dot + 1..]);
    let role = match ending.to_ascii_lowercase().as_str() {
        _ if is_image(name.as_ref()) => Role::Image,
        "cls" | "label" => Role::Class,
        "json" => Role::Json,
        "txt" => Role::Text,
        _ => Role::Other,
    };
    Some((key, role))
}

/// A label as a sample gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Label {
    /// A number.
    Number(i64),
    /// A name.
    Name(String),
}

fn of_text(text: &str) -> Option<Label> {
    let text = text.trim();
    match text.parse() {
        Ok(number) => Some(Label::Number(number)),
        Err(_) => (!text.is_empty() && text.len() <= 200).then(|| Label::Name(text.to_owned())),
    }
}

/// The label in a member, and the identity's name where it is given beside it.
///
/// # Errors
/// Content that is no label, in words.
pub fn label(role: Role, content: &[u8]) -> Result<(Option<Label>, Option<String>), String> {
    let text = std::str::from_utf8(content).map_err(|_| "it is not UTF-8".to_owned())?;
    match role {
        Role::Class => match of_text(text) {
            Some(label) => Ok((Some(label), None)),
            None => Err("it is empty or too long for a label".into()),
        },
        Role::Text => Ok((of_text(text), None)),
        Role::Json => {
            let value: serde_json::Value = serde_json::from_str(text).map_err(|e| e.to_string())?;
            let found = ["label", "cls", "class"].iter().find_map(|key| value.get(key));
            let label = match found {
                Some(serde_json::Value::String(name)) => of_text(name),
                Some(number) => {
                    Some(Label::Number(number.as_i64().ok_or_else(|| {
                        format!("its label is {number}, expected a whole number")
                    })?))
                }
                None => None,
            };
            let identity = value.get("identity").and_then(|name| name.as_str()).map(str::to_owned);
            Ok((label, identity))
        }
        Role::Image | Role::Other => Ok((None, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_end_at_the_first_dot_of_the_file_name() {
        assert_eq!(split("v1.2/000.jpg"), Some(("v1.2/000", Role::Image)));
        assert_eq!(split("000.face.PNG"), Some(("000", Role::Image)));
        assert_eq!(split("000.cls"), Some(("000", Role::Class)));
        assert_eq!(split("a/000.json"), Some(("a/000", Role::Json)));
        assert_eq!(split("000.seg.txt"), Some(("000", Role::Other)));
        assert_eq!((split("README"), split("a/.hidden")), (None, None));
    }

    #[test]
    fn labels_are_numbers_or_names() {
        let number = |n| Ok((Some(Label::Number(n)), None));
        assert_eq!(label(Role::Class, b"12\n"), number(12));
        assert_eq!(label(Role::Class, b"s12"), Ok((Some(Label::Name("s12".into())), None)));
        let json = br#"{"label": 3, "identity": "s4"}"#;
        assert_eq!(label(Role::Json, json), Ok((Some(Label::Number(3)), Some("s4".into()))));
        assert_eq!(label(Role::Json, b"{}"), Ok((None, None)));
        assert!(label(Role::Json, b"{\"label\": 1.5}").unwrap_err().contains("1.5"));
        assert!(label(Role::Json, b"{").is_err());
        assert!(label(Role::Class, b" ").is_err() && label(Role::Class, b"\xff").is_err());
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_names_and_contents_never_panic(name in ".{0,30}", content in proptest::collection::vec(proptest::num::u8::ANY, 0..60)) {
            split(&name);
            for role in [Role::Class, Role::Json, Role::Text] {
                let _ = label(role, &content);
            }
        }
    }
}
