//! `ficta train --eval`: verification on the way, and weights chosen by it only where that is asked for.

use std::{
    fs,
    path::{Path, PathBuf},
    thread::sleep,
    time::Duration,
};

use ficta_tests::{
    command::{Finished, ficta, finish, prepare},
    faces, product,
    records::hash,
};
use serde_json::Value;

struct Scene(tempfile::TempDir);

impl Scene {
    /// Faces to train on, and pairs of other people.
    fn new() -> Self {
        let scene = Self(tempfile::tempdir().unwrap());
        faces::draw(&scene.at("faces"), 1);
        faces::draw(&scene.at("others"), 2);
        scene.pair("others");
        scene
    }

    /// Pairs of a folder of faces, as the pack of every test.
    fn pair(&self, faces: &str) {
        let pairs = ["data", "make-pairs", &self.text(faces), "--out", &self.text("lfw.bin")].map(str::to_owned);
        let counts = "--genuine 40 --impostor 40 --folds 4".split(' ').map(str::to_owned);
        ficta(pairs.into_iter().chain(counts)).succeeded();
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.at(name).to_str().unwrap().to_owned()
    }

    fn arguments(&self, out: &str, more: &str) -> Vec<String> {
        let fixed = "--quiet --threads 1 --batch 8 --steps 24 --lr 0.05 --lr-schedule poly --checkpoint-every 5 --loss-param scale=16 \
             --param blocks=[1,1,1,1] --param widths=[8,8,8,16,16] --param input_size=16 --param dim=16 --param precision=f32";
        let words = fixed.split_whitespace().chain(more.split_whitespace());
        ["train", "--data", &self.text("faces"), "--out", &self.text(out)]
            .into_iter()
            .chain(words)
            .map(|word| word.replace("PACK", &self.text("lfw.bin")))
            .collect()
    }

    fn train(&self, out: &str, more: &str) -> Finished {
        ficta(self.arguments(out, more))
    }

    fn evaluation(&self, weights: &str) -> Vec<String> {
        let fixed = "evaluate --backbone iresnet --param blocks=[1,1,1,1] --param widths=[8,8,8,16,16] --param input_size=16 --param dim=16 \
             --weights WEIGHTS --set PACK";
        fixed
            .split_whitespace()
            .map(|word| {
                word.replace("PACK", &self.text("lfw.bin"))
                    .replace("WEIGHTS", &self.text(weights))
            })
            .collect()
    }

