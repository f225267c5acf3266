//! What the plugins of a run share in its process: one libtorch, and the thread budget.

use std::{
    collections::BTreeSet,
    fs,
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use ficta::registry::Registry;
use ficta_core::{Ctx, NullHost, TensorMut, TensorRef};
use ficta_tests::{product, smoke::Smoke};
use serde_json::json;

/// The files of this kind that are mapped into this process.
fn mapped(part: &str) -> BTreeSet<String> {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let files = maps.lines().filter_map(|line| line.split_whitespace().nth(5));
    files.filter(|file| file.contains(part)).map(str::to_owned).collect()
}

#[test]
fn two_libtorch_plugins_share_one_libtorch_with_candle_beside_them() {
    let mut registry = Registry::default();
    for name in ["ficta_encoder_candle", "ficta_diffusion_tch", "ficta_iresnet_tch"] {
        registry.load(&product::library(name)).unwrap_or_else(|e| panic!("{e}"));
    }
    // All three at work, not just loaded.
    let (host, smoke) = (NullHost { seed: 1 }, Smoke::new());
    let ctx = Ctx::new(&host);
    let unet =
        json!({"resolution": 16, "channels": 1, "base_width": 16, "multipliers": [1, 2], "patch": 2, "micro_batch": 4});
    let iresnet = json!({"blocks": [1, 1, 1, 1], "widths": [8, 8, 8, 16, 16], "dim": 16, "input_size": 16, "channels": 1, "micro_batch": 8});
    let mut denoiser = registry.denoiser("unet", &unet).unwrap();
    denoiser.initialise(8, 1, &ctx).unwrap();
    let mut backbone = registry.backbone("iresnet", &iresnet).unwrap();
    backbone.initialise(4, 1, &ctx).unwrap();
    let images = [0.5f32; 2 * 256];
    let mut embedding = [f32::NAN; 32];
    let view = TensorRef::new(&images, &[2, 1, 16, 16]).unwrap();
    backbone
        .embed(view, TensorMut::new(&mut embedding, &[2, 16]).unwrap(), &ctx)
        .unwrap();
    let mut encoder = registry
        .encoder("dlib-resnet", &json!({"weights": smoke.weights()}))
        .unwrap();
    let dim = encoder.info().dim;
    let mut features = vec![f32::NAN; dim];
    let faces = TensorRef::new(&[100u8; 32 * 32 * 3], &[1, 32, 32, 3]).map(|t| {
        encoder
            .encode(t, TensorMut::new(&mut features, &[1, dim]).unwrap(), &ctx)
            .unwrap();
    });
    faces.unwrap();
    assert!(embedding.iter().chain(&features).all(|x| x.is_finite()));

    for library in ["/libtorch_cpu", "/libc10.so"] {
        let files = mapped(library);
        assert_eq!(files.len(), 1, "{library}: {files:?}");
    }
}

/// User and system time of a process that may have ended but was not waited for, in seconds.
fn cpu_time(process: &Child) -> Option<(f64, bool)> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", process.id())).ok()?;
    // After the name in brackets: state is the first field, utime and stime the 12th and 13th. Linux counts 100 ticks a second.
    let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
    let ticks: f64 = fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?;
    Some((ticks / 100.0, fields[0] == "Z"))
}

/// How many cores a run of one thread keeps busy in the mean, over all its stages: encoder on candle, networks on libtorch, selection on rayon.
#[test]
fn end_to_end_a_budget_of_one_thread_is_kept_by_all() {
    let smoke = Smoke::new();
    let more = [
        "--set",
        "run.threads=1",
        "--set",
        "training.steps=30",
        "--set",
        "denoiser.training.steps=30",
    ];
    let mut call = smoke.call(&product::executable(), "run", &smoke.out(), &more);
    let begun = Instant::now();
    let mut run = call.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let busy = loop {
        let (busy, ended) = cpu_time(&run).expect("the process's times");
        if ended {
            break busy;
        }
        assert!(begun.elapsed() < Duration::from_secs(300), "the run does not end");
        thread::sleep(Duration::from_millis(20));
    };
    let took = begun.elapsed().as_secs_f64();
    assert!(run.wait().unwrap().success());
    println!("{busy:.2} s of work in {took:.2} s: {:.2} cores", busy / took);
    assert!(
        busy / took < 1.15,
        "{busy:.2} s of work in {took:.2} s: more than one core"
    );
}
