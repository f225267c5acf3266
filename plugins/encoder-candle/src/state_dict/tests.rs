use proptest::prelude::*;

use super::*;

const FILES: [&[u8]; 2] = [
    include_bytes!("../../tests/fixtures/iresnet_zip.pth"),
    include_bytes!("../../tests/fixtures/iresnet_legacy.pth"),
];

fn read(bytes: &[u8]) -> Result<StateDict> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.pth");
    fs::write(&path, bytes).unwrap();
    StateDict::read(&path)
}

#[test]
fn both_formats_hold_the_same_and_lose_their_wrapper() {
    let [zip, legacy] = FILES.map(|bytes| read(bytes).unwrap());
    assert_eq!(zip.tensors, legacy.tensors);
    assert_eq!(zip.shape("layer2.0.downsample.0.weight"), Some(&[16, 8, 1, 1][..]));
    assert_eq!(zip.tensors["bn1.num_batches_tracked"].values, [7.0]);
}

#[test]
fn code_in_a_pickle_is_not_run() {
    // What `pickle.dumps(os.system("..."))` style attacks look like: a global, arguments, REDUCE.
    let attack = b"\x80\x02cos\nsystem\nX\x04\x00\x00\x00true\x85R.";
    let (value, end) = pickle::read(attack).unwrap();
    assert!(matches!(value, pickle::Value::Opaque), "{value:?}");
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
            // The pickles stand at the beginning.
            let at = at.index(bytes.len().min(16_000));
            bytes[at] = byte;
        }
        let _ = read(&bytes);
    }

    #[test]
    fn any_bytes_are_no_pickle_that_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = pickle::read(&bytes);
    }
}
