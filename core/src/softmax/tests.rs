use super::*;
use crate::{ErrorKind, NullHost, TensorRef, random::Stream};

struct Batch {
    cosines: Vec<f32>,
    norms: Vec<f32>,
    labels: Vec<i64>,
    classes: usize,
}

fn random(batch: usize, classes: usize) -> Batch {
    let mut stream = Stream::new(7, "softmax", 0, 0);
    Batch {
        cosines: (0..batch * classes)
            .map(|_| (2.0 * stream.uniform() - 1.0) as f32)
            .collect(),
        norms: vec![20.0; batch],
        labels: (0..batch).map(|_| stream.below(classes as u64) as i64).collect(),
        classes,
    }
}

/// A margin that changes every class: the square of the cosine, less 0.3 for the own one.
fn squares(row: Row<'_>) {
    for (logit, slope) in row.logits.iter_mut().zip(row.slopes) {
        *slope = 2.0 * *logit;
        *logit *= *logit;
    }
    if let Some(y) = row.label {
        row.logits[y] -= 0.3;
    }
}

fn evaluate(b: &Batch, scale: f32, ctx: &Ctx<'_>, margin: impl Fn(Row<'_>) + Sync) -> Result<(f64, Vec<f32>)> {
    let n = b.labels.len();
    let (mut grad, mut norms) = (vec![f32::NAN; b.cosines.len()], vec![f32::NAN; n]);
    let input = LossInput {
        cosines: TensorRef::new(&b.cosines, &[n, b.classes])?,
        norms: TensorRef::new(&b.norms, &[b.norms.len()])?,
        labels: TensorRef::new(&b.labels, &[n])?,
        step: 0,
    };
    let mut gradient = LossGradient {
        cosines: TensorMut::new(&mut grad, &[n, b.classes])?,
        norms: TensorMut::new(&mut norms, &[n])?,
    };
    let loss = softmax_cross_entropy(&input, &mut gradient, scale, ctx, margin)?;
    assert!(norms.iter().all(|g| *g == 0.0));
    Ok((loss, grad))
}

/// The definition, in f64.
fn by_definition(b: &Batch, scale: f64) -> (f64, Vec<f64>) {
    let n = b.labels.len() as f64;
    let (mut total, mut grad) = (0.0, Vec::new());
    for (row, label) in b.cosines.chunks(b.classes).zip(&b.labels) {
        let y = *label as usize;
        let z: Vec<f64> = row
            .iter()
            .enumerate()
            .map(|(j, c)| scale * (f64::from(*c).powi(2) - if j == y { 0.3 } else { 0.0 }))
            .collect();
        let max = z.iter().copied().fold(f64::MIN, f64::max);
        let sum: f64 = z.iter().map(|z| (z - max).exp()).sum();
        total += sum.ln() + max - z[y];
        for (j, c) in row.iter().enumerate() {
            let p = (z[j] - max).exp() / sum;
            grad.push(scale * (p - f64::from(u8::from(j == y))) * 2.0 * f64::from(*c) / n);
        }
    }
    (total / n, grad)
}

#[test]
fn equals_the_definition() {
    let host = NullHost::default();
    for (batch, classes, scale) in [(1, 1, 64.0), (5, 3, 1.0), (4, 1001, 64.0), (3, 17, 30.0)] {
        let b = random(batch, classes);
        let (loss, grad) = evaluate(&b, scale, &Ctx::new(&host), squares).unwrap();
        let (expected, expected_grad) = by_definition(&b, f64::from(scale));
        assert!(
            (loss - expected).abs() <= 1e-6 * expected.max(1.0),
            "{loss} against {expected}"
        );
        for (i, (g, e)) in grad.iter().zip(&expected_grad).enumerate() {
            assert!(
                (f64::from(*g) - e).abs() <= 2e-5 * e.abs() + 1e-7,
                "[{i}] {g} against {e}"
            );
        }
    }
}

