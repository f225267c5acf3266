//! Weights for the encoder `dlib-resnet` that need no download: the real layout with hashed numbers. Features of different pictures differ,
//! but mean nothing.

use std::{fs, path::Path};

use serde_json::Value;

/// Layout, scales and minima; the encoder's own tests prove that they give features of a sane size.
const MANIFEST: &str = include_str!("../../plugins/encoder-candle/tests/fixtures/synthetic_manifest.json");

/// Writes a folder that `encoder.params.weights` can name.
///
/// # Panics
/// Where it cannot be written.
pub fn write(folder: &Path) {
    write_scaled(folder, 1.0);
}

/// The same with every quantised tensor multiplied by `factor`: a large one makes features that are not finite.
///
/// # Panics
/// Where it cannot be written.
pub fn write_scaled(folder: &Path, factor: f64) {
    let mut manifest: Value = serde_json::from_str(MANIFEST).expect("a manifest");
    let mut data = Vec::new();
    let entries = manifest[0]["weights"].as_array_mut().expect("a list of tensors");
    let mut next = 0u32;
    for entry in entries {
        let size: u64 = entry["shape"]
            .as_array()
            .expect("a shape")
            .iter()
            .filter_map(Value::as_u64)
            .product();
        let bytes = (next..).take(size as usize).map(hashed);
        next += size as u32;
        if let Some(quantization) = entry.get_mut("quantization") {
            data.extend(bytes);
            scale(quantization, factor);
        } else {
            data.extend(bytes.flat_map(|b| ((f32::from(b) - 127.5) / 2048.0).to_le_bytes()));
        }
    }
    fs::create_dir_all(folder).expect("a folder for the weights");
    fs::write(folder.join("synthetic-weights_manifest.json"), manifest.to_string()).expect("a manifest");
    fs::write(folder.join("synthetic.bin"), data).expect("weights");
}

fn scale(quantization: &mut Value, factor: f64) {
    for key in ["scale", "min"] {
        quantization[key] = (quantization[key].as_f64().expect("a number") * factor).into();
    }
}

/// A multiplicative hash.
fn hashed(index: u32) -> u8 {
    let mut h = index.wrapping_mul(0x9E37_79B1);
    h ^= h >> 15;
    h = h.wrapping_mul(0x85EB_CA77);
    h ^= h >> 13;
    h as u8
}
