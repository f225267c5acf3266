//! Images per second of the encoders, as JSON lines: `{"program": ..., "batch": ..., "threads": ..., "images_per_second": ...}`.
//!
//! `FICTA_BENCH_FOLDER` has `weights.pth` and `model.onnx`, which `tests/bench/python/encoders.py` writes.

use std::path::PathBuf;
use std::time::Instant;

use ficta_core::{Configure, Ctx, Encoder, TensorMut, TensorRef, testing::RecordingHost};
use ficta_encoder_candle::{IResNet, IResNetParams, Onnx, OnnxParams};

/// Height and width of an image.
const SIZE: usize = 112;
/// Seconds that a measurement takes at least.
const SECONDS: f64 = 4.0;
/// Of how many the best counts: others may use the machine.
const ROUNDS: usize = 3;

fn main() {
    let Some(folder) = std::env::var_os("FICTA_BENCH_FOLDER").map(PathBuf::from) else {
        println!("encoders: set FICTA_BENCH_FOLDER, or run `cargo xtask bench encoders`");
        return;
    };
    for batch in [1, 16] {
        let params = serde_json::json!({ "weights": folder.join("weights.pth"), "batch": batch });
        let params: IResNetParams = serde_json::from_value(params).expect("parameters");
        let mut encoder = IResNet::configure(params).expect("weights");
        measure("ficta iresnet", &mut encoder, batch);
        let params = serde_json::json!({ "model": folder.join("model.onnx"), "batch": batch });
        let params: OnnxParams = serde_json::from_value(params).expect("parameters");
        measure("ficta onnx", &mut Onnx::configure(params).expect("a model"), batch);
    }
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
