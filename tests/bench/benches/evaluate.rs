//! Evaluation on a set of LFW's size: 6,000 pairs, features of 512 numbers and those of the mirror images given.
#![allow(missing_docs)] // criterion's macros

use std::{hint::black_box, path::Path};

use criterion::{Criterion, criterion_group, criterion_main};
use ficta::{
    evaluation::{Answers, Features, Protocol, measure},
    storage::Tensor,
};
use ficta_core::random::Stream;

const PAIRS: usize = 6000;
const DIM: usize = 512;

fn noise(purpose: &str) -> Tensor {
    let mut values = vec![0f32; 2 * PAIRS * DIM];
    Stream::new(1, purpose, 0, 0).fill_normal(&mut values);
    Tensor::new(&[2 * PAIRS, DIM], values).expect("the shape fits")
}

fn evaluate(criterion: &mut Criterion) {
    let features = Features::new(Path::new("bench"), noise("image"), Some(noise("mirrored"))).expect("well-formed");
    let rows: Vec<[usize; 2]> = (0..PAIRS).map(|k| [2 * k, 2 * k + 1]).collect();
    let same: Vec<bool> = (0..PAIRS).map(|k| k / 300 % 2 == 0).collect();
    let fold: Vec<usize> = (0..PAIRS).map(|k| k / 600).collect();
    let answers = Answers {
        same: &same,
        fold: &fold,
        folds: 10,
    };
    criterion.bench_function("evaluation of 6,000 pairs, features given", |b| {
        b.iter(|| {
            let distances = features
                .distances(black_box(&rows), Protocol::Insightface)
                .expect("finite features");
            measure(&distances, answers, Protocol::Insightface, 1e-3).expect("both kinds of pairs")
        })
    });
}

criterion_group!(benches, evaluate);
criterion_main!(benches);
