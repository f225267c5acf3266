//! Every plugin of this repository keeps the contract, as a built library.

use std::{fs, path::Path};

use ficta_core::testing::{
    BuiltLibrary,
    conformance::{Check, Outcome, Verdict},
};
use ficta_tests::{command::ficta, outside_crate, product, smoke::Smoke};
use serde_json::Value;

const UNET: &str =
    r#"{"resolution": 16, "channels": 1, "base_width": 16, "multipliers": [1, 2], "patch": 2, "micro_batch": 4}"#;
const MOBILEFACENET: &str =
    r#"{"blocks": [1, 1, 1, 1], "scale": 1, "dim": 16, "input_size": 32, "channels": 1, "micro_batch": 8}"#;
const IRESNET: &str = r#"{"blocks": [1, 1, 1, 1], "widths": [8, 8, 8, 16, 16], "dim": 16, "input_size": 16, "channels": 1, "micro_batch": 8}"#;

/// A parameter that names a fixture of the encoders.
fn fixture(key: &str, name: &str) -> String {
    let path = product::root().join("plugins/encoder-candle/tests/fixtures").join(name);
    serde_json::json!({ key: path }).to_string()
}

fn check(library: &Path, component: &str, params: &str) -> Verdict {
    let library = BuiltLibrary::open(library).unwrap_or_else(|e| panic!("{e}"));
    let verdict = library.check(component, params, &[]).unwrap_or_else(|e| panic!("{e}"));
    assert!(verdict.checks.len() >= 6, "{verdict}");
    verdict
}

