//! `ficta encode`, `stats`, `propose`, `select`, `metrics` and `audit` on files, without a run file.

use std::{
    fs,
    path::{Path, PathBuf},
};

use ficta::{
    features::FeatureTable,
    pipeline::{candidates::CandidateTable, identities::IdentityTable, matrix::Matrix},
    storage::{Table, Tensors},
};
use ficta_core::random::Stream;
use ficta_tests::{
    command::{Finished, ficta},
    smoke::Smoke,
};

struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }
    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
    /// `NAME.ext` stands for a file in the folder.
    fn call(&self, line: &str) -> Finished {
        let is_file = |word: &str| {
            [".safetensors", ".csv", ".parquet", ".json", ".npy"]
                .iter()
                .any(|e| word.ends_with(e))
        };
        ficta(
            line.split_whitespace()
                .map(|word| match is_file(word) && !word.contains('/') {
                    true => self.path(word).into_os_string(),
                    false => word.into(),
                }),
        )
    }
    /// `people` x `images` features of length 16; each person spreads as far as `spread` says.
    fn features(&self, name: &str, people: usize, images: usize, seed: u64, spread: f32) {
        let mut data = Vec::new();
        for person in 0..people {
            let mut axis = vec![0f32; 16];
            Stream::new(seed, "people", person as u64, 0).fill_normal(&mut axis);
            for image in 0..images {
                let mut noise = vec![0f32; 16];
                Stream::new(seed, "images", person as u64, image as u64).fill_normal(&mut noise);
                data.extend(axis.iter().zip(&noise).map(|(a, n)| a + spread * n));
            }
        }
        let labels = (0..people * images).map(|i| (i / images) as i64).collect();
        let table = FeatureTable::new(Matrix::new(data, people * images, 16).unwrap(), labels).unwrap();
        table.tensors().unwrap().write(&self.path(name)).unwrap();
    }
}

const NMS: &str = "--selector id-nms --param threshold_real=0.8 --param threshold_selected=0.9";

#[test]
fn the_commands_do_what_the_stages_do() {
    let smoke = Smoke::new();
    smoke.run(&["--until", "select", "-q"]).succeeded();
    let config: toml::Table = fs::read_to_string(smoke.out().join("config.toml"))
        .unwrap()
        .parse()
        .unwrap();
    let (name, set) = config["ids"].as_table().unwrap().iter().next().unwrap();
    let ids = smoke.out().join("statistics/identities.safetensors");
    let params = |part: &str| -> Vec<String> {
        let params = set[part]["params"].as_table().unwrap().iter();
        params
            .flat_map(|(k, v)| ["--param".to_owned(), format!("{k}={v}")])
            .collect()
    };
    let files = Files::new();
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let run = |words: Vec<String>| ficta(words).succeeded();
    let word = |s: &str| s.to_owned();
    let seed = config["run"]["seed"].to_string();
    let candidates = files.path("candidates.safetensors");
    let plugin = |part: &str| set[part]["plugin"].as_str().unwrap().to_owned();
    let mut call = vec![
        word("propose"),
        word("--real"),
        text(&ids),
        word("--proposer"),
        plugin("proposer"),
    ];
    call.extend(params("proposer"));
    let count = set["candidates"].to_string();
    call.extend([
        word("--seed"),
        seed.clone(),
        word("--count"),
        count,
        word("--out"),
        text(&candidates),
    ]);
    run(call);
    let stage = smoke.out().join(format!("propose/{name}/candidates.safetensors"));
    assert_eq!(
        CandidateTable::read(&candidates).unwrap().feature,
        CandidateTable::read(&stage).unwrap().feature
    );
    let (selected, audit) = (files.path("selected.safetensors"), files.path("audit.parquet"));
    let mut call = vec![
        word("select"),
        word("--candidates"),
        text(&candidates),
        word("--real"),
        text(&ids),
    ];
    call.extend([
        word("--selector"),
        plugin("selector"),
        word("--seed"),
        seed,
        word("--out"),
        text(&selected),
    ]);
    call.extend([word("--audit"), text(&audit)]);
    call.extend(params("selector"));
    run(call);
    let stage = smoke.out().join(format!("select/{name}"));
    let index = |path: &Path| Tensors::read(path).unwrap().get::<i64, 1>("index").unwrap().0.to_vec();
    assert_eq!(index(&selected), index(&stage.join("selected.safetensors")));
    assert_eq!(
        fs::read(&audit).unwrap(),
        fs::read(stage.join("audit.parquet")).unwrap()
    );
}

