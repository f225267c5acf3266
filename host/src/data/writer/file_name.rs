//! Names of files for images and identities.

use std::path::Path;

use crate::data::source::EXTENSIONS;

/// The ending that fits the content.
fn ending(bytes: &[u8]) -> &'static str {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => "png",
        [0xff, 0xd8, ..] => "jpg",
        [b'P', b'2' | b'5', ..] => "pgm",
        [b'P', b'3' | b'6', ..] => "ppm",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "webp",
        _ => "jpg",
    }
}

/// The image's own name, else its number, with an image's ending.
pub(super) fn with_ending(own: Option<&str>, index: usize, bytes: &[u8]) -> String {
    match own {
        Some(name) if has_ending(name) => name.to_owned(),
        Some(name) if !name.is_empty() => format!("{name}.{}", ending(bytes)),
        _ => format!("{index:08}.{}", ending(bytes)),
    }
}

fn has_ending(name: &str) -> bool {
    let ending = Path::new(name)
        .extension()
        .map(|e| e.to_string_lossy().to_ascii_lowercase());
    ending.is_some_and(|e| EXTENSIONS.contains(&e.as_str()))
}

/// The ending of a name, lower-case.
pub(super) fn ending_of(name: &str) -> String {
    Path::new(name)
        .extension()
        .map_or_else(|| "jpg".into(), |e| e.to_string_lossy().to_ascii_lowercase())
}

/// A name that is one part of a path, visible and not too long: separators and control characters become `_`.
pub(super) fn safe(name: &str) -> String {
    let mut out: String = name
        .chars()
        .map(|c| {
            if matches!(c, '/' | '\\') || c.is_control() {
                '_'
            } else {
                c
            }
        })
        .collect();
    if out.is_empty() || out.starts_with('.') {
        out.insert(0, '_');
    }
    // 255 bytes is the most that file systems take; the end has the ending.
    while out.len() > 200 {
        out.remove(0);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_endings_and_are_safe() {
        assert_eq!(with_ending(Some("a.JPG"), 3, b""), "a.JPG");
        assert_eq!(with_ending(Some("a"), 3, b"\x89PNG"), "a.png");
        assert_eq!(with_ending(None, 3, b"P5 1 1"), "00000003.pgm");
        assert_eq!(with_ending(None, 4, b"RIFF....WEBPVP8 "), "00000004.webp");
        assert_eq!(
            (safe("../x\n"), safe(""), safe("a/b")),
            ("_.._x_".into(), "_".into(), "a_b".into())
        );
        assert_eq!(safe(&"ü".repeat(300)).len(), 200);
    }
}
