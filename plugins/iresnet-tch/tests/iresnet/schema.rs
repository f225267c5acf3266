//! What users see.

use ficta_core::static_components;
use ficta_iresnet_tch as _;

#[test]
fn listing_and_schema() {
    let entry = static_components()
        .into_iter()
        .find(|r| r.name == "iresnet")
        .expect("registered");
    let component = entry.component();
    let schema: serde_json::Value = serde_json::from_str(&component.params_schema).expect("a schema is JSON");
    insta::assert_json_snapshot!(
        "iresnet",
        (&component.kind, &component.name, &component.summary, schema)
    );
}

#[test]
fn info_of_the_defaults() {
    let entry = static_components()
        .into_iter()
        .find(|r| r.name == "iresnet")
        .expect("registered");
    let info = |json: &str| entry.make_backbone(json).expect(json).info();
    insta::assert_debug_snapshot!("info", [info("{}"), info(r#"{"depth":100}"#), info(crate::scene::TINY)]);
}
