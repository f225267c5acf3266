//! `examples/celeba`: the paper's Table 1. The file itself is planned, and run through in miniature, on drawn faces in CelebA's layout.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use ficta_tests::{
    celeba,
    command::{self, Finished, ficta, finish},
    faces, product, weights,
};
use serde_json::Value;

const PEOPLE: u64 = 14;
const IMAGES: u64 = 4;
const SETS: [&str; 6] = ["lfw", "cfp_fp", "agedb_30", "cfp_ff", "calfw", "cplfw"];

/// Sizes that fit the stand-in; everything else is the example's.
const MINIATURE: [&str; 26] = [
    "run.threads=1",
    "data.size=16",
    "data.full_size={width=64,height=64}",
    "data.held_out=4",
    "ids.fictional.count=5",
    "ids.fictional.candidates=20",
    "ids.fictional.selector.params={threshold_real=0.95,threshold_selected=0.95}",
    "denoiser.params={resolution=16,channels=3,base_width=16,multipliers=[1,2],patch=2,micro_batch=4}",
    "denoiser.training.steps=8",
    "denoiser.training.batch=8",
    "denoiser.training.checkpoint_every=4",
    "sampler.params={steps=3,guidance=1.5}",
    "generation.batch=8",
    "backbone.params={blocks=[1,1,1,1],widths=[8,8,8,16,16],dim=16,input_size=16,train_micro_batch=4}",
    "training.steps=8",
    "training.batch=8",
    "training.checkpoint_every=4",
    "training.evaluation.every=4",
    "training.evaluation.held_out=true",
    "evaluation.folds=2",
    "evaluation.bootstrap=50",
    "arms.real.steps=8",
    "arms.synthetic-real-id-40.images=3",
    "arms.synthetic-real-id-40.steps=8",
    "arms.fictional-40.images=3",
    "arms.fictional-40.steps=12",
];
/// The same for the arms of 20 images.
const FEWER: [&str; 3] = [
    "arms.synthetic-real-id-20.images=2",
    "arms.fictional-20.images=2",
    "metrics.neighbours=2",
];

struct Scene(tempfile::TempDir);

impl Scene {
    /// CelebA as it is released, aligned as the example's README says; six verification sets; weights of the encoder.
    fn new() -> Self {
        let scene = Self(tempfile::tempdir().unwrap());
        celeba::write(&scene.at("CelebA"), PEOPLE, IMAGES, 1);
        ficta([
            "data",
            "align",
            &scene.text("CelebA"),
            &scene.text("celeba-112"),
            "--quiet",
        ])
        .succeeded();
        weights::write(&scene.at("cache/face-api-1.7.15"));
        faces::draw(&scene.at("others"), 2);
        fs::create_dir_all(scene.at("sets")).unwrap();
        for (seed, set) in SETS.iter().enumerate() {
            let (out, seed) = (scene.text(&format!("sets/{set}.bin")), seed.to_string());
            let others = scene.text("others");
            let call = ["data", "make-pairs", &others, "--out", &out, "--seed", &seed];
            let counts = ["--genuine", "10", "--impostor", "10", "--folds", "2"];
            ficta([&call[..], &counts[..]].concat()).succeeded();
        }
        scene
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.at(name).to_str().unwrap().to_owned()
    }

    fn call(&self, what: &str, more: &[&str]) -> Command {
        let file = product::root().join("examples/celeba/run.toml");
        let mut call = command::prepare(
            &product::executable(),
            [what, file.to_str().unwrap(), "--out", &self.text("run")],
        );
        call.args(more)
            .env("CELEBA", self.at("celeba-112"))
            .env("CELEBA_SETS", self.at("sets"))
            .env("FICTA_CACHE", self.at("cache"));
        call
    }

    fn ficta(&self, what: &str, more: &[&str]) -> Finished {
        finish(self.call(what, more))
    }
}

fn miniature() -> Vec<&'static str> {
    MINIATURE.iter().chain(&FEWER).flat_map(|set| ["--set", set]).collect()
}

