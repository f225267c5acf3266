//! One run with every kind of training set: what its stages leave agrees with each other, and its page shows it.

use std::{fs, path::Path};

use ficta::storage::{Table, Tensors};
use ficta_tests::{browser, smoke::Smoke};
use serde_json::{Value, json};

/// What the smoke run has no arm for. The second selection keeps two of four.
const MORE: [&str; 7] = [
    r#"ids.no-nms={count=4, proposer={plugin="variance-interpolation", params={rule="std-ratio"}}, selector={plugin="all"}}"#,
    r#"ids.twice={count=4, proposer={plugin="variance-interpolation", params={rule="std-ratio"}},
        selector={plugin="id-nms", params={threshold_real=1.0, threshold_selected=1.0}},
        second_selector={plugin="id-nms", params={threshold_real=1.0, threshold_selected=1.0, target=2}}}"#,
    r#"arms.no-nms={ids="no-nms", images=3}"#,
    r#"arms.twice={ids="twice", images=3}"#,
    r#"arms.synthetic-real={ids="real", images=3}"#,
    r#"arms.real-plus-fictional={real=true, ids="fictional", images=3}"#,
    r#"arms.fictional-more={ids="fictional", images=6}"#,
];

/// Identities and images that each arm trains on.
const SETS: [(&str, u64, u64); 8] = [
    ("fictional", 4, 12),
    ("fictional-midpoint", 4, 12),
    ("fictional-more", 4, 24),
    ("no-nms", 4, 12),
    ("real", 6, 24),
    ("real-plus-fictional", 10, 36),
    ("synthetic-real", 6, 18),
    ("twice", 2, 6),
];

fn read_json(path: &Path) -> Value {
    let bytes = fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_slice(&bytes).unwrap()
}

#[test]
fn end_to_end_all_kinds_of_training_sets() {
    let smoke = Smoke::new();
    let set: Vec<&str> = MORE.iter().flat_map(|one| ["--set", one]).collect();
    let done = smoke.run(&set).succeeded();
    let run = smoke.out();
    for (arm, classes, images) in SETS {
        assert!(done.stdout.contains(arm), "no arm {arm} in the table\n{done}");
        let found = read_json(&run.join(format!("train-backbone/{arm}/seed-0/training-set.json")));
        assert_eq!(
            found,
            json!({"classes": classes, "images": images, "steps": 8}),
            "arm {arm}"
        );
    }
    audits(&run);
    yield_curves(&run);
    for ids in ["fictional", "twice"] {
        centres_and_nearest_real(&run, ids);
    }
    sample_grids(&run);
    page(&smoke);
}

/// Both forms of each audit table hold the same, under the documented names.
fn audits(run: &Path) {
    let select = "candidate,parent_a,parent_b,t,variance,decision,blocker,cosine";
    let again =
        "identity,nearest_real,cosine,nearest_real_of_images,cosine_of_images,variance,decision,blocker,blocker_cosine";
    for (stage, header) in [
        ("select/fictional", select),
        ("select/twice", select),
        ("reencode/fictional", again),
        ("reencode/real", again),
        ("reencode/twice", again),
    ] {
        let csv = fs::read_to_string(run.join(stage).join("audit.csv")).unwrap();
        assert_eq!(csv.lines().next(), Some(header), "{stage}");
        let parquet = Table::read_parquet(&run.join(stage).join("audit.parquet")).unwrap();
        assert_eq!(parquet.to_csv(), csv, "{stage}");
    }
    // All 15 pairs of six people are candidates.
    let decided = |stage: &str, decision: &str| {
        let csv = fs::read_to_string(run.join(stage).join("audit.csv")).unwrap();
        let rows = csv.lines().skip(1).filter(|row| row.contains(decision)).count();
        (rows, csv.lines().count() - 1)
    };
    assert_eq!(decided("select/no-nms", ",keep,"), (15, 15));
    assert_eq!(decided("reencode/twice", ",keep,"), (2, 4));
    assert_eq!(decided("reencode/twice", ",target-reached,"), (2, 4));
    assert_eq!(decided("reencode/fictional", ",keep,"), (4, 4));
}

