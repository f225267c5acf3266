//! Images per second of the encoders, as JSON lines: `{"program": ..., "batch": ..., "threads": ..., "images_per_second": ...}`.
//!
//! Before that, how far their features are from PyTorch's: `{"program": ..., "network": ..., "largest_difference": ...}`.
//!
//! `FICTA_BENCH_FOLDER` has the networks, pictures and PyTorch's features, which `tests/bench/python/encoders.py` writes.

use std::path::{Path, PathBuf};
use std::time::Instant;

use ficta_core::{Configure, Ctx, Encoder, TensorMut, TensorRef, testing::RecordingHost};
use ficta_encoder_candle::{IResNet, IResNetParams, Onnx, OnnxParams};

/// Height and width of an image.
const SIZE: usize = 112;
/// Seconds that a measurement takes at least.
const SECONDS: f64 = 4.0;
/// Most that a number of a feature of length 1 may differ from PyTorch's.
const TOLERANCE: f64 = 1e-4;
/// Of how many the best counts: others may use the machine.
const ROUNDS: usize = 3;

fn main() {
    let Some(folder) = std::env::var_os("FICTA_BENCH_FOLDER").map(PathBuf::from) else {
        println!("encoders: set FICTA_BENCH_FOLDER, or run `cargo xtask bench encoders`");
        return;
    };
    for network in ["iresnet18", "iresnet50"] {
        compare("ficta iresnet", network, &mut iresnet(&folder, network, 8), &folder);
    }
    compare("ficta onnx", "iresnet50", &mut onnx(&folder, 8), &folder);
    for batch in [1, 16] {
        measure("ficta iresnet", &mut iresnet(&folder, "iresnet50", batch), batch);
        measure("ficta onnx", &mut onnx(&folder, batch), batch);
    }
}

fn iresnet(folder: &Path, network: &str, batch: usize) -> IResNet {
    let params = serde_json::json!({ "weights": folder.join(format!("{network}.pth")), "batch": batch });
    let params: IResNetParams = serde_json::from_value(params).expect("parameters");
    IResNet::configure(params).expect("weights")
}

fn onnx(folder: &Path, batch: usize) -> Onnx {
    let params = serde_json::json!({ "model": folder.join("model.onnx"), "batch": batch });
    let params: OnnxParams = serde_json::from_value(params).expect("parameters");
    Onnx::configure(params).expect("a model")
}

/// Prints the largest difference from PyTorch's features, both scaled to length 1; fails where it is above [`TOLERANCE`].
fn compare(program: &str, network: &str, encoder: &mut dyn Encoder, folder: &Path) {
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap_or_else(|e| panic!("cannot read {name}: {e}"));
    let (pictures, expected) = (read("pictures.bin"), read(&format!("{network}.features")));
    let expected: Vec<f32> = expected.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
    let (count, dim) = (pictures.len() / (SIZE * SIZE * 3), encoder.info().dim);
    assert_eq!(expected.len(), count * dim, "{network}: features of {count} pictures");
    let mut found = vec![0.0f32; count * dim];
    let host = RecordingHost::new(0).with_threads(2);
    let images = TensorRef::new(&pictures, &[count, SIZE, SIZE, 3]).expect("images");
    let features = TensorMut::new(&mut found, &[count, dim]).expect("features");
    encoder.encode(images, features, &Ctx::new(&host)).expect("features");
    let unit = |feature: &[f32]| -> Vec<f64> {
        let length = feature.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt();
        feature.iter().map(|v| f64::from(*v) / length).collect()
    };
    let largest = found
        .chunks(dim)
        .zip(expected.chunks(dim))
        .flat_map(|(a, b)| unit(a).into_iter().zip(unit(b)))
        .map(|(a, b)| (a - b).abs())
        // In this order what is not a number is the largest.
        .max_by(f64::total_cmp)
        .unwrap_or(f64::NAN);
    let line = serde_json::json!({ "program": program, "network": network, "largest_difference": largest });
    println!("{line}");
    assert!(
        largest <= TOLERANCE,
        "{program}: features of {network} differ by {largest:e} from PyTorch's, expected at most {TOLERANCE:e}"
    );
}

fn measure(program: &str, encoder: &mut dyn Encoder, batch: usize) {
    let images: Vec<u8> = (0..batch * SIZE * SIZE * 3).map(|i| (i * 37 % 251) as u8).collect();
    let dim = encoder.info().dim;
    let mut features = vec![0.0f32; batch * dim];
    for threads in [1, 2] {
        let host = RecordingHost::new(0).with_threads(threads);
        let mut run = || {
            let images = TensorRef::new(&images, &[batch, SIZE, SIZE, 3]).expect("images");
            let features = TensorMut::new(&mut features, &[batch, dim]).expect("features");
            encoder.encode(images, features, &Ctx::new(&host)).expect("features");
        };
        run();
        let best = (0..ROUNDS)
            .map(|_| {
                let (started, mut count) = (Instant::now(), 0);
                while started.elapsed().as_secs_f64() < SECONDS / ROUNDS as f64 {
                    run();
                    count += batch;
                }
                count as f64 / started.elapsed().as_secs_f64()
            })
            .fold(0.0, f64::max);
        let line = serde_json::json!({
            "program": program, "batch": batch, "threads": threads, "images_per_second": (best * 10.0).round() / 10.0,
        });
        println!("{line}");
    }
}
