use proptest::prelude::*;

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