/// How many stay at each threshold: more, never fewer, as the threshold rises, and at the run's own threshold as many as it kept.
fn yield_curves(run: &Path) {
    for ids in ["fictional", "midpoint"] {
        let curve = read_json(&run.join(format!("select/{ids}/yield.json")));
        let numbers = |name: &str| -> Vec<f64> {
            curve[name]
                .as_array()
                .unwrap()
                .iter()
                .map(|x| x.as_f64().unwrap())
                .collect()
        };
        let (thresholds, kept) = (numbers("threshold"), numbers("kept"));
        assert_eq!((thresholds.len(), kept.len()), (51, 51));
        assert!(
            (0..51).all(|i| (thresholds[i] - i as f64 / 50.0).abs() < 1e-6),
            "{thresholds:?}"
        );
        assert_eq!(kept[50], 15.0, "nothing exceeds a cosine of 1");
        let selected = Tensors::read(&run.join(format!("select/{ids}/selected.safetensors"))).unwrap();
        let (index, _) = selected.get::<i64, 1>("index").unwrap();
        assert_eq!(kept[45], index.len() as f64, "the run's threshold is 0.9");
    }
}

/// The re-encoding's table anew from its features, in f64.
fn centres_and_nearest_real(run: &Path, ids: &str) {
    let tensors = |file: &str| Tensors::read(&run.join(file)).unwrap();
    let rows = |tensors: &Tensors, name: &str| -> Vec<Vec<f64>> {
        let (data, [_, dim]) = tensors.get::<f32, 2>(name).unwrap();
        data.chunks_exact(dim)
            .map(|row| row.iter().map(|x| f64::from(*x)).collect())
            .collect()
    };
    let real = tensors("statistics/identities-generated-size.safetensors");
    let people: Vec<Vec<f64>> = rows(&real, "mean").iter().map(|row| unit(row)).collect();
    let (centre, _) = real.get::<f32, 1>("center").unwrap();
    let features = tensors(&format!("reencode/{ids}/features.safetensors"));
    let images: Vec<Vec<f64>> = rows(&features, "feature")
        .iter()
        .map(|row| {
            unit(
                &unit(row)
                    .iter()
                    .zip(centre)
                    .map(|(x, c)| x - f64::from(*c))
                    .collect::<Vec<_>>(),
            )
        })
        .collect();
    let each = images.len() / 4;
    let audit = Table::read_parquet(&run.join(format!("reencode/{ids}/audit.parquet"))).unwrap();
    let variances = variances(&images, each);
    let csv = audit.to_csv();
    for (identity, row) in csv.lines().skip(1).enumerate() {
        let cells: Vec<&str> = row.split(',').collect();
        let of_identity = &images[identity * each..][..each];
        let mean: Vec<f64> = (0..people[0].len())
            .map(|k| of_identity.iter().map(|image| image[k]).sum::<f64>() / each as f64)
            .collect();
        let variance = variances[identity];
        let by_centre = nearest(&[unit(&mean)], &people);
        let by_image = nearest(of_identity, &people);
        for (column, expected) in [
            (1, by_centre.0 as f64),
            (2, by_centre.1),
            (3, by_image.0 as f64),
            (4, by_image.1),
            (5, variance),
        ] {
            let found: f64 = cells[column].parse().unwrap();
            assert!(
                (found - expected).abs() < 1e-5,
                "{ids}, identity {identity}, column {column}: {found}, expected {expected}"
            );
        }
    }
}

