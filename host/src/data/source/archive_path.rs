//! Paths of members of archives. Nothing is ever unpacked to them, but a set that tries to lead out of its folder is not to be trusted.

/// Refuses absolute paths and those with `..`.
///
/// # Errors
/// The reason in words.
pub(crate) fn check(name: &str) -> Result<(), String> {
    let outside = name.starts_with(['/', '\\'])
        || name.get(1..3).is_some_and(|part| part == ":\\" || part == ":/")
        || name.split(['/', '\\']).any(|part| part == "..");
    match outside {
        true => Err(format!("the member `{}` leads out of the archive", name.escape_debug())),
        false => Ok(()),
    }
}

/// Whether a part of the path begins with a dot, or is what macOS adds to archives.
pub(crate) fn is_hidden(name: &str) -> bool {
    name.split('/')
        .any(|part| (part.starts_with('.') && part != ".") || part == "__MACOSX")
}

/// The name of the folder that the member lies in.
pub(crate) fn folder(name: &str) -> Option<&str> {
    let (folder, _) = name.rsplit_once('/')?;
    folder
        .rsplit('/')
        .next()
        .filter(|name| !name.is_empty() && *name != ".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_lead_out_are_refused() {
        for wrong in [
            "/etc/a.png",
            "../a.png",
            "a/../../b.png",
            "a\\..\\b.png",
            "C:\\a.png",
            "\\a.png",
            "..",
        ] {
            assert!(check(wrong).is_err(), "{wrong}");
        }
        for right in ["a/b.png", "a..b/c..png", "./a.png", "ü:/a"] {
            assert!(check(right).is_ok(), "{right}");
        }
    }

    #[test]
    fn folders_and_hidden_parts() {
        assert_eq!(
            (folder("set/s1/1.png"), folder("1.png"), folder("./1.png")),
            (Some("s1"), None, None)
        );
        assert!(is_hidden("a/.DS_Store") && is_hidden("__MACOSX/a.png") && !is_hidden("./a.png"));
    }
}
