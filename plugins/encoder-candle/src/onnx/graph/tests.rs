use proptest::prelude::*;

use super::super::proto;
use super::*;

const MODELS: [&[u8]; 3] = [
    include_bytes!("../../../tests/fixtures/onnx_iresnet.onnx"),
    include_bytes!("../../../tests/fixtures/onnx_mobile.onnx"),
    include_bytes!("../../../tests/fixtures/onnx_sface.onnx"),
];

#[test]
fn normalisations_sums_and_activations_go_into_convolutions() {
    let network = Network::read(MODELS[0]).unwrap();
    let left: Vec<&str> = network
        .steps
        .iter()
        .map(|s| s.what.split(' ').next().unwrap())
        .collect();
    let others: Vec<&&str> = left.iter().filter(|what| **what != "Conv").collect();
    assert!(others.iter().all(|what| !["PRelu", "Add"].contains(what)), "{left:?}");
    assert!(
        left.iter().filter(|what| **what == "BatchNormalization").count() <= 2,
        "{left:?}"
    );
}

/// A model that pads its input by one pixel, with these inputs of `Pad` behind the first.
fn padding(inputs: &[&str]) -> Result<Network> {
    let node = |op_type: &str, input: &[&str], output: &str| Node {
        op_type: op_type.into(),
        input: input.iter().map(|name| (*name).to_owned()).collect(),
        output: vec![output.into()],
        ..Node::default()
    };
    let float = |name: &str, value: f32| proto::Tensor {
        name: name.into(),
        data_type: 1,
        float_data: vec![value],
        ..proto::Tensor::default()
    };
    let pads = proto::Tensor {
        name: "pads".into(),
        data_type: 7,
        dims: vec![8],
        int64_data: vec![0, 0, 1, 1, 0, 0, 1, 1],
        ..proto::Tensor::default()
    };
    let value = |name: &str| proto::ValueInfo {
        name: name.into(),
        kind: None,
    };
    let model = Model {
        graph: Some(proto::Graph {
            node: vec![
                node("Shape", &["x"], "computed"),
                node("Pad", &[&["x"], inputs].concat(), "y"),
            ],
            initializer: vec![pads, float("zero", 0.0), float("one", 1.0)],
            input: vec![value("x")],
            output: vec![value("y")],
        }),
        opset_import: vec![proto::OperatorSet {
            domain: String::new(),
            version: 18,
        }],
    };
    Network::read(&model.encode_to_vec())
}

#[test]
fn only_zeros_that_stand_in_the_file_are_padded_with() {
    let ones = Tensor::ones((1, 2, 2, 1), candle_core::DType::F32, &candle_core::Device::Cpu).unwrap();
    for inputs in [&["pads"][..], &["pads", "zero"], &["pads", ""], &["pads", "zero", ""]] {
        let padded = padding(inputs).unwrap().forward(&ones).unwrap();
        let expected = [0., 0., 0., 0., 0., 1., 1., 0., 0., 1., 1., 0., 0., 0., 0., 0.];
        assert_eq!(padded.to_vec2::<f32>().unwrap(), [expected], "{inputs:?}");
    }
    for (inputs, words) in [
        (&["pads", "one"][..], "only zeros"),
        (&["pads", "computed"], "input 2 is computed"),
        (&["pads", "zero", "pads"], "axes"),
    ] {
        let error = padding(inputs).unwrap_err();
        assert_eq!(error.kind(), ficta_core::ErrorKind::UNSUPPORTED, "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Damaged files are errors or other networks, never a panic.
    #[test]
    fn damaged_files_do_not_panic(which in 0usize..3, changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8), cut in any::<Option<prop::sample::Index>>()) {
        let mut bytes = MODELS[which].to_vec();
        // Names, attributes and dimensions stand behind and before the weights: most of the first and last bytes.
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok(network) = Network::read(&bytes) {
            let pictures = Tensor::zeros((1, 16, 16, 3), candle_core::DType::F32, &candle_core::Device::Cpu).unwrap();
            let _ = network.forward(&pictures);
        }
    }
}
