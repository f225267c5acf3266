//! Each component of the built library keeps the contract.

use std::path::Path;

use ficta_core::built_library;

fn check(component: &str, params: &serde_json::Value) {
    let verdict = built_library!("ficta_encoder_candle")
        .check(component, &params.to_string(), &[])
        .unwrap();
    assert!(verdict.checks.len() >= 6, "{verdict}");
    verdict.assert_passed();
}

fn fixture(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
        .to_str()
        .unwrap()
        .to_owned()
}

#[test]
fn iresnet_keeps_the_contract() {
    for flip in [false, true] {
        let file = fixture("iresnet_zip.pth");
        check(
            "iresnet",
            &serde_json::json!({ "weights": file, "input_size": 32, "flip": flip }),
        );
    }
}

#[test]
fn onnx_keeps_the_contract() {
    for model in ["onnx_iresnet.onnx", "onnx_mobile.onnx", "onnx_sface.onnx"] {
        check("onnx", &serde_json::json!({ "model": fixture(model) }));
    }
}
