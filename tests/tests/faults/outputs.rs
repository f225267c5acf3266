//! Outputs of finished stages that have been damaged since.

use std::fs;

use ficta_tests::records::outputs;

use super::Begun;

#[test]
fn a_stage_whose_output_is_damaged_or_gone_runs_again() {
    let Begun { smoke, .. } = Begun::new();
    let until = ["--until", "select"];
    let before = outputs(&smoke.out());
    let file = smoke.out().join("propose/fictional/candidates.safetensors");
    let bytes = fs::read(&file).unwrap();
    let record = smoke.out().join("propose/fictional/stage.json");
    let recorded = fs::read(&record).unwrap();
    let damages: [(&str, &dyn Fn()); 4] = [
        ("an output is cut off", &|| {
            fs::write(&file, &bytes[..bytes.len() / 2]).unwrap()
        }),
        ("an output is gone", &|| fs::remove_file(&file).unwrap()),
        ("the record is cut off", &|| {
            fs::write(&record, &recorded[..recorded.len() / 2]).unwrap()
        }),
        ("the record is gone", &|| fs::remove_file(&record).unwrap()),
    ];
    for (what, damage) in damages {
        damage();
        let stale = smoke.stale(&until);
        assert!(stale.contains(&"propose/fictional".into()), "{what}: {stale:?}");
        smoke.run(&until).succeeded();
        assert_eq!(outputs(&smoke.out()), before, "{what}");
        assert_eq!(smoke.stale(&until), [""; 0], "{what}");
    }
}

#[test]
fn a_checkpoint_that_is_damaged_is_refused_with_its_name() {
    let begun = Begun::new();
    let until = ["--until", "train-denoiser", "--set", "denoiser.training.steps=100000"];
    let mut child = begun
        .smoke
        .call(&ficta_tests::product::executable(), "run", &begun.smoke.out(), &until)
        .spawn()
        .unwrap();
    let work = begun.smoke.out().join(".work");
    let checkpoint = super::busy::wait_for(|| {
        let stage = fs::read_dir(&work)
            .ok()?
            .filter_map(|e| Some(e.ok()?.path()))
            .find(|p| p.join("resume").exists())?;
        let state = stage.join("resume/state.json").exists();
        state.then_some(stage.join("resume"))
    });
    child.kill().unwrap();
    child.wait().unwrap();
    let state = fs::read_to_string(checkpoint.join("state.json")).unwrap();
    let state: serde_json::Value = serde_json::from_str(&state).unwrap();
    let file = checkpoint.join(state["checkpoint"].as_str().unwrap());
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    let name = file.file_name().unwrap().to_str().unwrap();
    begun.smoke.run(&until).refused(1, &["stage train-denoiser", name]);
}