fn trainings(plan: &Value) -> Vec<&Value> {
    plan["outlook"]["trainings"]
        .as_array()
        .expect("a list")
        .iter()
        .collect()
}

#[test]
fn the_example_is_planned_with_its_steps_and_images() {
    let scene = Scene::new();
    let plan = scene.ficta("plan", &["--json"]).succeeded().json();
    let stages: Vec<_> = plan["stages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["stage"].as_str().unwrap())
        .collect();
    for stage in [
        "select/fictional",
        "train-denoiser",
        "generate/real",
        "train-backbone/fictional-40/seed-0",
        "report",
    ] {
        assert!(stages.contains(&stage), "{stage} is not in {stages:?}");
    }
    let found = trainings(&plan);
    assert_eq!(found.len(), 6, "{found:?}");
    // The paper's: 30 epochs of 10,177 people, 20 images each, in steps of 1,024.
    let of_arm = found
        .iter()
        .find(|t| t["stage"] == "train-backbone/fictional-20/seed-0")
        .unwrap();
    assert_eq!((&of_arm["steps"], &of_arm["batch"]), (&5964.into(), &1024.into()));
    let of_40 = found
        .iter()
        .find(|t| t["stage"] == "train-backbone/fictional-40/seed-0");
    assert_eq!(of_40.unwrap()["steps"], 11927);
    assert_eq!(of_arm["images"], 5964 * 1024);
    assert!(of_arm["estimated_seconds"].is_null() && plan["outlook"]["calibration"].is_null());
    let text = scene.ficta("plan", &[]).succeeded().stdout;
    assert!(text.contains("5,964 steps of 1,024, 6,107,136 images"), "{text}");

    let missing = scene.at("sets/lfw.bin");
    fs::remove_file(&missing).unwrap();
    scene
        .ficta("plan", &[])
        .refused(2, &["training.evaluation.sets.lfw", "does not exist"]);
}

#[test]
fn an_estimate_comes_from_real_steps_and_says_that_it_is_one() {
    let scene = Scene::new();
    let more = [
        &miniature()[..],
        &["--set", "training.batch=64", "--estimate", "--estimate-seconds", "2"],
    ]
    .concat();
    let plan = scene
        .ficta("plan", &[&more[..], &["--json"]].concat())
        .succeeded()
        .json();
    let calibration = &plan["outlook"]["calibration"];
    for network in ["backbone", "denoiser", "prediction", "encoder"] {
        let seconds = calibration[network]["seconds"].as_f64().unwrap();
        assert!(seconds > 0.0 && seconds < 60.0, "{network}: {seconds}");
        let memory = calibration[network]["peak_memory"].as_u64();
        assert!(
            memory.is_none_or(|m| (1 << 20..1 << 36).contains(&m)),
            "{network}: {memory:?}"
        );
    }
    assert_eq!(calibration["backbone"]["how"], "3 steps of 64 images");
    let first = trainings(&plan)[0];
    let seconds = calibration["denoiser"]["seconds"].as_f64().unwrap() * first["steps"].as_f64().unwrap();
    assert!((first["estimated_seconds"].as_f64().unwrap() / seconds - 1.0).abs() < 1e-9);
    // Each set's images in batches of the run's size, each batch asked for as often as the sampler says.
    let sets = plan["outlook"]["generations"].as_array().unwrap();
    assert_eq!(sets.len(), 2, "{sets:?}");
    for set in sets {
        let [images, predictions] = ["images", "predictions_per_image"].map(|key| set[key].as_f64().unwrap());
        let batches = images / 8.0; // generation.batch of the miniature
        let seconds = calibration["prediction"]["seconds"].as_f64().unwrap() * batches * predictions;
        assert!(
            (set["estimated_seconds"].as_f64().unwrap() / seconds - 1.0).abs() < 1e-9,
            "{set}"
        );
    }
    assert!(plan["outlook"]["encoding"]["estimated_seconds"].as_f64().unwrap() > 0.0);
    let text = scene.ficta("plan", &more).succeeded().stdout;
    for words in [
        "ESTIMATE, not a promise",
        "steps of 64 images",
        "generate/fictional",
        "s a prediction",
        "encoding all ",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!scene.at("run").exists(), "a plan writes nothing");
}

#[test]
fn end_to_end_a_miniature_of_the_example_runs_through() {
    let scene = Scene::new();
    let run = scene
        .ficta("run", &[&miniature()[..], &["--quiet"]].concat())
        .succeeded();
    assert!(run.stdout.contains("fictional-40"), "{run}");
    let at = |name: &str| scene.at("run").join(name);
    assert!(at("report/index.html").exists());
    let lines = fs::read_to_string(at("train-backbone/real/seed-0/evaluations.jsonl")).unwrap();
    let last: Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    assert_eq!(last["step"], 8);
    let mut names: Vec<_> = last["accuracy"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    names.retain(|name| *name != "held-out");
    names.sort_unstable();
    let mut expected = SETS;
    expected.sort_unstable();
    assert_eq!(names, expected);
    assert!(!table(&at("report")).contains('†'), "nothing was chosen by evaluation");

    // The table: the six sets as columns, their mean as what arms are compared by.
    let of_run = |file: &str| -> Value { serde_json::from_str(&fs::read_to_string(at(file)).unwrap()).unwrap() };
    let arm = of_run("compare/comparison.json")["arms"]["fictional-40"].clone();
    let accuracies = expected.map(|set| arm["sets"][set]["accuracy"]["mean"].as_f64().unwrap());
    let mean = accuracies.iter().sum::<f64>() / 6.0;
    assert!((arm["average"]["mean"].as_f64().unwrap() - mean).abs() < 1e-12, "{arm}");
    let interval = &arm["average"]["interval"];
    assert!(
        interval["lower"].as_f64().unwrap() <= interval["upper"].as_f64().unwrap(),
        "{arm}"
    );
    let text = table(&at("report"));
    for words in [
        "held-out people",
        "agedb_30",
        "mean accuracy over agedb_30, calfw, cfp_ff, cfp_fp, cplfw, lfw",
        "over pairs within folds (50 resamplings)",
        "images of lfw were scaled to the backbone's 16 x 16 px",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }

    // `ficta evaluate` says the same of the same weights.
    let weights = at("train-backbone/fictional-40/seed-0/weights.safetensors");
    let params = "blocks=[1,1,1,1] widths=[8,8,8,16,16] dim=16 input_size=16";
    let mut call = vec![
        "evaluate",
        "--backbone",
        "iresnet",
        "--weights",
        weights.to_str().unwrap(),
    ];
    params.split(' ').for_each(|p| call.extend(["--param", p]));
    let sets: Vec<_> = SETS.iter().map(|set| scene.text(&format!("sets/{set}.bin"))).collect();
    sets.iter().for_each(|set| call.extend(["--set", set]));
    call.push("--json");
    let alone = ficta(call).succeeded().json();
    for (set, outcome) in SETS.iter().zip(alone["sets"].as_array().unwrap()) {
        let in_run = &arm["sets"][*set]["accuracy"]["mean"];
        let difference = outcome["accuracy"].as_f64().unwrap() - in_run.as_f64().unwrap();
        assert!(difference.abs() < 1e-12, "{set}: {difference}");
    }

    // With nobody held out, as in the example, and chosen by evaluation: the arms are marked.
    let chosen = [
        &miniature()[..],
        &[
            "--set",
            "data.held_out=0",
            "--set",
            "training.evaluation.held_out=false",
        ],
        &["--quiet", "--set", "training.evaluation.select=true"],
    ]
    .concat();
    scene.ficta("run", &chosen).succeeded();
    let table = table(&at("report"));
    assert!(
        table.contains("real †") && table.contains("chosen because they verify best on"),
        "{table}"
    );
    assert!(!table.contains("held-out people"), "{table}");
    let people = PEOPLE.to_string();
    let real = table
        .lines()
        .find(|line| line.trim_start().starts_with("real "))
        .unwrap();
    assert!(
        real.split_whitespace().any(|word| word == people),
        "all people are learnt from: {table}"
    );
}

fn table(report: &Path) -> String {
    fs::read_to_string(report.join("table.txt")).unwrap()
}
