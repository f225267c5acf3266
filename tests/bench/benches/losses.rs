//! Each loss on a batch of 128 rows and 10,177 classes, value and gradient, through the boundary; one thread and two.
#![allow(missing_docs)] // criterion's macros

use std::{path::PathBuf, time::Duration};

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use ficta_core::{
    Ctx, Loss, LossGradient, LossInput, Result, TensorMut, TensorRef, load::Plugin, random::Stream,
    testing::RecordingHost,
};

const ROWS: usize = 128;
const CLASSES: usize = 10_177;
const LOSSES: [&str; 10] = [
    "softmax",
    "cosface",
    "arcface",
    "combined-margin",
    "sphereface",
    "adaface",
    "curricularface",
    "elasticface-arc",
    "elasticface-cos",
    "magface",
];

struct Batch {
    cosines: Vec<f32>,
    norms: Vec<f32>,
    labels: Vec<i64>,
    by_cosine: Vec<f32>,
    by_norm: Vec<f32>,
}

impl Batch {
    fn evaluate(&mut self, loss: &mut dyn Loss, ctx: &Ctx<'_>) -> Result<f64> {
        let input = LossInput {
            cosines: TensorRef::new(&self.cosines, &[ROWS, CLASSES])?,
            norms: TensorRef::new(&self.norms, &[ROWS])?,
            labels: TensorRef::new(&self.labels, &[ROWS])?,
            step: 0,
        };
        let room = LossGradient {
            cosines: TensorMut::new(&mut self.by_cosine, &[ROWS, CLASSES])?,
            norms: TensorMut::new(&mut self.by_norm, &[ROWS])?,
        };
        loss.evaluate(&input, room, ctx)
    }
}

fn losses(criterion: &mut Criterion) {
    let path = std::env::var_os("FICTA_LOSSES_PLUGIN").map(PathBuf::from);
    let path = path.expect("FICTA_LOSSES_PLUGIN names the library: run `cargo xtask bench losses`");
    let plugin = Plugin::open(&path).unwrap_or_else(|e| panic!("{e}"));
    let mut stream = Stream::new(1, "bench", 0, 0);
    let mut batch = Batch {
        cosines: (0..ROWS * CLASSES)
            .map(|_| (0.4 * stream.uniform() - 0.2) as f32)
            .collect(),
        norms: (0..ROWS).map(|_| (15.0 + 10.0 * stream.uniform()) as f32).collect(),
        labels: (0..ROWS).map(|_| stream.below(CLASSES as u64) as i64).collect(),
        by_cosine: vec![0.0; ROWS * CLASSES],
        by_norm: vec![0.0; ROWS],
    };
    let mut group = criterion.benchmark_group("128 rows, 10,177 classes");
    group
        .sample_size(20)
        .measurement_time(Duration::from_secs(2))
        .warm_up_time(Duration::from_millis(500));
    for threads in [1, 2] {
        let host = RecordingHost::new(1).with_threads(threads);
        for name in LOSSES {
            let mut loss = plugin.make_loss(name, "{}").expect("the library has it");
            group.bench_with_input(
                BenchmarkId::new(name, format!("{threads} threads")),
                &threads,
                |b, _| b.iter(|| batch.evaluate(&mut *loss, &Ctx::new(&host)).expect("a plain batch")),
            );
        }
    }
    group.finish();
}

criterion_group!(benches, losses);
criterion_main!(benches);