#[test]
fn encode_and_stats_give_what_a_run_gives() {
    let smoke = Smoke::new();
    let files = Files::new();
    let weights = format!("weights={}", smoke.weights().display());
    let faces = smoke.faces().display().to_string();
    files
        .call(&format!(
            "encode --encoder dlib-resnet --param {weights} --data {faces} --out f.safetensors"
        ))
        .succeeded();
    let table = FeatureTable::read(&files.path("f.safetensors")).unwrap();
    assert!(table.metadata["encoder"].contains("dlib"), "{:?}", table.metadata);
    let labels = table.label.clone().unwrap();
    assert!(labels.is_sorted() && labels.len() == table.feature.rows);
    let said = files
        .call("stats --features f.safetensors --out ids.safetensors --json")
        .succeeded()
        .json();
    let ids = IdentityTable::read(&files.path("ids.safetensors")).unwrap();
    assert_eq!(said["identities"], ids.len());
    assert_eq!(ids.center.is_some(), said["how"]["centring"]["applied"] == true);
    // Once more, with other threads: the same bytes.
    files
        .call(&format!(
            "encode --encoder dlib-resnet --param {weights} --data {faces} --threads 1 --out g.safetensors"
        ))
        .succeeded();
    assert_eq!(
        fs::read(files.path("f.safetensors")).unwrap(),
        fs::read(files.path("g.safetensors")).unwrap()
    );
    files
        .call(&format!(
            "encode --encoder dlib-resnet --param {weights} --data {faces}/none --out h.safetensors"
        ))
        .refused(1, &["does not exist"]);
    assert!(!files.path("h.safetensors").exists());
}

#[test]
fn anyones_features_are_candidates_and_identities() {
    let files = Files::new();
    files.features("real.safetensors", 12, 1, 3, 0.0);
    files.features("many.safetensors", 40, 1, 4, 0.0);
    let many = FeatureTable::read(&files.path("many.safetensors")).unwrap();
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (40, 16), }\n";
    let mut npy = [
        b"\x93NUMPY\x01\x00".as_slice(),
        &(header.len() as u16).to_le_bytes(),
        header.as_bytes(),
    ]
    .concat();
    npy.extend(many.feature.data.iter().flat_map(|x| x.to_le_bytes()));
    fs::write(files.path("many.npy"), npy).unwrap();
    for source in ["many.npy", "many.safetensors"] {
        let line =
            format!("select --candidates {source} --real real.safetensors {NMS} --out s.safetensors --audit a.csv");
        let done = files.call(&line).succeeded();
        assert!(done.stderr.contains("no variance"), "{done}");
        // Without variances they keep their order.
        let index = Tensors::read(&files.path("s.safetensors"))
            .unwrap()
            .get::<i64, 1>("index")
            .unwrap()
            .0
            .to_vec();
        assert!(index.is_sorted() && !index.is_empty());
        let audit = fs::read_to_string(files.path("a.csv")).unwrap();
        assert!(audit.starts_with("candidate,parent_a,parent_b,t,variance,decision,blocker,cosine\n0,-1,-1,NaN,NaN,"));
        assert_eq!(audit.lines().count(), 41);
    }
    // Variances are unknown: the midpoint needs none, the default rule does.
    files
        .call("propose --real real.safetensors --proposer variance-interpolation --param rule=midpoint --out c.safetensors")
        .succeeded();
    files
        .call("propose --real real.safetensors --proposer variance-interpolation --out d.safetensors")
        .refused(1, &["variance of identity row 0 is NaN"]);
    files.features("images.safetensors", 4, 5, 3, 0.1);
    files
        .call("propose --real images.safetensors --proposer uniform-sphere --out d.safetensors")
        .refused(1, &["20 features of 4 identities", "ficta stats"]);
    files
        .call("propose --real real.safetensors --proposer uniform-spere --out d.safetensors")
        .refused(2, &["uniform-sphere"]);
    files
        .call("propose --real real.safetensors --proposer uniform-sphere --param dim=3 --out d.safetensors")
        .refused(2, &["unknown key `dim`"]);
    assert!(!files.path("d.safetensors").exists());
}

