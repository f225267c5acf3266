//! Listing, schema and one small proposal, pinned.

use ficta_core::static_components;
use ficta_identities::{Pairs, Rule, VarianceInterpolationParams as Params};

use crate::scene::Scene;

#[test]
fn listing_and_schema() {
    let components: Vec<_> = static_components().into_iter().map(|r| r.component()).collect();
    for c in &components {
        let schema: serde_json::Value = serde_json::from_str(&c.params_schema).expect("a schema is JSON");
        insta::assert_json_snapshot!(c.name.clone(), (&c.kind, &c.name, &c.summary, schema));
    }
    assert_eq!(components.len(), 6);
}

#[test]
fn unknown_parameters_are_refused_by_name() {
    let known = static_components();
    let registration = known
        .iter()
        .find(|r| r.name == "variance-interpolation")
        .expect("registered");
    let error = registration
        .make_proposer(r#"{"rul": "midpoint"}"#)
        .err()
        .expect("an unknown key");
    assert!(error.message().contains("unknown field `rul`"), "{error}");
    let error = registration
        .make_proposer(r#"{"rule": "median"}"#)
        .err()
        .expect("an unknown rule");
    assert!(error.message().contains("unknown variant `median`"), "{error}");
    assert!(registration.make_proposer("{}").is_ok());
}

#[test]
fn a_small_proposal() {
    let scene = Scene::random(5, 4, 3);
    for (rule, pairs) in [
        (Rule::StdRatio, Pairs::Random),
        (Rule::Midpoint, Pairs::Farthest),
        (Rule::PerDim, Pairs::Nearest),
    ] {
        let params = Params {
            rule,
            pairs,
            max_per_parent: 2,
            ..Params::default()
        };
        let got = scene.propose(params, 4, 11).expect("valid input");
        let lines: Vec<String> = got
            .feature
            .chunks_exact(4)
            .enumerate()
            .map(|(i, f)| {
                format!(
                    "{:?} t {:.5} V {:.5} f {f:.5?}",
                    got.parents[i], got.t[i], got.variance[i]
                )
            })
            .collect();
        insta::assert_json_snapshot!(format!("{rule:?}-{pairs:?}"), lines);
    }
}
