use super::*;
use crate::evaluation::{Comparison, Difference, Interval, Measures, Protocol, Reference, SetOutcome, TarAtFar, Val};

fn set(name: &str, accuracy: f64) -> SetOutcome {
    SetOutcome {
        set: name.into(),
        path: format!("{name}.bin"),
        scaled_images: 0,
        measures: Measures {
            genuine: 3000,
            impostor: 3000,
            accuracy,
            deviation: 0.0123,
            fold_accuracies: vec![accuracy; 10],
            thresholds: vec![1.4; 10],
            val: Val {
                target: 0.001,
                val: 0.875,
                deviation: 0.01,
                far: 0.0011,
            },
            tar: vec![
                TarAtFar {
                    far: 0.1,
                    tar: Some(0.99),
                },
                TarAtFar { far: 0.0001, tar: None },
            ],
            eer: 0.031,
        },
    }
}

fn sample() -> Evaluation {
    let difference = |d: f64| Difference {
        difference: d,
        interval: Some(Interval {
            lower: d - 0.005,
            upper: d + 0.005,
        }),
        first_better: 0.98,
    };
    Evaluation {
        name: "fictional|20".into(),
        network: "iresnet".into(),
        cautions: vec!["the weights are those of step 300, chosen because they verify best on lfw (95.18%)".into()],
        protocol: Protocol::Insightface,
        sets: vec![set("lfw", 0.9518), set("cfp_fp", 0.6971)],
        average: 0.82445,
        reference: Some(Reference {
            name: "real".into(),
            accuracies: vec![0.9788, 0.8029],
            average: 0.89085,
            gap_percent: 8.05,
            difference: -0.0664,
        }),
        comparison: Some(Comparison {
            name: "synthetic".into(),
            accuracies: vec![0.94, 0.69],
            average: 0.815,
            differences: vec![difference(0.0118), difference(0.0071)],
            average_difference: difference(0.00945),
            resamplings: 1000,
            seed: 7,
        }),
    }
}

#[test]
fn tables_are_shown() {
    insta::assert_snapshot!("text", verification_text(&sample()));
    insta::assert_snapshot!("markdown", verification_markdown(&sample()));
    insta::assert_snapshot!("csv", verification_csv(&sample()));
}

#[test]
fn a_result_comes_back_from_json() {
    let text = serde_json::to_string(&sample()).unwrap();
    assert_eq!(serde_json::from_str::<Evaluation>(&text).unwrap(), sample());
}
