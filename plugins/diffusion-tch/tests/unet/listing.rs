//! What users see of the component.

use ficta_core::{Kind, TensorRef, assert_tensor_snapshot, static_components, testing::RecordingHost};

use crate::setup::{data, params, predict, train_steps, unet};

fn registration() -> &'static ficta_core::Registration {
    let found = static_components()
        .into_iter()
        .find(|r| r.kind() == Kind::DENOISER && r.name == "unet");
    found.expect("registered")
}

#[test]
fn schema() {
    let component = registration().component();
    let schema: serde_json::Value = serde_json::from_str(&component.params_schema).unwrap();
    insta::assert_json_snapshot!((component.summary, schema));
}

#[test]
fn parameters_come_from_json() {
    let make = |json| registration().make_denoiser(json);
    let unet =
        make(r#"{"resolution": 64, "channels": 1, "patch": 4, "precision": "bf16", "schedule": "linear"}"#).unwrap();
    assert_eq!((unet.info().height, unet.info().channels), (64, 1));
    for (json, wanted) in [
        (r#"{"resolutoin": 64}"#, "resolutoin"),
        (r#"{"precision": "fp8"}"#, "fp8"),
        (r#"{"resolution": 33}"#, "`resolution` is 33"),
    ] {
        let error = make(json).err().expect("bad parameters").to_string();
        assert!(error.contains(wanted), "{error}");
    }
}

#[test]
fn a_prediction_after_three_steps() {
    let mut unet = unet(params());
    let host = RecordingHost::new(0).with_threads(2);
    train_steps(&mut unet, 0..3, &host);
    let (x, c) = data(2);
    let out = predict(&mut unet, &x, &[100, 900], Some(&c), &host).unwrap();
    assert_tensor_snapshot!(TensorRef::new(&out, &[2, 1, 16, 16]).unwrap(), rtol = 2e-3, atol = 2e-4);
}
