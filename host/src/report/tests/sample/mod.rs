//! A report's input as a run on a small set of faces would give it, with made-up numbers.

mod charts;
mod figures;

use crate::report::input::*;

/// Whose picture a sample needs: (whether it is generated, ID, number of the image).
pub type Pictures<'a> = &'a dyn Fn(bool, usize, usize) -> Picture;

/// A drawn face of 32 x 32 pixels, grey for real IDs and in colour for generated images.
pub fn drawn(generated: bool, id: usize, image: usize) -> Picture {
    const SIDE: usize = 32;
    let wave = |k: f64| (id as f64 * 1.7 + k).sin();
    let shift = (image as f64 * 2.3).sin();
    let (middle, eyes) = (16.0 + 1.5 * shift, 12.5 + wave(1.0));
    let (wide, high) = (8.0 + 1.5 * wave(2.0), 11.0 + 1.2 * wave(3.0));
    let grey = |x: usize, y: usize| -> u8 {
        let (dx, dy) = (x as f64 - middle, y as f64 - 16.0);
        let in_face = (dx / wide).powi(2) + (dy / high).powi(2) < 1.0;
        let eye = (dx.abs() - wide * 0.42).powi(2) + (y as f64 - eyes).powi(2) < 2.5;
        let mouth = (dy - 6.0).abs() < 0.8 && dx.abs() < wide * (0.35 + 0.1 * shift);
        let shade = 150.0 + 40.0 * wave(4.0) - 2.5 * dx;
        match (in_face, eye || mouth, dy < -high * 0.6) {
            (false, _, _) => 225,
            (true, true, _) => 40,
            (true, false, true) => (70.0 + 40.0 * wave(5.0)) as u8,
            (true, false, false) => shade as u8,
        }
    };
    let places = (0..SIDE * SIDE).map(|n| grey(n % SIDE, n / SIDE));
    if generated {
        let pixels = places
            .flat_map(|g| [g, g.saturating_sub(14), g.saturating_sub(25)])
            .collect();
        Picture::rgb(SIDE as u32, SIDE as u32, pixels).unwrap()
    } else {
        Picture::grey(SIDE as u32, SIDE as u32, places.collect()).unwrap()
    }
}

/// Numbers that look random, in [-1, 1), with a rough bell shape.
fn noise(n: usize) -> f64 {
    let one = |k: u64| {
        let mut x = (n as u64)
            .wrapping_mul(4)
            .wrapping_add(k)
            .wrapping_add(1)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15);
        x ^= x >> 29;
        x = x.wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x ^= x >> 32;
        (x >> 11) as f64 / (1_u64 << 53) as f64
    };
    (one(0) + one(1) + one(2) + one(3)) / 2.0 - 1.0
}

pub fn input(pictures: Pictures<'_>) -> Input {
    Input {
        header: Header {
            run: "orl-demo".into(),
            seed: 1,
            version: "0.1.0".into(),
            facts: [
                ("real set", "ORL, 30 IDs × 10 images; 10 held out"),
                ("encoder", "dlib-resnet, centred (mean impostor cosine 0.89)"),
                ("generator", "UNet 1.07 M, 32 px, DDIM-15"),
            ]
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .to_vec(),
        },
        arms: arms(),
        claims: claims(),
        figures: figures::figures(pictures),
        charts: charts::charts(),
        metrics: metrics(),
        provenance: crate::report::provenance(),
        credits: vec![
            "ORL database of faces, AT&T Laboratories Cambridge; for research.".into(),
            "dlib's face network as converted in face-api (MIT).".into(),
        ],
        warnings: vec!["Arm fictional-20-no-nms: seed 2 ended at 52.10% on ORL held-out, close to chance (50%).".into()],
        resolved_config: "[run]\nname = \"orl-demo\"\nseed = 1\n\n[select]\nplugin = \"id-nms\"\nthreshold_real = 0.75\nthreshold_selected = 0.75\n".into(),
        plugins_lock: "[[plugin]]\nname = \"id-nms\"\nversion = \"0.1.0\"\nsha256 = \"5f1d…\"\n".into(),
    }
}

const ARMS: [(&str, Authenticity, u64, f64, f64); 7] = [
    ("real", Authenticity::Real, 30, 10.0, 0.9058),
    ("synthetic-real-id-20", Authenticity::SyntheticReal, 30, 20.0, 0.8921),
    ("fictional-20", Authenticity::Fictional, 60, 20.0, 0.9346),
    ("fictional-40", Authenticity::Fictional, 60, 40.0, 0.9402),
    ("fictional-20-midpoint", Authenticity::Fictional, 60, 20.0, 0.9255),
    ("fictional-20-no-nms", Authenticity::Fictional, 60, 20.0, 0.9013),
    ("real-plus-fictional-20", Authenticity::Mixed, 90, 16.7, 0.9511),
];

