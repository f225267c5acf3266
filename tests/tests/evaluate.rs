//! `ficta evaluate` with networks: a backbone that `ficta train` trained, and the encoders that read its weights.

use std::path::{Path, PathBuf};

use ficta::storage::Tensors;
use ficta_tests::{
    command::{Finished, ficta},
    faces, records,
};
use serde_json::Value;

struct Scene(tempfile::TempDir);

const NET: &str = "--param blocks=[1,1,1,1] --param widths=[8,8,8,16,16] --param input_size=16 --param dim=16";

impl Scene {
    /// Drawn faces, a pack of them, and a trained network.
    fn new() -> Self {
        let scene = Self(tempfile::tempdir().unwrap());
        faces::draw(&scene.path("faces"), 1);
        shrink(&scene.path("faces"));
        scene
            .call("data make-pairs @faces --out @pairs.bin --genuine 30 --impostor 30 --folds 2 --seed 3")
            .succeeded();
        let line = format!(
            "train --data @faces --out @run --batch 8 --steps 30 --lr 0.05 --threads 1 -q --param precision=f32 {NET}"
        );
        scene.call(&line).succeeded();
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// `@` stands for the scene's folder.
    fn call(&self, line: &str) -> Finished {
        let folder = format!("{}/", self.0.path().display());
        ficta(line.split_whitespace().map(|word| word.replacen('@', &folder, 1)))
    }

    fn features(&self, result: &str) -> [Vec<f32>; 2] {
        let tensors = Tensors::read(&self.path(result).join("features-pairs.safetensors")).unwrap();
        ["feature", "feature_flip"].map(|name| tensors.get::<f32, 2>(name).unwrap().0.to_vec())
    }
}

/// The drawn faces at the network's size, so that nothing is scaled on its way to it.
fn shrink(folder: &Path) {
    for path in records::files(folder).values() {
        let image = image::open(path).expect("a drawn face");
        image.thumbnail_exact(16, 16).save(path).expect("a smaller one");
    }
}

fn accuracy(result: &Value) -> f64 {
    result["sets"][0]["accuracy"]
        .as_f64()
        .or_else(|| result["sets"][0]["measures"]["accuracy"].as_f64())
        .unwrap_or_else(|| panic!("no accuracy in {result:#}"))
}

#[test]
fn a_trained_backbone_is_evaluated_as_its_features_are() {
    let scene = Scene::new();
    let line = format!(
        "evaluate --backbone iresnet --weights @run/weights.safetensors --param precision=f32 {NET} --set @pairs.bin --folds 2 --threads 2 --json"
    );
    let done = scene
        .call(&format!("{line} --out @of-backbone --save-features"))
        .succeeded();
    let result = done.json();
    assert!(accuracy(&result) > 0.6, "it was trained on these faces: {result:#}");
    assert_eq!(result["sets"][0]["scaled_images"], 0);
    let given = scene
        .call("evaluate --features @of-backbone/features-pairs.safetensors --set @pairs.bin --folds 2 --json")
        .succeeded()
        .json();
    assert_eq!(given["sets"][0]["measures"], result["sets"][0]["measures"]);
    // The encoder that reads iresnet's weights is another implementation of the network.
    let line = "evaluate --encoder iresnet --param weights=@run/weights.safetensors --set @pairs.bin --folds 2 --out @of-encoder --save-features --json";
    let folder = format!("weights={}/", scene.0.path().display());
    let words = line.split_whitespace().map(|word| {
        word.replacen("weights=@", &folder, 1)
            .replacen('@', &folder["weights=".len()..], 1)
    });
    let encoded = ficta(words).succeeded().json();
    let [ours, theirs] = ["of-backbone", "of-encoder"].map(|name| scene.features(name));
    assert_eq!(ours[0].len(), 120 * 16);
    let scale = ours[0].iter().map(|x| x.abs()).fold(0f32, f32::max);
    let differs = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| (x - y).abs()).fold(0f32, f32::max);
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert!(
            differs(ours, theirs) < 1e-3 * scale,
            "{} of {scale}",
            differs(ours, theirs)
        );
    }
    assert_eq!(accuracy(&encoded), accuracy(&result));
}

#[test]
fn progress_is_told_once() {
    let scene = Scene::new();
    let line = format!(
        "evaluate --backbone iresnet --weights @run/weights.safetensors {NET} --set @pairs.bin --set again=@pairs.bin --folds 2"
    );
    let done = scene.call(&line).succeeded();
    let lines: Vec<&str> = done.stderr.lines().filter(|line| line.contains("images")).collect();
    let mut unique = lines.clone();
    unique.dedup();
    assert_eq!(lines, unique, "{done}");
    assert!(done.stdout.contains("again"));
}

#[test]
fn what_cannot_be_evaluated_is_refused() {
    let scene = Scene::new();
    let line = |weights: &str, net: &str| {
        scene.call(&format!(
            "evaluate --backbone iresnet --weights @{weights} {net} --set @pairs.bin --folds 2 -q"
        ))
    };
    line("run/weights.safetensors", &NET.replace("dim=16", "dim=8")).refused(1, &["weights.safetensors", "iresnet"]);
    line("run/none.safetensors", NET).refused(1, &["none.safetensors"]);
    line("run/weights.safetensors", &format!("{NET} --param dept=50")).refused(2, &["dept", "depth"]);
    line("pairs.bin", NET).refused(1, &["pairs.bin"]);
    assert!(Path::new(&scene.path("pairs.bin")).exists());
}
