//! Plugins written outside the workspace, built alone and named by a run, with the command untouched.

use std::fs;

use ficta_tests::{
    command::ficta,
    outside_crate, product,
    records::{hash, outputs},
    smoke::Smoke,
};
use serde_json::Value;

#[test]
fn end_to_end_plugins_from_outside_the_workspace_take_part_in_a_run() {
    let before = hash(&product::executable());
    let folder = tempfile::tempdir().unwrap();
    let mut hashes = Vec::new();
    let examples = fs::read_dir(product::root().join("examples/plugins")).expect("examples");
    for example in examples
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("Cargo.toml").exists())
    {
        let library = outside_crate::build(&example, &[]);
        let to = folder.path().join(library.file_name().unwrap());
        fs::copy(&library, &to).unwrap();
        hashes.push(hash(&to));
    }
    assert!(
        hashes.len() >= 2,
        "a loss and a sampler are expected in examples/plugins"
    );

    let plugins = folder.path().to_str().unwrap();
    let listed = ficta(["plugins", "list", "--json", "--plugins", plugins])
        .succeeded()
        .json();
    assert_eq!(listed["rejected"], serde_json::json!([]));
    let outside = |kind: &str| {
        let components = listed["components"].as_array().unwrap().iter();
        let mut ours = components
            .filter(|c| c["kind"] == kind && c["origin"]["path"].as_str().is_some_and(|p| p.starts_with(plugins)));
        ours.next()
            .unwrap_or_else(|| panic!("no {kind} from outside: {listed:#}"))["name"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let (loss, sampler) = (outside("loss"), outside("sampler"));

    let smoke = Smoke::new();
    smoke.run(&[]).succeeded();
    let own = outputs(&smoke.out());
    let loss_choice = format!("loss.plugin={loss}");
    let sampler_choice = format!("sampler.plugin={sampler}");
    let arguments = [
        "--plugins",
        plugins,
        "--set",
        &loss_choice,
        "--set",
        "loss.params={}",
        "--set",
        &sampler_choice,
        "--set",
        "sampler.params={ steps = 3 }",
    ];
    let finished = smoke.run(&arguments).succeeded();
    assert!(finished.stdout.contains("fictional-midpoint"), "{finished}");

    // They were at work: images and backbones are others, and the lock names the libraries.
    let made = outputs(&smoke.out());
    for file in [
        "generate/fictional/images/00000/000.png",
        "train-backbone/real/seed-0/weights.safetensors",
    ] {
        assert!(made.contains_key(file) && made.get(file) != own.get(file), "{file}");
    }
    let lock: Value = serde_json::from_slice(&fs::read(smoke.out().join("plugins.lock")).unwrap()).unwrap();
    for hash in &hashes {
        let named = lock["plugins"]
            .as_object()
            .unwrap()
            .values()
            .any(|plugin| plugin["sha256"] == **hash);
        assert!(named, "{hash} is not in {lock:#}");
    }
    assert_eq!(hash(&product::executable()), before, "the command has changed");
}
