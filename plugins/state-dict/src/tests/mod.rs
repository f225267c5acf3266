mod hostile;

use proptest::prelude::*;

use super::*;

const FILES: [&[u8]; 2] = [
    include_bytes!("../../tests/fixtures/zip.pth"),
    include_bytes!("../../tests/fixtures/legacy.pth"),
];

fn read(bytes: &[u8]) -> Result<StateDict> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.pth");
    fs::write(&path, bytes).unwrap();
    StateDict::read(&path)
}

#[test]
fn names_lose_the_wrappers_that_all_of_them_have() {
    let tensor = Stored {
        shape: vec![2],
        values: vec![1.0, -2.0],
    };
    let names = |stored: [&str; 2]| {
        let bytes = torch_save(stored.iter().map(|name| (*name, &tensor))).unwrap();
        read(&bytes).unwrap().names().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(names(["module.a", "module.b"]), ["a", "b"]);
    assert_eq!(names(["_orig_mod.module.a", "_orig_mod.module.b"]), ["a", "b"]);
    assert_eq!(names(["a", "module.b"]), ["a", "module.b"]);
}

#[test]
fn code_in_a_pickle_is_not_run() {
    // What `pickle.dumps(os.system("..."))` style attacks look like: a global, arguments, REDUCE.
    let attack = b"\x80\x02cos\nsystem\nX\x04\x00\x00\x00true\x85R.";
    let (found, end) = pickle::read(attack).unwrap();
    assert!(matches!(found.root, pickle::Value::Opaque), "{found:?}");
    assert_eq!(end, attack.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn damaged_files_do_not_panic(
        which in 0usize..2,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = FILES[which].to_vec();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = read(&bytes);
    }

    #[test]
    fn any_bytes_are_no_pickle_that_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = pickle::read(&bytes);
    }
}
