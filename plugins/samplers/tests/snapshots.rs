//! Schemas and images.

mod support;

use ficta_core::{
    Prediction, TensorRef, assert_tensor_snapshot, static_components,
    testing::{ToyDenoiser, cosine_alpha_bar},
};

#[test]
fn schemas() {
    let components: Vec<_> = static_components().iter().map(|r| r.component()).collect();
    assert_eq!(
        components.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(),
        ["ddim", "ddpm", "dpm-solver-pp"]
    );
    for component in components {
        let schema: serde_json::Value = serde_json::from_str(&component.params_schema).unwrap();
        insta::assert_json_snapshot!(format!("schema_{}", component.name), schema);
    }
}

fn images(name: &str, params: &str) -> Vec<f32> {
    let mut toy = ToyDenoiser::new([3, 8, 8], 2, 0.3, Prediction::V, cosine_alpha_bar(100));
    let mut sampler = support::sampler(name, params).unwrap();
    support::sample(sampler.as_mut(), &mut toy, &[0.6, 0.8, -1.0, 0.0], &[1, 2]).unwrap()
}

#[test]
fn ddpm_images() {
    assert_tensor_snapshot!(TensorRef::new(&images("ddpm", r#"{"steps": 20}"#), &[2, 3, 8, 8]).unwrap());
}

#[test]
fn ddim_images() {
    assert_tensor_snapshot!(
        TensorRef::new(&images("ddim", r#"{"steps": 20, "guidance": 1.5}"#), &[2, 3, 8, 8]).unwrap()
    );
}

#[test]
fn dpm_solver_pp_images() {
    let images = images("dpm-solver-pp", r#"{"steps": 10, "guidance": 1.5}"#);
    assert_tensor_snapshot!(TensorRef::new(&images, &[2, 3, 8, 8]).unwrap());
}
