//! Schemas and outputs.

use ficta_core::{Ctx, NullHost, TensorRef, assert_tensor_snapshot, static_components, testing::LossBatch};
use ficta_losses as _;

#[test]
fn schemas() {
    let components: Vec<_> = static_components().iter().map(|r| r.component()).collect();
    assert_eq!(
        components.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(),
        [
            "adaface",
            "arcface",
            "combined-margin",
            "cosface",
            "curricularface",
            "elasticface-arc",
            "elasticface-cos",
            "magface",
            "softmax",
            "sphereface"
        ]
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
        let value = TensorRef::new(std::slice::from_ref(&out.loss), &[1]).unwrap();
        match entry.name {
            "cosface" => {
                assert_tensor_snapshot!("cosface_value", value);
                assert_tensor_snapshot!("cosface_gradient", gradient);
            }
            "arcface" => {
                assert_tensor_snapshot!("arcface_value", value);
                assert_tensor_snapshot!("arcface_gradient", gradient);
            }
            "adaface" => assert_tensor_snapshot!("adaface_gradient", gradient),
            "combined-margin" => assert_tensor_snapshot!("combined_margin_gradient", gradient),
            "curricularface" => assert_tensor_snapshot!("curricularface_gradient", gradient),
            "elasticface-arc" => assert_tensor_snapshot!("elasticface_arc_gradient", gradient),
            "elasticface-cos" => assert_tensor_snapshot!("elasticface_cos_gradient", gradient),
            "magface" => {
                assert_tensor_snapshot!("magface_gradient", gradient);
                assert_tensor_snapshot!("magface_gradient_on_norms", TensorRef::new(&out.norms, &[3]).unwrap());
            }
            "sphereface" => assert_tensor_snapshot!("sphereface_gradient", gradient),
            other => {
                assert_eq!(other, "softmax");
                assert_tensor_snapshot!("softmax_gradient", gradient);
            }
        }
    }
}
