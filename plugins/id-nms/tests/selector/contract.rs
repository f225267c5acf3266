//! What every selector promises.

use ficta_core::{
    static_components,
    testing::{Maker, conformance},
};

#[test]
fn every_selector_keeps_the_contract() {
    for (name, params) in [
        ("id-nms", "{}"),
        (
            "id-nms",
            r#"{"metric": "variance-distance", "distance_real": 0.3, "order": "max-cosine"}"#,
        ),
        ("k-centre", "{}"),
        ("k-centre", r#"{"target": 10, "threshold": 1.0}"#),
        ("all", "{}"),
    ] {
        let entry = static_components()
            .into_iter()
            .find(|entry| entry.component().name == name);
        let entry = entry.expect("the component is registered");
        conformance::check(name, &Maker::of_registration(entry, params), &[]).assert_passed();
    }
}