fn around(mean: f64, half: f64) -> Estimate {
    Estimate {
        mean,
        interval: Some((mean - half, (mean + half * 0.9).min(1.0))),
        per_seed: vec![mean - half / 4.0, mean, mean + half / 4.0],
    }
}

fn arms() -> Arms {
    Arms {
        averaged: Vec::new(),
        sets: vec!["ORL held-out".into()],
        far: vec![0.01, 0.1],
        reference: None,
        rows: ARMS
            .iter()
            .map(|&(name, authenticity, ids, images_per_id, accuracy)| Arm {
                name: name.into(),
                authenticity,
                ids,
                images_per_id,
                optimizer_steps: 1800,
                seeds: vec![1, 2, 3],
                sets: vec![SetResult {
                    accuracy: around(accuracy, 0.021),
                    tar: vec![around(accuracy - 0.19, 0.06), around(accuracy - 0.02, 0.03)],
                    eer: around(1.0 - accuracy, 0.02),
                }],
                average: around(accuracy, 0.021),
                difference_interval: (name != "real")
                    .then_some((accuracy - ARMS[0].4 - 0.016, accuracy - ARMS[0].4 + 0.017)),
                selected: Vec::new(),
            })
            .collect(),
        interval_method: "95% percentile bootstrap over people and seeds, 2,000 resamples".into(),
        protocol: "10-fold, features of image and flip summed, cosine; folds do not share people; 450 genuine and 450 impostor pairs".into(),
        notes: vec!["Equal numbers of optimizer steps in all arms.".into()],
    }
}

fn claims() -> Vec<Claim> {
    let accuracy = |first: usize, second: usize, half: f64| {
        let difference = ARMS[first].4 - ARMS[second].4;
        Comparison {
            measure: "Avg accuracy".into(),
            unit: Unit::Percent,
            better: Better::Higher,
            first: (ARMS[first].0.into(), ARMS[first].4),
            second: (ARMS[second].0.into(), ARMS[second].4),
            difference,
            interval: Some((difference - half, difference + half)),
        }
    };
    let uniqueness = Comparison {
        measure: "Uniqueness U".into(),
        unit: Unit::Plain,
        better: Better::Higher,
        first: ("fictional-20".into(), 0.967),
        second: ("fictional-20-midpoint".into(), 0.933),
        difference: 0.034,
        interval: Some((0.0, 0.083)),
    };
    vec![
        Claim {
            title: "Variance-based interpolation against midpoint".into(),
            expectation: "better with variance: more unique IDs and higher accuracy [paper]".into(),
            comparisons: vec![accuracy(2, 4, 0.014), uniqueness],
        },
        Claim {
            title: "ID-NMS against none".into(),
            expectation: "better with ID-NMS [paper]".into(),
            comparisons: vec![accuracy(2, 5, 0.018)],
        },
        Claim {
            title: "20 against 40 images an ID".into(),
            expectation: "better with 40 [paper]".into(),
            comparisons: vec![accuracy(3, 2, 0.012)],
        },
        Claim {
            title: "Fictional against real".into(),
            expectation: "real better, on 10,177 IDs [paper]".into(),
            comparisons: vec![accuracy(2, 0, 0.0165)],
        },
    ]
}

fn metrics() -> Vec<Metric> {
    let metric =
        |set: &str, name: &str, value: f64, unit, better, convention: &str, threshold: Option<f64>, seed| Metric {
            set: set.into(),
            name: name.into(),
            value,
            interval: (unit == Unit::Plain).then_some((value - 0.02, value + 0.02)),
            unit,
            better,
            convention: convention.into(),
            threshold,
            evaluator: "dlib-resnet (also conditions)".into(),
            seed,
        };
    let centres = "cosine similarity of class centres, greedy ball count";
    vec![
        metric(
            "fictional-20",
            "Uniqueness U",
            0.967,
            Unit::Plain,
            Better::Higher,
            centres,
            Some(0.642),
            None,
        ),
        metric(
            "fictional-20",
            "Preservation P",
            0.941,
            Unit::Plain,
            Better::Higher,
            "share of images with cosine to their centre above r",
            Some(0.642),
            None,
        ),
        metric(
            "fictional-20",
            "Diversity D (within ID)",
            0.283,
            Unit::Plain,
            Better::Higher,
            "mean pairwise cosine distance within an ID",
            None,
            None,
        ),
        metric(
            "fictional-20",
            "Diversity D (recall)",
            f64::NAN,
            Unit::Plain,
            Better::Higher,
            "improved recall per ID, k = 3; undefined for fictional IDs",
            None,
            None,
        ),
        metric(
            "real",
            "EER",
            0.0312,
            Unit::Percent,
            Better::Lower,
            "cosine similarity, all genuine pairs, as many impostor pairs",
            None,
            Some(1),
        ),
        metric(
            "fictional-20",
            "Images",
            1200.0,
            Unit::Count,
            Better::Neither,
            "images measured",
            None,
            None,
        ),
    ]
}
