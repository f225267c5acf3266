use std::collections::BTreeMap;

use candle_core::Device;
use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Stored {
    shape: Vec<usize>,
    values: Vec<f32>,
}

#[derive(Deserialize)]
struct Case {
    kind: String,
    #[serde(rename = "in")]
    input: [usize; 3],
    out: [usize; 3],
    x: Vec<f32>,
    y: Vec<f32>,
    weights: BTreeMap<String, Stored>,
}

fn write(case: &Case, folder: &std::path::Path) {
    let entries: Vec<_> = case
        .weights
        .iter()
        .map(|(name, t)| serde_json::json!({ "name": name, "shape": t.shape, "dtype": "float32" }))
        .collect();
    let data: Vec<u8> = case
        .weights
        .values()
        .flat_map(|t| &t.values)
        .flat_map(|v| v.to_le_bytes())
        .collect();
    let manifest = serde_json::json!([{ "weights": entries, "paths": ["block.bin"] }]);
    std::fs::write(folder.join("block-weights_manifest.json"), manifest.to_string()).unwrap();
    std::fs::write(folder.join("block.bin"), data).unwrap();
}

#[test]
fn blocks_agree_with_pytorch() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("../../../tests/fixtures/blocks.json")).unwrap();
    assert_eq!(cases.len(), 5);
    for case in cases {
        let folder = tempfile::tempdir().unwrap();
        write(&case, folder.path());
        let mut weights = Weights::read(folder.path()).unwrap();
        let (inputs, outputs) = (case.input[2], case.out[2]);
        let outputs_of_branch = case.weights["block/conv2/conv/bias"].shape[0];
        assert_eq!(outputs, outputs_of_branch);
        let block = match case.kind.as_str() {
            "residual" => Residual::load_keep(&mut weights, "block", inputs, &Scratch::default()),
            _ => Residual::load_halve(&mut weights, "block", [inputs, outputs], &Scratch::default()),
        }
        .unwrap();
        weights.finish().unwrap();
        let x = Tensor::from_vec(case.x, &case.input, &Device::Cpu).unwrap();
        let y = block.forward(&x.unsqueeze(0).unwrap()).unwrap().squeeze(0).unwrap();
        assert_eq!(y.dims(), case.out, "{} of {:?}", case.kind, case.input);
        let got: Vec<f32> = y.flatten_all().unwrap().to_vec1().unwrap();
        for (g, e) in got.iter().zip(&case.y) {
            assert!(
                (g - e).abs() < 1e-4,
                "{} of {:?}: {g} instead of {e}",
                case.kind,
                case.input
            );
        }
    }
}
