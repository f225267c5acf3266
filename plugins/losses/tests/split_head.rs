//! A head split over processes: every loss of the crate gives what it gives on the whole head.

use std::ops::Range;

use ficta_core::{
    Ctx, Loss, NullHost, Registration, static_components,
    testing::{LossBatch, LossOutput, assert_close, in_processes},
};
use ficta_losses as _;

const ROWS: usize = 6;
const CLASSES: usize = 9;

/// Parameters beside the defaults, where these leave a branch out or let a running average hardly move.
const MORE: [(&str, &str); 8] = [
    ("softmax", r#"{"scale": null}"#),
    ("arcface", r#"{"easy_margin": true, "straight_through": true}"#),
    (
        "combined-margin",
        r#"{"m1": 1.35, "interclass_filtering_threshold": 0.4}"#,
    ),
    ("sphereface", r#"{"scale": 30, "lambda_min": 0, "base": 0}"#),
    ("adaface", r#"{"t_alpha": 0.5}"#),
    ("curricularface", r#"{"t_alpha": 0.5}"#),
    ("elasticface-arc", r#"{"deviation": 0.1}"#),
    ("magface", r#"{"easy_margin": false}"#),
];

/// The columns of the classes `own`, and labels of -1 where another process holds the class.
fn part(whole: &LossBatch, own: &Range<usize>) -> LossBatch {
    let label = |y: &i64| match own.contains(&(*y as usize)) {
        true => y - own.start as i64,
        false => -1,
    };
    LossBatch {
        cosines: columns(&whole.cosines, own),
        labels: whole.labels.iter().map(label).collect(),
        classes: own.len(),
        norms: whole.norms.clone(),
        step: whole.step,
    }
}

fn columns(matrix: &[f32], own: &Range<usize>) -> Vec<f32> {
    matrix
        .chunks(CLASSES)
        .flat_map(|row| row[own.clone()].to_vec())
        .collect()
}

/// What a loss gives for batches one after the other, and the running statistics that it keeps of them.
type Outputs = (Vec<LossOutput>, Vec<u8>);

fn outputs(loss: &mut dyn Loss, batches: &[LossBatch], ctx: &Ctx<'_>) -> Outputs {
    let outputs = batches.iter().map(|batch| batch.evaluate(loss, ctx).unwrap()).collect();
    (outputs, loss.save_state().unwrap())
}

fn assert_equal(parts: &[Range<usize>], found: &[Outputs], whole: &Outputs) {
    for (step, whole) in whole.0.iter().enumerate() {
        let mut norms = vec![0f64; ROWS];
        for (own, (outputs, _)) in parts.iter().zip(found) {
            let part = &outputs[step];
            assert_close(&[part.loss], &[whole.loss], 1e-6, 1e-9);
            assert_close(&part.cosines, &columns(&whole.cosines, own), 1e-5, 1e-8);
            norms
                .iter_mut()
                .zip(&part.norms)
                .for_each(|(sum, n)| *sum += f64::from(*n));
        }
        // Each process gives its part of the gradient on the norms.
        let expected: Vec<f64> = whole.norms.iter().map(|n| f64::from(*n)).collect();
        assert_close(&norms, &expected, 1e-5, 1e-7);
    }
    for (_, state) in found {
        assert_eq!(state, &whole.1, "running statistics");
    }
}

fn check(entry: &Registration, params: &str) {
    // A second batch finds running statistics that the first has moved. Its rows are less decided, so that every class has a share in their sums.
    let batches = [(0, 1.0), (1, 0.1)].map(|(step, factor)| {
        let mut batch = LossBatch::random(ROWS, CLASSES, 11 + step);
        batch.cosines.iter_mut().for_each(|c| *c *= factor);
        LossBatch { step, ..batch }
    });
    let host = NullHost::default();
    let whole = outputs(&mut *entry.make_loss(params).unwrap(), &batches, &Ctx::new(&host));
    for bounds in [&[0, 4, CLASSES][..], &[0, 3, 4, CLASSES]] {
        let parts: Vec<Range<usize>> = bounds.windows(2).map(|w| w[0]..w[1]).collect();
        println!("{} {params} in {} parts", entry.name, parts.len());
        let found = in_processes(parts.len(), |ctx| {
            let own = batches.each_ref().map(|batch| part(batch, &parts[ctx.rank()]));
            outputs(&mut *entry.make_loss(params).unwrap(), &own, ctx)
        });
        assert_equal(&parts, &found, &whole);
    }
}

#[test]
fn every_loss_gives_what_the_whole_head_gives() {
    for entry in static_components() {
        check(entry, "{}");
        for (_, params) in MORE.iter().filter(|(name, _)| *name == entry.name) {
            check(entry, params);
        }
    }
    let names: Vec<_> = static_components().iter().map(|r| r.name).collect();
    assert!(MORE.iter().all(|(name, _)| names.contains(name)), "{names:?}");
}
