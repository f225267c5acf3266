//! What users see of the component, and features of the synthetic weights, against snapshots.

mod support;

use ficta_core::{Encoder, TensorRef, assert_tensor_snapshot, static_components};
use support::{DIM, assets, encode, encoder, pictures, synthetic};

#[test]
fn listing_and_schema() {
    // Named so that the linker keeps the crate and its registrations.
    let _ = std::any::type_name::<ficta_encoder_candle::DlibResnet>();
    let components: Vec<_> = static_components()
        .iter()
        .map(|entry| {
            let component = entry.component();
            let schema: serde_json::Value = serde_json::from_str(&component.params_schema).unwrap();
            serde_json::json!({
                "kind": component.kind,
                "name": component.name,
                "summary": component.summary,
                "params": schema,
            })
        })
        .collect();
    insta::assert_json_snapshot!("components", components);
}

#[test]
fn info_of_synthetic_weights() {
    let folder = synthetic::folder();
    insta::assert_debug_snapshot!("info_synthetic", encoder(folder.path(), true).unwrap().info());
}

#[test]
fn info_of_pretrained_weights() {
    let Some(weights) = assets::face_api() else { return };
    insta::assert_debug_snapshot!("info_pretrained", encoder(&weights, false).unwrap().info());
}

#[test]
fn parameters_from_a_run_file() {
    let folder = synthetic::folder();
    let entry = static_components()
        .into_iter()
        .find(|entry| entry.name == "dlib-resnet")
        .unwrap();
    let params = serde_json::json!({ "weights": folder.path() }).to_string();
    assert_eq!(entry.make_encoder(&params).unwrap().info().dim, 128);
    for (params, words) in [("{}", "weights"), (r#"{"weights":"x","batch":4}"#, "batch")] {
        let error = entry.make_encoder(params).err().unwrap();
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn features_of_synthetic_weights() {
    let folder = synthetic::folder();
    let mut encoder = encoder(folder.path(), false).unwrap();
    let features = encode(&mut encoder, &pictures::photographs(), pictures::SIZE, 2).unwrap();
    assert_tensor_snapshot!("features_synthetic", TensorRef::new(&features, &[3, DIM]).unwrap());
}