#[test]
fn the_plugins_keep_the_contract() {
    let smoke = Smoke::new();
    let weights = format!(r#"{{"weights": {:?}}}"#, smoke.weights().to_str().unwrap());
    let mut listed: Vec<String> = ficta(["plugins", "list", "--json"]).succeeded().json()["components"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["name"].as_str().unwrap().to_owned())
        .collect();
    for (crate_name, component, params) in [
        ("ficta_losses", "cosface", "{}"),
        ("ficta_losses", "arcface", "{}"),
        ("ficta_losses", "combined-margin", "{}"),
        ("ficta_losses", "sphereface", "{}"),
        ("ficta_losses", "adaface", "{}"),
        ("ficta_losses", "curricularface", "{}"),
        ("ficta_losses", "curricularface", r#"{"t_alpha": 0}"#),
        ("ficta_losses", "elasticface-arc", "{}"),
        ("ficta_losses", "elasticface-cos", "{}"),
        ("ficta_losses", "magface", "{}"),
        ("ficta_losses", "softmax", "{}"),
        ("ficta_samplers", "ddim", "{}"),
        ("ficta_samplers", "ddim", r#"{"steps": 7, "eta": 0.5, "guidance": 1.5}"#),
        ("ficta_samplers", "ddpm", "{}"),
        ("ficta_samplers", "dpm-solver-pp", "{}"),
        ("ficta_samplers", "dpm-solver-pp", r#"{"steps": 7, "guidance": 1.5}"#),
        ("ficta_identities", "variance-interpolation", "{}"),
        (
            "ficta_identities",
            "variance-interpolation",
            r#"{"rule": "per-dim", "pairs": "nearest", "max_per_parent": 4}"#,
        ),
        ("ficta_identities", "two-coefficient-mix", "{}"),
        ("ficta_identities", "von-mises-fisher", "{}"),
        ("ficta_identities", "uniform-sphere", "{}"),
        ("ficta_identities", "pca-gaussian", "{}"),
        ("ficta_identities", "orthogonal-prototypes", "{}"),
        ("ficta_id_nms", "id-nms", "{}"),
        (
            "ficta_id_nms",
            "id-nms",
            r#"{"threshold_real": 0.5, "threshold_selected": 0.4, "max_per_parent": 3, "target": 10}"#,
        ),
        (
            "ficta_id_nms",
            "id-nms",
            r#"{"metric": "variance-distance", "distance_real": 0.3, "order": "max-cosine"}"#,
        ),
        ("ficta_id_nms", "k-centre", "{}"),
        ("ficta_id_nms", "k-centre", r#"{"target": 10, "threshold": 1.0}"#),
        ("ficta_id_nms", "all", "{}"),
        ("ficta_encoder_candle", "dlib-resnet", &weights),
        (
            "ficta_encoder_candle",
            "iresnet",
            &fixture("weights", "iresnet.safetensors"),
        ),
        ("ficta_encoder_candle", "onnx", &fixture("model", "onnx_mobile.onnx")),
        ("ficta_diffusion_tch", "unet", UNET),
        ("ficta_iresnet_tch", "iresnet", IRESNET),
        ("ficta_iresnet_tch", "mobilefacenet", MOBILEFACENET),
    ] {
        let verdict = check(&product::library(crate_name), component, params);
        verdict.assert_passed();
        // That it ended before it looked would say nothing.
        // `all` has nothing to look for between two candidates.
        let looked = |c: &&Check| c.name == "cancellation" && c.outcome == Outcome::Passed;
        assert!(
            component == "all" || verdict.checks.iter().any(|c| looked(&c)),
            "{verdict}"
        );
        listed.retain(|name| name != component);
    }
    assert!(listed.is_empty(), "no verdict on {listed:?}");
}

#[test]
fn the_examples_keep_the_contract() {
    for (name, component, params) in [("circle-loss", "circle", "{}"), ("heun-sampler", "heun", "{}")] {
        let library = outside_crate::build(&product::root().join("examples/plugins").join(name), &[]);
        check(&library, component, params).assert_passed();
    }
}

#[test]
fn the_command_gives_a_verdict_and_an_exit_code() {
    let losses = product::library("ficta_losses");
    let passed = ficta([&"plugins".into(), &"check".into(), &losses]).succeeded();
    assert!(
        passed.stdout.contains("loss `cosface` keeps the contract") && passed.stdout.contains("ok      gradient"),
        "{passed}"
    );
    let circle = outside_crate::build(&product::root().join("examples/plugins/circle-loss"), &[]);
    let circle = circle.to_str().unwrap();
    ficta(["plugins", "check", circle]).succeeded();
    // With constant weights the gradient is no derivative, on purpose, as in the paper.
    let detached = r#"circle={"detach_weights": true}"#;
    let broken = ficta(["plugins", "check", circle, "--params", detached])
        .refused(1, &["1 of 1 components break the contract", "--skip"]);
    assert!(broken.stdout.contains("FAILED  gradient"), "{broken}");
    ficta(["plugins", "check", circle, "--params", detached, "--skip", "gradient"]).succeeded();
    let json = ficta(["plugins", "check", circle, "--params", detached, "--json"]);
    let verdict = &json.json()["components"][0];
    assert_eq!(
        (&verdict["component"], &verdict["passed"]),
        (&"circle".into(), &false.into())
    );
    ficta(["plugins", "check", circle, "--params", r#"circel={}"#]).refused(2, &["no component `circel`", "circle"]);
    ficta(["plugins", "check", circle, "--params", r#"circle={"gama": 1}"#]).refused(2, &["gama", "gamma"]);
    let none = fs::canonicalize(product::executable()).unwrap();
    ficta([&"plugins".into(), &"check".into(), &none]).refused(2, &["no plugin"]);
}

#[test]
fn a_component_without_its_parameters_is_not_checked_and_the_others_are() {
    let encoders = product::library("ficta_encoder_candle");
    let encoders = encoders.to_str().unwrap();
    let onnx = format!("onnx={}", fixture("model", "onnx_mobile.onnx"));
    let call = |more: &[&str]| ficta([&["plugins", "check", encoders, "--params", &onnx], more].concat());
    let done = call(&[]).refused(2, &["2 of 3 components were not checked", "--params"]);
    assert!(done.stdout.contains("encoder `onnx` keeps the contract"), "{done}");
    for name in ["dlib-resnet", "iresnet"] {
        let line = format!("encoder `{name}` was NOT CHECKED: ");
        assert!(done.stdout.contains(&line) && done.stdout.contains("weights"), "{done}");
    }
    let all = call(&["--json", "--skip", "cancellation"]).json();
    let verdicts: Vec<_> = all["components"].as_array().unwrap().iter().collect();
    let of = |name: &str| *verdicts.iter().find(|v| v["component"] == name).unwrap();
    assert_eq!(
        (&of("onnx")["passed"], &of("onnx")["not_checked"]),
        (&true.into(), &Value::Null)
    );
    assert_eq!(of("iresnet")["passed"], false);
    assert!(
        of("iresnet")["not_checked"].as_str().unwrap().contains("weights"),
        "{all:#}"
    );
    // Weights that are not there are no fault of the component's either.
    let missing = [r#"iresnet={"weights": "nowhere.pth"}"#];
    let done = call(&["--params", missing[0], "--component", "iresnet"]);
    let done = done.refused(2, &["1 of 1 components were not checked"]);
    assert!(done.stdout.contains("nowhere.pth"), "{done}");
    call(&["--component", "onnx"]).succeeded();
}
