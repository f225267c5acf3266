//! Files of PyTorch's (`fixtures/make_pth.py`), and ours. `check_pth.py` shows that PyTorch reads ours; `ours.pth` is what it was shown.

use std::{collections::BTreeMap, fs, path::PathBuf};

use ficta_core::ErrorKind;
use ficta_state_dict::{StateDict, Stored, torch_save};

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

fn expected() -> BTreeMap<String, Stored> {
    let json: BTreeMap<String, (Vec<usize>, Vec<f32>)> =
        serde_json::from_slice(&fs::read(fixture("pth.json")).unwrap()).unwrap();
    json.into_iter()
        .map(|(name, (shape, values))| (name, Stored { shape, values }))
        .collect()
}

fn assert_holds_all(found: &StateDict) {
    let expected = expected();
    assert_eq!(found.names().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (name, stored) in &expected {
        assert_eq!(found.get(name).unwrap(), stored, "{name}");
    }
}

#[test]
fn both_formats_of_torch_save_are_read() {
    assert_holds_all(&StateDict::read(&fixture("zip.pth")).unwrap());
    assert_holds_all(&StateDict::read(&fixture("legacy.pth")).unwrap());
}

#[test]
fn code_in_a_pickle_is_not_run() {
    // An object that calls print when Python unpickles it: it stays an unknown thing beside the tensors.
    let found = StateDict::read(&fixture("evil.pth")).unwrap();
    assert_eq!(found.names().filter(|name| name.contains("evil")).count(), 0);
    assert_eq!(found.names().count(), expected().len());
}

#[test]
fn what_we_write_is_what_pytorch_was_shown_and_reads_back() {
    let all = expected();
    let bytes = torch_save(all.iter().map(|(name, t)| (name.as_str(), t))).unwrap();
    assert_eq!(
        bytes,
        torch_save(all.iter().map(|(name, t)| (name.as_str(), t))).unwrap()
    );
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        fs::write(fixture("ours.pth"), &bytes).unwrap();
    }
    assert!(
        bytes == fs::read(fixture("ours.pth")).unwrap(),
        "write the new bytes with UPDATE_FIXTURES=1, then let check_pth.py judge them"
    );
    assert_holds_all(&StateDict::read(&fixture("ours.pth")).unwrap());
}

#[test]
fn cut_files_are_refused_wherever_they_are_cut() {
    for name in ["zip.pth", "legacy.pth", "ours.pth"] {
        let whole = fs::read(fixture(name)).unwrap();
        let path = std::env::temp_dir().join(format!("ficta-state-dict-{}-{name}", std::process::id()));
        for kept in (0..whole.len() - 1).step_by(37) {
            fs::write(&path, &whole[..kept]).unwrap();
            let error = StateDict::read(&path).expect_err("a cut file");
            assert!(
                error.kind() == ErrorKind::DATA || error.kind() == ErrorKind::UNSUPPORTED,
                "{name} cut at {kept}: {error}"
            );
        }
        fs::remove_file(&path).unwrap();
    }
}