#[test]
fn a_learnt_row_keeps_a_precise_gradient() {
    // p of the own class is 1 - 1.1e-7, nearer to 1 than two f32 steps.
    let b = Batch {
        cosines: vec![1.0, 0.0],
        norms: vec![1.0],
        labels: vec![0],
        classes: 2,
    };
    let host = NullHost::default();
    let (loss, grad) = evaluate(&b, 16.0, &Ctx::new(&host), |_| {}).unwrap();
    let q = (-16f64).exp();
    assert!((loss - q.ln_1p()).abs() < 1e-6 * q, "{loss:e}");
    assert!(
        (f64::from(grad[0]) + 16.0 * q / (1.0 + q)).abs() < 1e-5 * q,
        "{:e}",
        grad[0]
    );
}

#[test]
fn cosines_past_one_count_as_one() {
    let host = NullHost::default();
    let at = |c: f32| Batch {
        cosines: vec![c, 0.2],
        norms: vec![1.0],
        labels: vec![0],
        classes: 2,
    };
    let ctx = Ctx::new(&host);
    assert_eq!(
        evaluate(&at(1.000_001), 8.0, &ctx, squares).unwrap(),
        evaluate(&at(1.0), 8.0, &ctx, squares).unwrap()
    );
}

#[cfg(feature = "conformance")]
#[test]
fn a_head_split_over_processes_gives_what_one_gives() {
    let whole = random(6, 37);
    let host = NullHost::default();
    let (loss, grad) = evaluate(&whole, 64.0, &Ctx::new(&host), squares).unwrap();
    let bounds = [0, 11, 12, 37];
    crate::testing::in_processes(3, |ctx| {
        let (start, end) = (bounds[ctx.rank()], bounds[ctx.rank() + 1]);
        let part = Batch {
            cosines: whole
                .cosines
                .chunks(37)
                .flat_map(|row| row[start..end].to_vec())
                .collect(),
            norms: whole.norms.clone(),
            labels: whole
                .labels
                .iter()
                .map(|y| {
                    if (start..end).contains(&(*y as usize)) {
                        y - start as i64
                    } else {
                        -1
                    }
                })
                .collect(),
            classes: end - start,
        };
        let (part_loss, part_grad) = evaluate(&part, 64.0, ctx, squares).unwrap();
        assert!((part_loss - loss).abs() < 1e-6, "{part_loss} against {loss}");
        for (row, part_row) in grad.chunks(37).zip(part_grad.chunks(end - start)) {
            for (g, p) in row[start..end].iter().zip(part_row) {
                assert!((g - p).abs() <= 1e-5 * g.abs() + 1e-9, "{p} against {g}");
            }
        }
    });
}

#[test]
fn bad_input_is_named() {
    let host = NullHost::default();
    let fails = |edit: fn(&mut Batch), kind: ErrorKind, text: &str| {
        let mut b = random(2, 3);
        edit(&mut b);
        let error = evaluate(&b, 64.0, &Ctx::new(&host), |_| {}).unwrap_err();
        assert_eq!((error.kind(), error.message().contains(text)), (kind, true), "{error}");
    };
    fails(
        |b| b.labels[1] = 3,
        ErrorKind::DATA,
        "label of row 1 is 3, but there are 3 classes",
    );
    fails(|b| b.labels[0] = -1, ErrorKind::DATA, "label of row 0 is -1");
    fails(
        |b| b.cosines[4] = f32::NAN,
        ErrorKind::DATA,
        "cosine of row 1 to class 1 is NaN",
    );
    fails(
        |b| b.cosines[2] = f32::INFINITY,
        ErrorKind::DATA,
        "cosine of row 0 to class 2 is inf",
    );
    fails(
        |b| b.norms.truncate(1),
        ErrorKind::SHAPE,
        "norms: expected shape [2], got [1]",
    );
    fails(
        |b| (b.labels.clear(), b.cosines.clear(), b.norms.clear()).0,
        ErrorKind::SHAPE,
        "cosines: empty",
    );
    let nan_margin = |row: Row<'_>| row.logits[0] = f32::NAN;
    let error = evaluate(&random(2, 3), 64.0, &Ctx::new(&host), nan_margin).unwrap_err();
    assert!(error.message().starts_with("the loss of row 0 is NaN"), "{error}");
}
