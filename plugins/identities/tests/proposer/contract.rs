//! The suite that `ficta plugins check` runs, on the components as they are linked in here.

use ficta_core::{
    static_components,
    testing::{Maker, conformance::check},
};

#[test]
fn every_proposer_keeps_the_contract() {
    for (name, params) in [
        ("variance-interpolation", "{}"),
        (
            "variance-interpolation",
            r#"{"rule": "per-dim", "pairs": "nearest", "max_per_parent": 4}"#,
        ),
        ("two-coefficient-mix", "{}"),
        ("two-coefficient-mix", r#"{"alpha": 0.3, "pairs": "random"}"#),
        ("von-mises-fisher", "{}"),
        ("von-mises-fisher", r#"{"kappa": 8}"#),
        ("uniform-sphere", "{}"),
        ("pca-gaussian", "{}"),
        ("orthogonal-prototypes", "{}"),
    ] {
        let all = static_components();
        let entry = all.iter().find(|r| r.name == name).expect("a known name");
        check(name, &Maker::of_registration(entry, params), &[]).assert_passed();
    }
}
