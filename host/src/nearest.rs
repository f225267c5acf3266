//! "Did you mean": the nearest names to one that is not known.

/// The names within an edit distance of a third of `wanted`'s length (at least 2), nearest first, at most three.
pub fn nearest<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let limit = (wanted.chars().count() / 3).max(2);
    let mut near: Vec<_> = known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(wanted, name), name))
        .filter(|(distance, name)| *distance <= limit || name.contains(wanted) || wanted.contains(name))
        .collect();
    near.sort_unstable();
    near.dedup();
    near.into_iter().take(3).map(|(_, name)| name).collect()
}

/// A sentence that names the nearest of `known`, or all of them where none is near.
pub fn suggestion<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    let quote = |names: Vec<&str>| names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
    let near = nearest(wanted, known.clone());
    if !near.is_empty() {
        return format!("nearest: {}", quote(near));
    }
    let mut all: Vec<_> = known.into_iter().collect();
    all.sort_unstable();
    if all.is_empty() {
        "there is none".into()
    } else {
        format!("known: {}", quote(all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_name_and_nonsense_lists_all() {
        assert_eq!(nearest("cosfase", ["arcface", "cosface"]), ["cosface"]);
        assert_eq!(
            suggestion("treshold", ["threshold_real", "order"]),
            "known: `order`, `threshold_real`"
        );
        assert_eq!(
            suggestion("threshold", ["threshold_real", "order"]),
            "nearest: `threshold_real`"
        );
        assert_eq!(suggestion("zzz", []), "there is none");
    }
}
