//! A tiny network and images for it.

use ficta_core::{Backbone, Configure, Ctx, Loss, TensorMut, TensorRef, random::Stream};
use ficta_iresnet_tch::{IResNet, Params};
use ficta_losses::{CosFace, CosFaceParams};

pub const SIZE: usize = 20;
pub const DIM: usize = 8;
pub const CLASSES: usize = 5;

/// The network of `fixtures/reference.py`, in f32.
pub const TINY: &str =
    r#"{"blocks":[1,2,1,1],"widths":[4,4,6,8,8],"input_size":20,"dim":8,"clip_norm":250.0,"precision":"f32"}"#;

/// [`TINY`] with some keys replaced.
pub fn params(overrides: &str) -> Params {
    let mut all: serde_json::Value = serde_json::from_str(TINY).expect("JSON");
    let over: serde_json::Value = serde_json::from_str(overrides).expect("JSON");
    for (key, value) in over.as_object().expect("an object") {
        all[key] = value.clone();
    }
    serde_json::from_value(all).expect("parameters")
}

pub fn net(overrides: &str) -> IResNet {
    IResNet::configure(params(overrides)).expect("a small network")
}

pub fn cosface() -> impl Loss {
    CosFace::configure(CosFaceParams {
        scale: 64.0,
        margin: 0.4,
    })
    .expect("CosFace")
}

/// `count` images of uniform noise in [-1,1], each from its own stream.
pub fn noise(count: usize, seed: u64) -> Vec<f32> {
    let mut pixels = vec![0f32; count * 3 * SIZE * SIZE];
    for (i, image) in pixels.chunks_exact_mut(3 * SIZE * SIZE).enumerate() {
        let mut stream = Stream::new(seed, "noise", i as u64, 0);
        image
            .iter_mut()
            .for_each(|p| *p = (2.0 * stream.uniform() - 1.0) as f32);
    }
    pixels
}

pub fn images(pixels: &[f32]) -> TensorRef<'_> {
    TensorRef::new(pixels, &[pixels.len() / (3 * SIZE * SIZE), 3, SIZE, SIZE]).expect("whole images")
}

pub fn labels(labels: &[i64]) -> TensorRef<'_> {
    TensorRef::new(labels, &[labels.len()]).expect("a vector")
}

/// `steps` steps over noise that depends on the step's number alone, from `first` on.
pub fn train(net: &mut dyn Backbone, first: u64, steps: u64, ctx: &Ctx<'_>) -> Vec<f64> {
    let mut loss = cosface();
    let step = |step| {
        let pixels = noise(6, 100 + step);
        net.train_step(images(&pixels), labels(&[0, 3, 1, 4, 2, 3]), &mut loss, 0.01, ctx)
            .expect("a step")
    };
    (first..first + steps).map(step).collect()
}

pub fn embed(net: &mut dyn Backbone, pixels: &[f32], ctx: &Ctx<'_>) -> Vec<f32> {
    let images = images(pixels);
    let (count, dim) = (images.shape()[0], net.info().dim);
    let mut out = vec![f32::NAN; count * dim];
    net.embed(images, TensorMut::new(&mut out, &[count, dim]).expect("a buffer"), ctx)
        .expect("embeddings");
    out
}
