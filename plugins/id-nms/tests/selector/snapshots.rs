//! Listing, schemas and one small selection, pinned.

use ficta_core::{Configure, static_components, testing::RecordingHost};
use ficta_id_nms::{IdNms, IdNmsParams};

use crate::scene::Scene;

#[test]
fn listing_and_schemas() {
    let components: Vec<_> = static_components().into_iter().map(|r| r.component()).collect();
    for c in &components {
        let schema: serde_json::Value = serde_json::from_str(&c.params_schema).expect("a schema is JSON");
        insta::assert_json_snapshot!(c.name.clone(), (&c.kind, &c.name, &c.summary, schema));
    }
    assert_eq!(components.len(), 3);
}

#[test]
fn unknown_parameters_are_refused_by_name() {
    for registration in static_components() {
        let error = registration
            .make_selector(r#"{"treshold": 0.5}"#)
            .err()
            .expect("an unknown key");
        assert!(error.message().contains("unknown field `treshold`"), "{error}");
        assert!(registration.make_selector("{}").is_ok());
    }
}

#[test]
fn a_small_selection() {
    let scene = Scene::coarse(14, 3, 3, 5);
    let mut nms = IdNms::configure(IdNmsParams {
        max_per_parent: 3,
        ..IdNmsParams::default()
    })
    .expect("params in range");
    let got = scene
        .select(&mut nms, &RecordingHost::new(0).with_threads(1))
        .expect("valid input");
    let lines: Vec<String> = (0..scene.len())
        .map(|i| {
            let cosine = f32::from_bits(got.cosine[i]);
            format!(
                "{:?} {} blocker {} cosine {cosine:.5} rank {}",
                scene.candidate(i),
                got.decision[i].name(),
                got.blocker[i],
                got.rank[i]
            )
        })
        .collect();
    insta::assert_json_snapshot!(lines);
    let curve = scene
        .yield_curve(
            &mut nms,
            &[0.0, 0.25, 0.5, 0.75, 1.0],
            &RecordingHost::new(0).with_threads(1),
        )
        .expect("valid input");
    insta::assert_json_snapshot!(curve);
}