    fn lines(&self, out: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.at(out).join("evaluations.jsonl")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

#[test]
fn evaluation_is_logged_and_changes_no_weight() {
    let scene = Scene::new();
    scene.train("plain", "").succeeded();
    scene
        .train("watched", "--eval PACK --eval other=PACK --eval-every 10")
        .succeeded();
    let weights = |out: &str| hash(&scene.at(out).join("weights.safetensors"));
    assert_eq!(weights("plain"), weights("watched"));
    let lines = scene.lines("watched");
    assert_eq!(
        lines.iter().map(|l| l["step"].as_u64().unwrap()).collect::<Vec<_>>(),
        [10, 20, 24]
    );
    // The last line is what `ficta evaluate` finds with the weights that were saved.
    let last = &lines[2];
    assert_eq!(last["accuracy"]["lfw"], last["accuracy"]["other"]);
    let evaluate = scene.evaluation("watched/weights.safetensors");
    let found = ficta(evaluate.into_iter().chain(["--json".to_owned()]))
        .succeeded()
        .json();
    assert!(found.get("cautions").is_none(), "{found}");
    assert_eq!(last["accuracy"]["lfw"], found["sets"][0]["accuracy"]);
    let events = fs::read(scene.at("watched/events.out.tfevents.0.ficta")).unwrap();
    let tag = b"accuracy/lfw";
    assert_eq!(events.windows(tag.len()).filter(|w| w == tag).count(), 3);
    let set: Value = serde_json::from_slice(&fs::read(scene.at("watched/training-set.json")).unwrap()).unwrap();
    assert!(set.get("selected").is_none());
}

#[test]
fn weights_chosen_by_evaluation_are_the_best_and_say_so_also_after_a_kill() {
    let scene = Scene::new();
    let asked = "--eval PACK --eval-every 3 --select-by-eval";
    scene.train("whole", asked).succeeded();
    let lines = scene.lines("whole");
    let mean = |line: &Value| line["mean"].as_f64().unwrap();
    let best = lines
        .iter()
        .fold(&lines[0], |a, b| if mean(b) > mean(a) { b } else { a });
    let set: Value = serde_json::from_slice(&fs::read(scene.at("whole/training-set.json")).unwrap()).unwrap();
    assert_eq!(set["selected"]["step"], best["step"]);
    assert_eq!(set["selected"]["accuracy"], best["mean"]);

    // The weights are those of that step.
    ficta(["export", &scene.text("whole"), "--to", &scene.text("exported")]).succeeded();
    let card = fs::read_to_string(scene.at("exported/README.md")).unwrap();
    assert!(
        card.contains("Selected by evaluation") && card.contains("verify best on lfw"),
        "{card}"
    );

    // So does a table that is made of them, also of the exported ones.
    for weights in ["whole/weights.safetensors", "exported/backbone.safetensors"] {
        let done = ficta(scene.evaluation(weights)).succeeded();
        assert!(done.stdout.contains("chosen because they verify best on lfw"), "{done}");
    }

    let mut child = prepare(&product::executable(), scene.arguments("killed", asked))
        .spawn()
        .unwrap();
    let state = scene.at("killed/.training/resume/state.json");
    while !state.exists() && child.try_wait().unwrap().is_none() {
        sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(
        !scene.at("killed/weights.safetensors").exists(),
        "killed too late to tell"
    );
    finish(prepare(
        &product::executable(),
        scene.arguments("killed", &format!("{asked} --resume")),
    ))
    .succeeded();
    for name in [
        "weights.safetensors",
        "evaluations.jsonl",
        "events.out.tfevents.0.ficta",
        "training-set.json",
    ] {
        assert_eq!(
            hash(&scene.at("whole").join(name)),
            hash(&scene.at("killed").join(name)),
            "{name}"
        );
    }
}

/// Images dealt to folders of other people, as where labels are wrong: their pairs tell nothing.
fn deal_to_others(from: &Path, to: &Path) {
    let sorted = |folder: &Path| {
        let mut all: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
        all.sort();
        all
    };
    let people = sorted(from);
    for (p, person) in people.iter().enumerate() {
        for (i, image) in sorted(person).iter().enumerate() {
            let other = to.join(format!("{:02}", (p + i) % people.len()));
            fs::create_dir_all(&other).unwrap();
            fs::copy(image, other.join(format!("{p}-{i}.png"))).unwrap();
        }
    }
}

#[test]
fn a_training_that_learns_nothing_says_why() {
    let scene = Scene::new();
    deal_to_others(&scene.at("others"), &scene.at("dealt"));
    fs::remove_file(scene.at("lfw.bin")).unwrap();
    scene.pair("dealt");
    // One word for another: the options stand in every call.
    let trained = |out: &str, rate: &str, more: &str| {
        let arguments = scene.arguments(out, more).into_iter();
        ficta(arguments.map(|word| match word.as_str() {
            // Warnings are seen.
            "--quiet" => "--no-flip".to_owned(),
            "24" => "100".to_owned(),
            "0.05" => rate.to_owned(),
            _ => word,
        }))
        .succeeded()
    };
    let idle = trained("idle", "1e-9", "--eval PACK");
    for part in [
        "after 100 steps the loss has not fallen",
        "of 80 pairs of lfw, no better than chance",
        "times less than what is usual for 8 images a step",
    ] {
        assert!(idle.stderr.contains(part), "{part}: {idle}");
    }
    let learning = trained("learning", "0.05", "");
    assert!(!learning.stderr.contains("no better than chance"), "{learning}");
}

#[test]
fn balanced_sampling_is_another_order_that_goes_on_as_well() {
    let scene = Scene::new();
    scene.train("plain", "").succeeded();
    scene.train("balanced", "--sampling balanced").succeeded();
    let losses = |out: &str| hash(&scene.at(out).join("loss.jsonl"));
    assert_ne!(losses("plain"), losses("balanced"));
    scene.train("again", "--sampling balanced").succeeded();
    assert_eq!(losses("balanced"), losses("again"));
}

#[test]
fn what_cannot_be_evaluated_is_refused_before_anything_is_trained() {
    let scene = Scene::new();
    scene.train("a", "--eval nothing.bin").refused(1, &["nothing.bin"]);
    scene
        .train("a", "--eval PACK --eval PACK")
        .refused(2, &["two sets are named `lfw`"]);
    scene
        .train("a", "--eval PACK --eval-every 0")
        .refused(2, &["every is 0"]);
    scene.train("a", "--select-by-eval").refused(2, &["--eval"]);
    assert!(!scene.at("a").exists());
}
