//! Which files are the shards of a set: one `.tar`, a folder of them, or `name-{000000..000009}.tar`.

use std::path::{Path, PathBuf};

use ficta_core::{Error, Result};

use crate::data::source::open::with_ending;

/// Most shards of a set.
const MOST: u64 = 100_000;

/// Whether a path has a range in braces.
pub fn is_pattern(path: &Path) -> bool {
    path.to_str()
        .is_some_and(|text| text.contains('{') && text.contains("..") && text.contains('}'))
}

/// Writes a range in braces out: `a-{08..11}.tar` is `a-08.tar`, `a-09.tar`, `a-10.tar`, `a-11.tar`.
///
/// # Errors
/// A range that is none or has more than 100,000 members.
pub fn expand(pattern: &str) -> Result<Vec<String>> {
    let wrong =
        || Error::config(format!("`{pattern}` is no pattern of shards")).help("expected name-{000000..000009}.tar");
    let Some((before, rest)) = pattern.split_once('{') else {
        return Ok(vec![pattern.to_owned()]);
    };
    let (range, after) = rest.split_once('}').ok_or_else(wrong)?;
    let (from, to) = range.split_once("..").ok_or_else(wrong)?;
    let number = |text: &str| {
        text.parse::<u64>()
            .ok()
            .filter(|_| text.bytes().all(|b| b.is_ascii_digit()))
    };
    let (Some(first), Some(last)) = (number(from), number(to)) else {
        return Err(wrong());
    };
    if last < first || last - first >= MOST {
        return Err(wrong());
    }
    let width = if from.len() == to.len() { from.len() } else { 0 };
    let mut all = Vec::new();
    for shard in first..=last {
        all.extend(expand(&format!("{before}{shard:0width$}{after}"))?);
        if all.len() as u64 > MOST {
            return Err(wrong());
        }
    }
    Ok(all)
}

/// The shards that a path means, in order.
///
/// # Errors
/// A pattern that is none; a shard that is not there; a folder without shards.
pub fn of(path: &Path) -> Result<Vec<PathBuf>> {
    if is_pattern(path) && !path.exists() {
        let shards: Vec<PathBuf> = expand(&path.to_string_lossy())?
            .into_iter()
            .map(PathBuf::from)
            .collect();
        return match shards.iter().find(|shard| !shard.is_file()) {
            Some(missing) => Err(Error::data(format!("the shard {} does not exist", missing.display()))
                .help("check the range; the last number is the last shard's")),
            None => Ok(shards),
        };
    }
    if path.is_dir() {
        let shards = with_ending(path, "tar")?;
        return match shards.is_empty() {
            true => Err(Error::data(format!("no shards (.tar) in {}", path.display()))),
            false => Ok(shards),
        };
    }
    Ok(vec![path.to_owned()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_written_out() {
        assert_eq!(expand("a-{08..10}.tar").unwrap(), ["a-08.tar", "a-09.tar", "a-10.tar"]);
        assert_eq!(expand("a-{8..10}.tar").unwrap(), ["a-8.tar", "a-9.tar", "a-10.tar"]);
        assert_eq!(expand("{0..1}/{0..1}").unwrap(), ["0/0", "0/1", "1/0", "1/1"]);
        assert_eq!(expand("plain.tar").unwrap(), ["plain.tar"]);
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for wrong in [
            "{1..}",
            "{..}",
            "{3..1}",
            "{a..b}",
            "{1..2",
            "{0..99999999999}",
            "{0..999}{0..999}",
            "{+1..2}",
        ] {
            assert!(expand(wrong).is_err(), "{wrong}");
        }
    }
}
