//! A tiny network learns.

use ficta_core::{Backbone, Configure, Ctx, TensorRef, random::Stream, testing::RecordingHost};
use ficta_iresnet_tch::IResNet;
use ficta_losses::{CosFace, CosFaceParams};

use crate::scene::{self, SIZE};

const CLASSES: usize = 4;

/// Images of class k: stripes of direction k under strong noise, of random phase and brightness.
fn sample(seed: u64, count: usize) -> (Vec<f32>, Vec<i64>) {
    let mut pixels = Vec::with_capacity(count * 3 * SIZE * SIZE);
    let mut labels = Vec::with_capacity(count);
    for i in 0..count {
        let mut stream = Stream::new(seed, "stripes", i as u64, 0);
        let class = i % CLASSES;
        let (sin, cos) = (std::f64::consts::PI * class as f64 / CLASSES as f64).sin_cos();
        let (phase, shift) = (6.0 * stream.uniform(), 0.4 * stream.uniform() - 0.2);
        for _ in 0..3 {
            for y in 0..SIZE {
                for x in 0..SIZE {
                    let wave = (1.1 * (cos * x as f64 + sin * y as f64) + phase).sin();
                    pixels.push((0.4 * wave + shift + 0.6 * (stream.uniform() - 0.5)).clamp(-1.0, 1.0) as f32);
                }
            }
        }
        labels.push(class as i64);
    }
    (pixels, labels)
}

fn unit(row: &[f32]) -> Vec<f32> {
    let norm = row.iter().map(|v| v * v).sum::<f32>().sqrt();
    row.iter().map(|v| v / norm).collect()
}

/// Share of new images that lie nearest to their own class's mean of other new images.
fn accuracy(net: &mut IResNet, ctx: &Ctx<'_>) -> f64 {
    let mut centres = vec![vec![0f32; scene::DIM]; CLASSES];
    let (pixels, labels) = sample(1000, 40);
    for (row, y) in scene::embed(net, &pixels, ctx).chunks(scene::DIM).zip(labels) {
        centres[y as usize].iter_mut().zip(unit(row)).for_each(|(c, v)| *c += v);
    }
    let (pixels, labels) = sample(2000, 100);
    let rows = scene::embed(net, &pixels, ctx);
    let nearest = |row: &[f32]| {
        let dot = |c: &Vec<f32>| unit(c).iter().zip(row).map(|(a, b)| a * b).sum::<f32>();
        (0..CLASSES)
            .max_by(|a, b| dot(&centres[*a]).total_cmp(&dot(&centres[*b])))
            .expect("classes")
    };
    let hits = rows
        .chunks(scene::DIM)
        .zip(labels)
        .filter(|(row, y)| nearest(row) == *y as usize)
        .count();
    hits as f64 / 100.0
}

fn separates_four_classes(precision: &str) {
    let host = RecordingHost::new(0);
    let ctx = Ctx::new(&host);
    let mut net = scene::net(&format!(r#"{{"precision":"{precision}","clip_norm":5.0}}"#));
    net.initialise(CLASSES, 11, &ctx).expect("new weights");
    let mut loss = CosFace::configure(CosFaceParams {
        scale: 16.0,
        margin: 0.2,
    })
    .expect("CosFace");
    let mut losses = Vec::new();
    for step in 0..120 {
        let (pixels, labels) = sample(step, 32);
        let images = TensorRef::new(&pixels, &[32, 3, SIZE, SIZE]).expect("images");
        let rate = if step < 90 { 0.05 } else { 0.005 };
        losses.push(
            net.train_step(images, scene::labels(&labels), &mut loss, rate, &ctx)
                .expect("a step"),
        );
    }
    let last: f64 = losses[110..].iter().sum::<f64>() / 10.0;
    let right = accuracy(&mut net, &ctx);
    assert!(last < 0.3 * losses[0], "loss from {} to {last}", losses[0]);
    assert!(right >= 0.95, "{right} of new images are right");
}

#[test]
fn four_classes_are_separated_in_f32() {
    separates_four_classes("f32");
}

#[test]
fn four_classes_are_separated_in_bf16() {
    separates_four_classes("bf16");
}
