//! `ficta select` that was killed goes on where it stood, and writes the same bytes.

use std::{
    path::{Path, PathBuf},
    thread::sleep,
    time::Duration,
};

use ficta::storage::Tensors;
use ficta_core::random::Stream;
use ficta_tests::{
    command::{Finished, finish, prepare},
    product,
    records::hash,
};

const DIM: usize = 64;
const CANDIDATES: usize = 30_000;

/// Files, and a selector with its parameters.
struct Scene {
    folder: tempfile::TempDir,
    selector: &'static str,
}

const ID_NMS: &str =
    "--selector id-nms --param threshold_real=0.6 --param threshold_selected=0.55 --param order=given --threads 1";
const K_CENTRE: &str = "--selector k-centre --param target=3000 --threads 1";

impl Scene {
    fn new(selector: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let scene = Self { folder, selector };
        scene.features("candidates.safetensors", CANDIDATES, 1);
        scene.features("other.safetensors", CANDIDATES, 3);
        scene.features("real.safetensors", 2000, 2);
        scene
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Features around a common direction, one a person.
    fn features(&self, name: &str, rows: usize, seed: u64) {
        let mut data = vec![0f32; rows * DIM];
        Stream::new(seed, "tests.select", 0, 0).fill_normal(&mut data);
        data.chunks_exact_mut(DIM).for_each(|row| row[0] += 4.0);
        let mut tensors = Tensors::new();
        tensors.insert("feature", &[rows, DIM], data).unwrap();
        tensors
            .insert("label", &[rows], (0..rows as i64).collect::<Vec<_>>())
            .unwrap();
        tensors.write(&self.at(name)).unwrap();
    }

    fn arguments(&self, candidates: &str, out: &str, more: &[&str]) -> Vec<String> {
        let text = |name: &str| self.at(name).to_str().unwrap().to_owned();
        let fixed = self.selector;
        [
            "select",
            "--candidates",
            &text(candidates),
            "--real",
            &text("real.safetensors"),
            "--out",
            &text(out),
        ]
        .into_iter()
        .chain(fixed.split(' '))
        .chain(more.iter().copied())
        .map(str::to_owned)
        .collect()
    }

    fn select(&self, candidates: &str, out: &str, more: &[&str]) -> Finished {
        finish(prepare(&product::executable(), self.arguments(candidates, out, more)))
    }

    fn state(&self, out: &str) -> PathBuf {
        self.at(&format!(".{out}.work/selector.state"))
    }

    /// Kills a selection as soon as it has written down a state.
    fn killed(&self, out: &str) {
        let mut child = prepare(
            &product::executable(),
            self.arguments("candidates.safetensors", out, &["--checkpoint-every", "0.001"]),
        )
        .spawn()
        .unwrap();
        while !self.state(out).exists() && child.try_wait().unwrap().is_none() {
            sleep(Duration::from_millis(1));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(
            self.state(out).exists() && !self.at(out).exists(),
            "killed too late to tell"
        );
    }
}

fn left_behind(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).unwrap();
    let names = names.map(|e| e.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with('.')).collect()
}

#[test]
fn a_killed_selection_goes_on_with_the_same_bytes() {
    [ID_NMS, K_CENTRE].into_iter().for_each(goes_on);
}

fn goes_on(selector: &'static str) {
    let scene = Scene::new(selector);
    scene
        .select("candidates.safetensors", "whole.safetensors", &[])
        .succeeded();
    assert_eq!(
        left_behind(scene.folder.path()),
        [""; 0],
        "a short selection writes nothing down"
    );
    scene.killed("killed.safetensors");
    let again = scene
        .select("candidates.safetensors", "killed.safetensors", &[])
        .succeeded();
    assert!(again.stderr.contains("goes on after "), "{again}");
    assert_eq!(
        hash(&scene.at("whole.safetensors")),
        hash(&scene.at("killed.safetensors"))
    );
    assert_eq!(left_behind(scene.folder.path()), [""; 0]);
}

#[test]
fn other_candidates_or_parameters_start_anew_and_say_so() {
    let scene = Scene::new(ID_NMS);
    for (candidates, more) in [
        ("other.safetensors", &[][..]),
        ("candidates.safetensors", &["--seed", "9"]),
        ("candidates.safetensors", &["--param", "target=100"]),
    ] {
        scene.killed("out.safetensors");
        let anew = scene.select(candidates, "out.safetensors", more).succeeded();
        assert!(anew.stderr.contains("starting anew"), "{anew}");
        scene.select(candidates, "whole.safetensors", more).succeeded();
        assert_eq!(hash(&scene.at("whole.safetensors")), hash(&scene.at("out.safetensors")));
        std::fs::remove_file(scene.at("out.safetensors")).unwrap();
    }
    scene
        .select(
            "candidates.safetensors",
            "out.safetensors",
            &["--checkpoint-every", "-1"],
        )
        .refused(2, &["--checkpoint-every"]);
}
