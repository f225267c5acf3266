use proptest::prelude::*;

use super::*;

const FILES: [&[u8]; 2] = [
    include_bytes!("../tests/fixtures/zip.pth"),
    include_bytes!("../tests/fixtures/legacy.pth"),
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

/// `pickle` as the state dict of a file of either format.
fn files_with(pickle: &[u8]) -> [Vec<u8>; 2] {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    zip.start_file("archive/data.pkl", options).unwrap();
    std::io::Write::write_all(&mut zip, pickle).unwrap();
    let magic = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.";
    let legacy = [magic, &b"M\xe9\x03."[..], b"}.", pickle, b"]."].concat();
    [zip.finish().unwrap().into_inner(), legacy]
}

#[test]
fn what_stands_once_and_is_used_often_is_short() {
    let error = |pickle: &[u8]| pickle::read(pickle).unwrap_err().to_string();
    let name = [&b"X\x01\x02\0\0"[..], &[b'a'; 513]].concat();
    let named = [&b"U\x01m"[..], &name, b"\x93."].concat();
    assert!(
        error(&named).contains("a name of 514 bytes, expected at most 512"),
        "{}",
        error(&named)
    );
    let tensor = |dimensions: usize| {
        let storage =
            b"ctorch._utils\n_rebuild_tensor_v2\n((U\x07storagectorch\nFloatStorage\nU\x010U\x03cpuK\x01tQK\0";
        let sizes = [b"(".to_vec(), b"K\x01".repeat(dimensions), b"t".to_vec()].concat();
        [storage, &sizes[..], &sizes, b"tR."].concat()
    };
    let (found, _) = pickle::read(&tensor(64)).unwrap();
    assert!(
        matches!(&found.root, pickle::Value::Tensor(view) if view.shape == [1; 64]),
        "{found:?}"
    );
    assert!(error(&tensor(65)).contains("more than 64"), "{}", error(&tensor(65)));
}

#[test]
fn a_list_may_hold_itself() {
    let (found, _) = pickle::read(b"]q\x00h\x00a.").unwrap();
    let items = found.list(&found.root).unwrap();
    assert!(matches!(items, [pickle::Value::List(0)]), "{found:?}");
}

#[test]
fn nesting_does_not_exhaust_the_stack() {
    let deep = |open: &[u8], close: &[u8]| [open.repeat(500_000), b"N".to_vec(), close.repeat(500_000)].concat();
    let tuples = deep(b"", b"\x85");
    for nested in [
        deep(b"(", b"t"),
        tuples.clone(),
        deep(b"]", b"a"),
        deep(b"}X\x01\0\0\0a", b"s"),
        // One that is kept in the memo, and one that is thrown away.
        [tuples.clone(), b"q\x00".to_vec()].concat(),
        [tuples, b"0N".to_vec()].concat(),
    ] {
        for file in files_with(&[&nested[..], b"."].concat()) {
            let error = read(&file).unwrap_err();
            assert!(error.to_string().contains("no state dict in the file"), "{error}");
        }
    }
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
