//! `ficta train` and `ficta export`, alone.

use std::{fs, path::Path, thread::sleep, time::Duration};

use ficta_tests::{
    command::{Finished, finish, prepare},
    faces, product,
    records::hash,
};

const NET: [&str; 8] = [
    "--param",
    "blocks=[1,1,1,1]",
    "--param",
    "widths=[8,8,8,16,16]",
    "--param",
    "input_size=16",
    "--param",
    "dim=16",
];

struct Scene {
    folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        faces::draw(&folder.path().join("faces"), 1);
        Self { folder }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn arguments(&self, out: &str, more: &[&str]) -> Vec<String> {
        let fixed = [
            ("--batch", "8"),
            ("--epochs", "5"),
            ("--lr", "0.05"),
            ("--lr-schedule", "poly"),
            ("--warmup", "5"),
            ("--checkpoint-every", "4"),
            ("--threads", "1"),
            ("--loss", "adaface"),
            ("--loss-param", "scale=16"),
            ("--param", "precision=f32"),
        ];
        let (faces, out) = (self.path("faces"), self.path(out));
        let fixed = fixed.into_iter().filter(|(flag, _)| !more.contains(flag));
        ["train", "--data", &faces, "--out", &out]
            .into_iter()
            .chain(NET)
            .chain(fixed.flat_map(|(flag, value)| [flag, value]))
            .chain(more.iter().copied())
            .map(str::to_owned)
            .collect()
    }

    fn train(&self, out: &str, more: &[&str]) -> Finished {
        finish(prepare(&product::executable(), self.arguments(out, more)))
    }
}

fn ficta(arguments: &[&str]) -> Finished {
    finish(prepare(&product::executable(), arguments))
}

#[test]
fn a_killed_training_goes_on_and_ends_with_the_same_bytes() {
    let scene = Scene::new();
    let whole = scene.train("whole", &["--json"]).succeeded();
    assert_eq!(whole.json()["training"]["training"]["steps"], 25);
    let mut child = prepare(&product::executable(), scene.arguments("killed", &[]))
        .spawn()
        .unwrap();
    let state = scene.folder.path().join("killed/.training/resume/state.json");
    while !state.exists() && child.try_wait().unwrap().is_none() {
        sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(
        !scene.folder.path().join("killed/weights.safetensors").exists(),
        "killed too late to tell"
    );

    scene.train("killed", &[]).refused(2, &["was stopped", "--resume"]);
    scene
        .train("killed", &["--resume", "--seed", "4"])
        .refused(2, &["another seed"]);
    scene.train("killed", &["--resume"]).succeeded();
    for name in [
        "weights.safetensors",
        "loss.jsonl",
        "events.out.tfevents.0.ficta",
        "training-set.json",
    ] {
        let file = |run: &str| scene.folder.path().join(run).join(name);
        assert_eq!(hash(&file("whole")), hash(&file("killed")), "{name}");
    }
    assert!(!scene.folder.path().join("killed/.training").exists());
    scene.train("whole", &[]).refused(2, &["finished training"]);
    scene.train("whole", &["--resume"]).succeeded();
}

#[test]
fn weights_go_out_and_come_back() {
    let scene = Scene::new();
    scene.train("run", &["-q"]).succeeded();
    let (run, first, second) = (scene.path("run"), scene.path("first"), scene.path("second"));
    ficta(&["export", &run, "--to", &first]).succeeded();
    let card = fs::read_to_string(Path::new(&first).join("README.md")).unwrap();
    assert!(card.contains("`[N,3,16,16]`") && card.contains("\"adaface\""), "{card}");
    ficta(&["export", &run, "--to", &first]).refused(2, &["not empty"]);

    let pth = format!("{first}/backbone.pth");
    ficta(&["export", &pth, "--to", &second]).refused(2, &["does not say what network"]);
    let mut call = vec!["export", &pth, "--to", &second, "--backbone", "iresnet"];
    call.extend(NET);
    ficta(&call).succeeded();
    for name in ["backbone.pth", "backbone.onnx"] {
        assert_eq!(
            hash(&Path::new(&first).join(name)),
            hash(&Path::new(&second).join(name)),
            "{name}"
        );
    }
    // And into a training of the same network.
    scene.train("tuned", &["--init", &pth]).succeeded();
    call[1] = &run;
    call.extend(["--param", "dim=8"]);
    let third = scene.path("third");
    call[3] = &third;
    ficta(&call).refused(1, &["holds an iresnet"]);
    assert!(!Path::new(&third).exists());
}

#[test]
fn what_cannot_be_trained_is_refused() {
    let scene = Scene::new();
    scene.train("a", &["--backbone", "iresnt"]).refused(2, &["iresnet"]);
    scene.train("a", &["--loss", "cosfase"]).refused(2, &["cosface"]);
    scene
        .train("a", &["--loss-param", "margn=1"])
        .refused(2, &["margn", "margin"]);
    scene.train("a", &["--batch", "0"]).refused(2, &["batch"]);
    scene.train("a", &["--lr", "-1"]).refused(2, &["lr"]);
    let diverged = scene.train("a", &["--loss", "cosface", "--loss-param", "margin=0.1", "--lr", "1e9"]);
    diverged.refused(1, &["likely the learning rate", "times what is usual for"]);
}

/// No machine has a hundredth GPU.
#[test]
fn a_device_that_is_not_there_is_declined_in_the_log() {
    let scene = Scene::new();
    let done = scene
        .train("out", &["--device", "cuda:99", "--epochs", "1"])
        .succeeded();
    assert!(
        done.stderr.contains("iresnet computes on the CPU, not on cuda:99: "),
        "{done}"
    );
    scene
        .train("other", &["--device", "gpu"])
        .refused(2, &["--device", "expected auto, cpu, cuda or cuda:N"]);
}