/// Total variance of each identity's `each` consecutive unit features: 1 - |mean|^2 times n / (n - 1), drawn toward the mean over identities as
/// strongly as the method of moments says.
fn variances(images: &[Vec<f64>], each: usize) -> Vec<f64> {
    let (freedom, dim) = (each as f64 - 1.0, images[0].len());
    let of_dim = |of: &[Vec<f64>], k: usize| {
        let mean = of.iter().map(|x| x[k]).sum::<f64>() / each as f64;
        of.iter().map(|x| (x[k] - mean).powi(2)).sum::<f64>() / freedom
    };
    let per_dim: Vec<Vec<f64>> = images
        .chunks_exact(each)
        .map(|of| (0..dim).map(|k| of_dim(of, k)).collect())
        .collect();
    let own: Vec<f64> = per_dim.iter().map(|v| v.iter().sum()).collect();
    let count = own.len() as f64;
    let mean = own.iter().sum::<f64>() / count;
    let spread = own.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (count - 1.0);
    let error = per_dim.iter().map(|v| 2.0 * dot(v, v) / freedom).sum::<f64>() / count;
    let strength = match spread <= error {
        true => 1000.0,
        false => (freedom * error / (spread - error)).min(1000.0),
    };
    own.iter()
        .map(|v| (freedom * v + strength * mean) / (freedom + strength))
        .collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

fn unit(row: &[f64]) -> Vec<f64> {
    let length = dot(row, row).sqrt();
    row.iter().map(|x| x / length).collect()
}

/// The real person with the largest cosine to any of these.
fn nearest(features: &[Vec<f64>], people: &[Vec<f64>]) -> (usize, f64) {
    let mut best = (0, f64::NEG_INFINITY);
    for feature in features {
        for (p, person) in people.iter().enumerate() {
            let cosine = dot(feature, person);
            if cosine > best.1 {
                best = (p, cosine);
            }
        }
    }
    best
}

/// Every six steps a grid, a row a person and four images in it, which are not all the same.
fn sample_grids(run: &Path) {
    let folder = run.join("train-denoiser/samples");
    let mut names: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["step-0000006.png", "step-0000012.png"]);
    for name in names {
        let grid = image::open(folder.join(name)).unwrap().into_luma8();
        assert_eq!(grid.dimensions(), (4 * 16, 6 * 16));
        let tile = |x: u32, y: u32| image::imageops::crop_imm(&grid, 16 * x, 16 * y, 16, 16).to_image();
        assert_ne!(tile(0, 0), tile(1, 0));
        assert_ne!(tile(0, 0), tile(0, 1));
    }
}

/// What a reader needs, in a browser: pictures that load, charts with an extent, a row for each arm, nothing from elsewhere.
const PROBE: &str = r##"
  const box = e => { const r = e.getBoundingClientRect(); return r.width > 0 && r.height > 0; };
  const images = [...document.images];
  const result = {
    images: images.length,
    decoded: images.filter(i => i.complete && i.naturalWidth > 0 && box(i)).length,
    charts: [...document.querySelectorAll("svg.chart")].map(box).filter(b => !b).length,
    figures: ["fig1-variance", "fig3-selected", "fig4-real-and-generated", "nms-yield", "roc-held-out-people", "training-fr-loss"]
      .filter(id => !document.getElementById(id)),
    arms: [...document.querySelectorAll("#arms table:first-of-type tbody tr")].map(r => r.cells[0].firstChild.textContent.trim()),
    loaded: performance.getEntriesByType("resource").map(e => e.name).filter(n => !n.startsWith("data:")),
    overflow: document.documentElement.scrollWidth - innerWidth,
  };
"##;

fn page(smoke: &Smoke) {
    let html = fs::read_to_string(smoke.out().join("report/index.html")).unwrap();
    let Some(browser) = browser::find() else { return };
    let seen = browser::probe(
        &browser,
        &html,
        PROBE,
        smoke.folder(),
        "page",
        &["--window-size=1280,1000"],
    );
    assert_eq!(seen["images"], html.matches("<img ").count(), "{seen}");
    assert_eq!(seen["decoded"], seen["images"], "{seen}");
    assert_eq!(seen["charts"], 0, "charts without an extent: {seen}");
    assert_eq!(seen["figures"], json!([]), "figures that are missing");
    assert_eq!(seen["loaded"], json!([]), "the page loaded something");
    assert!(seen["overflow"].as_i64().unwrap() <= 0, "{seen}");
    let arms: Vec<_> = seen["arms"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| a.as_str().unwrap())
        .collect();
    for (arm, _, _) in SETS {
        assert!(arms.contains(&arm), "no row of {arm}: {seen}");
    }
}
