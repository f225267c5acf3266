//! The sample's charts.

use super::{ARMS, noise};
use crate::report::input::*;

fn cosines(n: usize, from: usize, mean: f64, spread: f64) -> Vec<f32> {
    (0..n)
        .map(|k| (mean + spread * noise(from + k)).clamp(-1.0, 1.0) as f32)
        .collect()
}

pub(super) fn charts() -> Charts {
    let roc = |arm: &str, strength: f64| RocCurve {
        arm: arm.into(),
        set: "ORL held-out".into(),
        points: (0..=60)
            .map(|k| {
                let far = if k == 0 {
                    0.0
                } else {
                    10_f64.powf(-2.65 + 2.65 * f64::from(k) / 60.0)
                };
                (far, far.powf(1.0 - strength).max(0.3 * strength))
            })
            .collect(),
    };
    let training = |chart: &str, series: &str, seed: Option<u64>, start: f64, end: f64, n: usize| TrainingCurve {
        chart: chart.into(),
        series: series.into(),
        seed,
        points: (0..n)
            .map(|s| {
                let part = s as f64 / n as f64;
                let clean = end + (start - end) * (-6.0 * part).exp();
                (
                    s as u64 * 2,
                    clean * (1.0 + 0.15 * noise(s + start as usize + seed.unwrap_or(0) as usize * 77)),
                )
            })
            .collect(),
    };
    let mut curves = vec![training("Denoiser loss", "UNet", None, 1.0, 0.09, 700)];
    for (n, arm) in ARMS.iter().enumerate() {
        for seed in 1..=3 {
            curves.push(training("FR loss", arm.0, Some(seed), 14.0, 0.2 + 0.1 * n as f64, 900));
        }
    }
    let survivors = |shift: f64| -> Vec<(f64, u64)> {
        (0..=30)
            .map(|k| {
                let threshold = 0.6 + 0.01 * f64::from(k);
                (
                    threshold,
                    (435.0 / (1.0 + (-40.0 * (threshold - 0.755 + shift)).exp())) as u64,
                )
            })
            .collect()
    };
    let set = |name: &str, kind, values| SimilaritySeries {
        name: name.into(),
        kind,
        values,
    };
    let of_arm = |arm: &str, from: usize, mean: f64| Similarities {
        title: format!("Held-out people, trained on {arm}"),
        caption: String::new(),
        series: vec![
            set("genuine", SimilarityKind::Genuine, cosines(450, from, mean, 0.5)),
            set(
                "impostor",
                SimilarityKind::Impostor,
                cosines(450, from + 1000, 0.04, 0.45),
            ),
        ],
        marks: vec![("threshold".into(), 0.31)],
    };
    Charts {
        similarities: vec![
            of_arm("real", 0, 0.55),
            of_arm("fictional-20", 5000, 0.62),
            Similarities {
                title: "Fictional to nearest real ID".into(),
                caption: "Each fictional ID's largest cosine to any real ID, by condition and by centre of its generated images.".into(),
                series: vec![
                    set("condition", SimilarityKind::NearestReal, cosines(60, 9000, 0.69, 0.1)),
                    set("generated centre", SimilarityKind::Other, cosines(60, 9500, 0.62, 0.2)),
                ],
                marks: vec![("τ real".into(), 0.75)],
            },
        ],
        roc: ARMS.iter().map(|a| roc(a.0, a.4)).collect(),
        training: curves,
        nms_yield: vec![
            YieldCurve {
                name: "both".into(),
                candidates: 435,
                points: survivors(0.0),
                used: Some(0.75),
            },
            YieldCurve {
                name: "real alone".into(),
                candidates: 435,
                points: survivors(0.03),
                used: None,
            },
        ],
        variance_yield: (0..12)
            .map(|k| {
                let candidates = (70.0 * (1.0 - ((f64::from(k) - 5.5) / 6.5).powi(2))) as u64;
                VarianceBin {
                    lower: 0.2 + 0.025 * f64::from(k),
                    upper: 0.2 + 0.025 * f64::from(k + 1),
                    candidates,
                    kept: candidates * (3 + k as u64) / 22,
                }
            })
            .collect(),
    }
}
