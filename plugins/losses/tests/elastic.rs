//! The random margins of ElasticFace.

use ficta_core::{
    Ctx, Loss, NullHost, static_components,
    testing::{LossBatch, LossOutput},
};
use ficta_losses as _;

/// Name, mean of the margins, and which margin leads from one cosine to another.
type Elastic = (&'static str, f64, fn(f64, f64) -> f64);

const ELASTIC: [Elastic; 2] = [
    ("elasticface-arc", 0.5, |from, to| to.acos() - from.acos()),
    ("elasticface-cos", 0.35, |from, to| from - to),
];

fn make(name: &str, params: &str) -> Box<dyn Loss> {
    let entry = static_components().into_iter().find(|r| r.name == name).unwrap();
    entry.make_loss(params).unwrap()
}

fn evaluate(loss: &mut dyn Loss, batch: &LossBatch, seed: u64) -> LossOutput {
    batch.evaluate(loss, &Ctx::new(&NullHost { seed })).unwrap()
}

#[test]
fn margins_depend_on_seed_step_and_row_alone() {
    for (name, margin, _) in ELASTIC {
        let params = format!(r#"{{"margin": {margin}}}"#);
        let mut loss = make(name, &params);
        let batch = LossBatch::random(6, 9, 1);
        let next = LossBatch {
            step: 1,
            ..batch.clone()
        };
        let (now, later) = (evaluate(&mut *loss, &batch, 0), evaluate(&mut *loss, &next, 0));
        assert_ne!(now, later, "{name}: the same margins at another step");
        assert_ne!(
            now,
            evaluate(&mut *loss, &batch, 1),
            "{name}: the same margins in another run"
        );
        assert_eq!(
            now,
            evaluate(&mut *make(name, &params), &batch, 0),
            "{name}: a resumed training draws the same"
        );
    }
}

/// The margins that a loss of scale 1 draws for rows of two classes at one cosine: the other class's gradient is its probability over the number of rows,
/// and with it the own class's logit is known.
fn margins(name: &str, params: &str, margin: fn(f64, f64) -> f64) -> Vec<f64> {
    const COSINE: f32 = 0.25;
    const ROWS: usize = 20_000;
    let batch = LossBatch {
        cosines: vec![COSINE; ROWS * 2],
        norms: vec![1.0; ROWS],
        labels: vec![0; ROWS],
        classes: 2,
        step: 7,
    };
    let by_cosine = evaluate(&mut *make(name, params), &batch, 0).cosines;
    let others = by_cosine.chunks(2).map(|row| f64::from(row[1]) * ROWS as f64);
    let cosine = f64::from(COSINE);
    others
        .map(|other| margin(cosine, cosine + ((1.0 - other) / other).ln()))
        .collect()
}

#[test]
fn margins_are_normal_with_the_mean_and_deviation_asked_for() {
    for (name, mean, margin) in ELASTIC {
        for deviation in [0.0125, 0.05, 0.1] {
            let params = format!(r#"{{"margin": {mean}, "deviation": {deviation}, "scale": 1}}"#);
            let drawn = margins(name, &params, margin);
            let n = drawn.len() as f64;
            let found = drawn.iter().sum::<f64>() / n;
            let spread = (drawn.iter().map(|m| (m - found).powi(2)).sum::<f64>() / n).sqrt();
            println!("{name}: {found} and {spread}, asked for {mean} and {deviation}");
            // Four standard errors: 2.8% and 2% of the deviation.
            assert!(
                (found - mean).abs() < 4.0 * deviation / n.sqrt(),
                "{name}: mean {found} of {mean}"
            );
            assert!(
                (spread / deviation - 1.0).abs() < 4.0 / (2.0 * n).sqrt(),
                "{name}: deviation {spread} of {deviation}"
            );
            // 68.27% of a normal distribution lie within one deviation, 57.7% of a uniform one.
            let near = drawn.iter().filter(|m| (*m - mean).abs() < deviation).count() as f64 / n;
            assert!(
                (near - 0.682_7).abs() < 0.015,
                "{name}: {near} lie within one deviation"
            );
        }
    }
}
