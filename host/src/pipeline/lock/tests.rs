use super::*;

fn lock(plugins: &[(&str, &str, &[&str])]) -> PluginsLock {
    let plugin = |sha256: &str, components: &[&str]| LockedPlugin {
        version: "0.1.0".into(),
        sha256: sha256.into(),
        backend: String::new(),
        components: components.iter().map(|c| (*c).to_owned()).collect(),
    };
    let plugins = plugins
        .iter()
        .map(|(name, sha256, components)| ((*name).to_owned(), plugin(sha256, components)));
    PluginsLock {
        ficta: "0.1.0".into(),
        plugins: plugins.collect(),
    }
}

#[test]
fn the_same_libraries_have_not_changed() {
    let before = lock(&[("a", "1", &["loss x"]), ("b", "2", &["sampler y"])]);
    assert!(before.changes(&before).is_empty());
    // A library that is no longer used, or is new, has not changed.
    assert!(before.changes(&lock(&[("c", "3", &["encoder z"])])).is_empty());
}

#[test]
fn a_crate_with_other_bytes_has_changed_whatever_the_run_uses_of_it() {
    let before = lock(&[("a", "1", &["loss x"])]);
    let changes = before.changes(&lock(&[("a", "2", &["loss y"])]));
    assert_eq!(changes, ["a: was 0.1.0 1, is 0.1.0 2; the run uses loss y"]);
}

#[test]
fn a_component_of_another_crate_has_changed() {
    let before = lock(&[("a", "1", &["loss w", "loss x"])]);
    let changes = before.changes(&lock(&[("b", "2", &["loss x"])]));
    assert_eq!(changes, ["b: was a 0.1.0 1, is 0.1.0 2; the run uses loss x"]);
}

#[test]
fn one_library_under_two_crate_names_is_the_same_library() {
    let before = lock(&[("a", "1", &["loss x"])]);
    assert!(before.changes(&lock(&[("b", "1", &["loss x"])])).is_empty());
}