#[test]
fn nothing_is_written_where_nobody_stays_but_the_audit() {
    let files = Files::new();
    files.features("real.safetensors", 12, 1, 3, 0.0);
    files
        .call("select --candidates real.safetensors --real real.safetensors --selector id-nms --out s.safetensors --audit a.csv")
        .refused(1, &["none of 12 candidates survives", "12 too similar to a real identity"]);
    assert!(!files.path("s.safetensors").exists() && files.path("a.csv").exists());
    files
        .call("select --candidates real.safetensors --real real.safetensors --selector id-nms --out s.safetensors --audit a.json")
        .refused(2, &[".csv or .parquet"]);
}

#[test]
fn metrics_say_how_each_number_was_made() {
    let files = Files::new();
    files.features("real.safetensors", 20, 8, 1, 0.3);
    files.features("made.safetensors", 30, 6, 2, 0.3);
    files
        .call("metrics --features made.safetensors --real real.safetensors --evaluator A --evaluator-features real.safetensors --evaluator-real real.safetensors --evaluator-name B --labels-match --pairs 2000 --seed 5 --out m.json --per-id ids.csv --centre off")
        .succeeded();
    let result: serde_json::Value = serde_json::from_slice(&fs::read(files.path("m.json")).unwrap()).unwrap();
    let all = result["metrics"].as_array().unwrap();
    assert_eq!(all.len(), 4 * 16);
    let find = |evaluator: &str, set: &str, name: &str| {
        let mut hits = all.iter().filter(|m| {
            m["evaluator"].as_str().unwrap().starts_with(evaluator) && m["set"] == set && m["name"] == name
        });
        hits.next().unwrap_or_else(|| panic!("{evaluator} {set} {name}"))
    };
    for m in all {
        assert!(!m["convention"].as_str().unwrap().is_empty());
    }
    assert_eq!(find("A", "generated", "EER")["seed"], 5);
    assert!(find("A", "generated", "U")["threshold"].as_f64().unwrap() > 0.0);
    // A set beside itself.
    assert!(find("B", "generated", "frechet")["value"].as_f64().unwrap() < 1e-6);
    assert_eq!(find("B", "generated", "D_recall")["value"], 1.0);
    assert_eq!(
        find("B", "generated", "EER")["value"],
        find("B", "real", "EER")["value"]
    );
    assert_eq!(fs::read_to_string(files.path("ids.csv")).unwrap().lines().count(), 31);
    files
        .call("metrics --features made.safetensors --real real.safetensors --false-match-rate 2")
        .refused(2, &["--false-match-rate 2"]);
}

#[test]
fn the_audit_finds_copies_and_clears_strangers() {
    let files = Files::new();
    files.features("real.safetensors", 20, 8, 1, 0.2);
    files.features("strangers.safetensors", 2, 6, 77, 0.2);
    // The same people, photographed anew.
    files.features("copies.safetensors", 20, 3, 1, 0.2);
    let line = |who: &str| {
        format!(
            "audit --fictional {who} --real real.safetensors --benchmark copies.safetensors --centre off --false-match-rate 1e-9 --json --matches m.parquet"
        )
    };
    let found = files.call(&line("copies.safetensors")).succeeded().json();
    assert_eq!(found["verdict"], "leak");
    assert_eq!(found["findings"].as_array().unwrap().len(), 6);
    assert_eq!(found["findings"][0]["above"], 20);
    let matches = Table::read_parquet(&files.path("m.parquet")).unwrap();
    let (who, like, rank) = (
        matches.i64s("fictional").unwrap(),
        matches.i64s("real").unwrap(),
        matches.i64s("rank").unwrap(),
    );
    assert!((0..matches.rows()).all(|i| rank[i] > 1 || who[i] == like[i]));
    let found = files.call(&line("strangers.safetensors")).succeeded().json();
    assert_eq!(found["verdict"], "clear", "{found:#}");
    files
        .call("audit --fictional copies.safetensors --real real.safetensors --centre off --fail-on-leak")
        .refused(1, &["leak"]);
    // Candidates of centred identities are not compared with features that are not.
    files
        .call("stats --features real.safetensors --centre on --out ids.safetensors")
        .succeeded();
    files
        .call("propose --real ids.safetensors --proposer uniform-sphere --out c.safetensors")
        .succeeded();
    files
        .call("audit --fictional c.safetensors --real ids.safetensors")
        .succeeded();
    files
        .call("audit --fictional c.safetensors --real real.safetensors --centre off")
        .refused(1, &["centred by"]);
}
