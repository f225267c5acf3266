//! A call with three input tensors: plain `Box<dyn Loss>`, and a loss of another library through the boundary.
#![allow(missing_docs)] // criterion's macros

use std::{hint::black_box, path::PathBuf};

use criterion::{Criterion, criterion_group, criterion_main};
use ficta_core::{Ctx, Loss, LossGradient, LossInput, NullHost, Result, TensorMut, TensorRef, load::Plugin};

/// The same as the library's `null`.
struct Null;

impl Loss for Null {
    fn evaluate(&mut self, input: &LossInput<'_>, _: LossGradient<'_>, _: &Ctx<'_>) -> Result<f64> {
        let norms = input.norms.as_slice::<f32>()?;
        Ok(f64::from(norms[0]))
    }
}

fn call(loss: &mut dyn Loss, ctx: &Ctx<'_>) -> Result<f64> {
    let (cosines, norms, labels) = ([0.5f32; 8], [1f32; 2], [0i64; 2]);
    let (mut gradient, mut norm_gradient) = ([0f32; 8], [0f32; 2]);
    let input = LossInput {
        cosines: TensorRef::new(black_box(&cosines), &[2, 4])?,
        norms: TensorRef::new(black_box(&norms), &[2])?,
        labels: TensorRef::new(black_box(&labels), &[2])?,
        step: 0,
    };
    let room = LossGradient {
        cosines: TensorMut::new(&mut gradient, &[2, 4])?,
        norms: TensorMut::new(&mut norm_gradient, &[2])?,
    };
    loss.evaluate(&input, room, ctx)
}

fn calls(criterion: &mut Criterion) {
    let path = std::env::var_os("FICTA_NULL_PLUGIN").map(PathBuf::from);
    let path = path.expect("FICTA_NULL_PLUGIN names the library: run `cargo xtask bench calls`");
    let plugin = Plugin::open(&path).unwrap_or_else(|e| panic!("{e}"));
    let host = NullHost::default();
    let ctx = Ctx::new(&host);
    let mut plain: Box<dyn Loss> = black_box(Box::new(Null));
    let mut remote = plugin.make_loss("null", "{}").expect("the library has `null`");
    let mut group = criterion.benchmark_group("three tensors in, two out");
    group.bench_function("plain Box<dyn Loss>", |b| b.iter(|| call(&mut *plain, &ctx)));
    group.bench_function("through the boundary", |b| b.iter(|| call(&mut *remote, &ctx)));
    group.finish();
    criterion.bench_function("construction from JSON parameters", |b| {
        b.iter(|| plugin.make_loss("null", black_box("{}")))
    });
}

criterion_group!(benches, calls);
criterion_main!(benches);
