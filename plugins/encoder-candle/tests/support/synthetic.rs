//! Weights that need no download: the real layout, filled with hashed bytes (as `fixtures/make_dlib_reference.py` does).

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

/// The synthetic manifest.
pub const MANIFEST: &str = include_str!("../fixtures/synthetic_manifest.json");
/// Its file name.
pub const MANIFEST_NAME: &str = "synthetic-weights_manifest.json";
/// The name of the file with the weights.
pub const DATA_NAME: &str = "synthetic.bin";

/// Byte `index` of the sequence: a multiplicative hash.
pub fn hashed(index: usize) -> u8 {
    let mut h = (index as u32).wrapping_mul(0x9E37_79B1);
    h ^= h >> 15;
    h = h.wrapping_mul(0x85EB_CA77);
    h ^= h >> 13;
    (h & 255) as u8
}

/// The weights that belong to [`MANIFEST`].
pub fn data() -> Vec<u8> {
    let manifest: Value = serde_json::from_str(MANIFEST).unwrap();
    let mut data = Vec::new();
    let mut next = 0;
    for entry in manifest[0]["weights"].as_array().unwrap() {
        let size: u64 = entry["shape"]
            .as_array()
            .unwrap()
            .iter()
            .map(|d| d.as_u64().unwrap())
            .product();
        let bytes = (next..next + size as usize).map(hashed);
        match entry.get("quantization") {
            Some(_) => data.extend(bytes),
            None => data.extend(bytes.flat_map(|b| ((f32::from(b) - 127.5) / 2048.0).to_le_bytes())),
        }
        next += size as usize;
    }
    data
}

/// Writes a manifest and weights into `folder`.
pub fn write(folder: &Path, manifest: &str, data: &[u8]) {
    fs::write(folder.join(MANIFEST_NAME), manifest).unwrap();
    fs::write(folder.join(DATA_NAME), data).unwrap();
}

/// A folder with the synthetic weights.
pub fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), MANIFEST, &data());
    folder
}
