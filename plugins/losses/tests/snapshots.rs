//! Schemas and outputs.

use ficta_core::{Ctx, NullHost, TensorRef, assert_tensor_snapshot, static_components, testing::LossBatch};
use ficta_losses as _;

#[test]
fn schemas() {
    let components: Vec<_> = static_components().iter().map(|r| r.component()).collect();
    assert_eq!(
        components.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(),
        ["arcface", "cosface"]
    );
    for component in components {
        let schema: serde_json::Value = serde_json::from_str(&component.params_schema).unwrap();
        insta::assert_json_snapshot!(format!("schema_{}", component.name), schema);
    }
}

#[test]
fn outputs() {
    let host = NullHost::default();
    let batch = LossBatch::random(3, 5, 3);
    for entry in static_components() {
        let out = batch
            .evaluate(entry.make_loss("{}").unwrap().as_mut(), &Ctx::new(&host))
            .unwrap();
        let gradient = TensorRef::new(&out.cosines, &[3, 5]).unwrap();
        match entry.name {
            "cosface" => {
                assert_tensor_snapshot!("cosface_value", TensorRef::new(&[out.loss], &[1]).unwrap());
                assert_tensor_snapshot!("cosface_gradient", gradient);
            }
            _ => {
                assert_tensor_snapshot!("arcface_value", TensorRef::new(&[out.loss], &[1]).unwrap());
                assert_tensor_snapshot!("arcface_gradient", gradient);
            }
        }
    }
}
