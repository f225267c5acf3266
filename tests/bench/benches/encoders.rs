//! Images per second of the encoders, as JSON lines: `{"program": ..., "batch": ..., "threads": ..., "images_per_second": ...}`.
//!
//! `FICTA_BENCH_FOLDER` has `weights.pth` and `model.onnx`, which `encoders.py` beside this file writes.

use std::path::PathBuf;
use std::time::Instant;
fn cpu2() -> (f64,f64) { let t = std::fs::read_to_string("/proc/self/stat").unwrap(); let v: Vec<f64> = t.rsplit(')').next().unwrap().split_whitespace().skip(11).take(2).map(|x| x.parse().unwrap()).collect(); (v[0]/100.0,v[1]/100.0) }
fn cpu() -> f64 { let (a,b)=cpu2(); a+b }

use ficta_core::{Configure, Ctx, Encoder, TensorMut, TensorRef, testing::RecordingHost};
use ficta_encoder_candle::{IResNet, IResNetParams};

/// Height and width of an image.
const SIZE: usize = 112;
/// Seconds that a measurement takes at least.
const SECONDS: f64 = 5.0;
/// Of how many the best counts: others may use the machine.
const ROUNDS: usize = 4;

fn main() {
    let Some(folder) = std::env::var_os("FICTA_BENCH_FOLDER").map(PathBuf::from) else {
        println!("encoders: set FICTA_BENCH_FOLDER, or run `cargo xtask bench encoders`");
        return;
    };
    for batch in [1, 4, 16] {
        let params = serde_json::json!({ "weights": folder.join("weights.pth"), "batch": batch });
        let params: IResNetParams = serde_json::from_value(params).expect("parameters");
        let mut encoder = IResNet::configure(params).expect("weights");
        measure("ficta iresnet", &mut encoder, batch);

    }
}

fn measure(program: &str, encoder: &mut dyn Encoder, batch: usize) {
    let images: Vec<u8> = (0..batch * SIZE * SIZE * 3).map(|i| (i * 37 % 251) as u8).collect();
    let dim = encoder.info().dim;
    let mut features = vec![0.0f32; batch * dim];
    for threads in [1] {
        let host = RecordingHost::new(0).with_threads(threads);
        let mut run = || {
            let images = TensorRef::new(&images, &[batch, SIZE, SIZE, 3]).expect("images");
            let features = TensorMut::new(&mut features, &[batch, dim]).expect("features");
            encoder.encode(images, features, &Ctx::new(&host)).expect("features");
        };
        run();
        let best = (0..ROUNDS)
            .map(|_| {
                let _ = Instant::now; let (started, mut count) = (cpu(), 0);
                while (cpu() - started) < SECONDS / ROUNDS as f64 {
                    run();
                    count += batch;
                }
                count as f64 / (cpu() - started)
            })
            .fold(0.0, f64::max);
        let line = serde_json::json!({
            "program": program, "batch": batch, "threads": threads, "images_per_second": (best * 10.0).round() / 10.0,
        });
        println!("{line}");
    }
}
