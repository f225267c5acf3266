//! Weights and models.

use ficta_core::Configure;
use ficta_encoder_candle::{IResNet, IResNetParams, Onnx, OnnxParams};
use ficta_state_dict::StateDict;

use crate::files::Scratch;

/// A state dict: `torch.save` in both of its formats, or safetensors.
pub fn weights(data: &[u8]) {
    let scratch = Scratch::new("weights");
    if let Ok(mut weights) = StateDict::read(&scratch.write("a.pth", data)) {
        let all: Vec<_> = weights.names().map(str::to_owned).collect();
        for name in all {
            let shape = weights.shape(&name).map(<[usize]>::to_vec).unwrap_or_default();
            if let Ok(values) = weights.take(&name, &shape) {
                assert_eq!(values.len(), shape.iter().product::<usize>());
            }
        }
    }
}

/// An ONNX model: read, built, and run once on a grey image, as configuring does.
pub fn onnx(data: &[u8]) {
    let scratch = Scratch::new("onnx");
    let model = scratch.write("a.onnx", data);
    let params: OnnxParams =
        serde_json::from_value(serde_json::json!({"model": model, "input_size": 16})).expect("parameters");
    let _ = Onnx::configure(params);
}

/// The weights of the encoder `iresnet`: read, its shape found out of them, and built.
pub fn iresnet(data: &[u8]) {
    let scratch = Scratch::new("iresnet");
    let weights = scratch.write("a.pth", data);
    let params: IResNetParams = serde_json::from_value(serde_json::json!({"weights": weights})).expect("parameters");
    let _ = IResNet::configure(params);
}
