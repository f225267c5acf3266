use std::{fs, path::Path, process::Command};

use ficta_core::ErrorKind;
use proptest::prelude::*;

use super::*;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/packs");

/// The content of the packs in tests/fixtures/packs.
fn images() -> Vec<Vec<u8>> {
    let every: Vec<u8> = (0..=255).collect();
    let backwards: Vec<u8> = (0..=255).rev().collect();
    vec![
        every.clone(),
        b"\xff\xd8\xff\xe0 a'b\"c\\\n\r\x00\x1a".to_vec(),
        [b"\x89PNG".to_vec(), every.clone(), backwards].concat(),
        every[128..].to_vec(),
    ]
}

const SAME: [bool; 2] = [true, false];

#[test]
fn packs_of_every_python_protocol_and_form_are_read() {
    let mut read = 0;
    for entry in fs::read_dir(FIXTURES).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "bin") {
            continue;
        }
        let pack = Pack::open(&path).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(pack.same(), SAME, "{}", path.display());
        let got: Vec<_> = (0..pack.len()).map(|i| pack.image(i).unwrap()).collect();
        assert_eq!(got, images(), "{}", path.display());
        assert_eq!(parse(&fs::read(&path).unwrap()).unwrap(), (images(), SAME.to_vec()));
        read += 1;
    }
    assert_eq!(read, 26);
}

#[test]
fn a_pack_cut_anywhere_is_an_error() {
    for name in ["py2-p0-numpy", "py3-p4-bytes", "np2-p5-numpy"] {
        let bytes = fs::read(format!("{FIXTURES}/{name}.bin")).unwrap();
        for length in 0..bytes.len() {
            let error = parse(&bytes[..length]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::DATA, "{name} {length}: {error}");
        }
    }
}

#[test]
fn what_is_no_pack_is_said() {
    let message = |bytes: &[u8]| parse(bytes).unwrap_err().message().to_owned();
    assert_eq!(message(b"N."), "the pickle holds None, expected a pair");
    assert_eq!(message(b"]N\x85."), "the pickle holds 1 objects, expected 2");
    assert_eq!(
        message(b"N]\x86."),
        "the first object is None, expected a list of images"
    );
    assert_eq!(message(b"](C\x01ae](\x88e\x86."), "1 images for 1 pairs, expected 2");
    assert_eq!(
        message(b"](C\x01aC\x01beN\x86."),
        "the second object is None, expected a list of truth values"
    );
    assert_eq!(
        message(b"](K\x01C\x01be](\x88e\x86."),
        "image 0: expected bytes or a NumPy array of uint8, got an integer"
    );
    assert_eq!(
        message(b"](C\x01aC\x01be](K\x02e\x86."),
        "answer 0 of issame: expected a truth value, got an integer"
    );
    assert_eq!(message(b"](C\x00C\x01be](\x88e\x86."), "offset 4: image 0 has no bytes");
    let int64 = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tC\x01btR(K\x01(K\x04tcnumpy\ndtype\n(C\x02i8tRNC\x08\0\0\0\0\0\0\0\0tb";
    let shaped = [b"](".to_vec(), int64.to_vec(), b"C\x01be](\x88e\x86.".to_vec()].concat();
    assert_eq!(
        message(&shaped),
        "image 0: expected a one-dimensional NumPy array of u1 (an encoded image), got i8 [4]"
    );
}

#[test]
fn errors_name_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lfw.bin");
    fs::write(&path, b"cos\nsystem\n(S'true'\ntR.").unwrap();
    let text = Pack::open(&path).unwrap_err().to_string();
    assert!(
        text.contains("lfw.bin: offset 0: refused: the pickle asks Python for `os.system`"),
        "{text}"
    );
    assert_eq!(
        Pack::open(&folder.path().join("none.bin")).unwrap_err().kind(),
        ErrorKind::IO
    );
}

#[test]
fn what_is_written_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.bin");
    let same: Vec<bool> = (0..1501).map(|i| i % 3 == 0).collect();
    let image = |i: usize| vec![i as u8; 1 + i % 300];
    write(&path, &same, |i| Ok(image(i))).unwrap();
    let pack = Pack::open(&path).unwrap();
    assert_eq!((pack.same(), pack.len()), (&same[..], 3002));
    assert!((0..pack.len()).all(|i| pack.image(i).unwrap() == image(i)));
    assert!(
        pack.image(3002)
            .unwrap_err()
            .message()
            .contains("there is no image 3002")
    );

    let before = fs::read(&path).unwrap();
    let failed = write(&path, &[true], |_| Err(ficta_core::Error::data("image 0 is lost")));
    assert!(failed.unwrap_err().message().ends_with("own.bin: image 0 is lost"));
    assert!(
        write(&path, &[true], |_| Ok(Vec::new()))
            .unwrap_err()
            .message()
            .contains("image 0 has 0 bytes")
    );
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn python_reads_what_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.bin");
    write(&path, &SAME, |i| Ok(images()[i].clone())).unwrap();
    // As InsightFace's load_bin does it, and as plain Python 3 does.
    let script = "import pickle, sys\n\
        for options in ({'encoding': 'bytes'}, {}):\n    \
            bins, same = pickle.load(open(sys.argv[1], 'rb'), **options)\n    \
            assert same == [True, False], same\n    \
            every = bytes(range(256))\n    \
            assert bins[0] == every and bins[2] == b'\\x89PNG' + every + every[::-1] and bins[3] == every[128:]\n    \
            assert bins[1] == b'\\xff\\xd8\\xff\\xe0 a\\'b\"c\\\\\\n\\r\\x00\\x1a', bins[1]\n";
    let run = Command::new("python3").arg("-c").arg(script).arg(&path).output();
    match run {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr)),
        Err(e) => eprintln!("SKIPPED: python3 cannot be started: {e}"),
    }
}

fn any_fixture() -> impl Strategy<Value = Vec<u8>> {
    const NAMES: [&str; 6] = [
        "py2-p0-bytes",
        "py2-p2-numpy",
        "py3-p0-numpy",
        "py3-p2-bytes",
        "py3-p5-numpy",
        "np2-p5-object-array",
    ];
    prop::sample::select(&NAMES[..]).prop_map(|name| fs::read(Path::new(FIXTURES).join(format!("{name}.bin"))).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]
    #[test]
    fn mutated_packs_never_panic(mut pack in any_fixture(), edits in prop::collection::vec((0usize..4000, any::<u8>()), 1..6)) {
        for (at, byte) in edits {
            let place = at % pack.len();
            pack[place] = byte;
        }
        let _ = parse(&pack);
    }

    #[test]
    fn any_images_come_back(images in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..8), flags in any::<[bool; 4]>()) {
        let pairs = images.len() / 2;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.bin");
        write(&path, &flags[..pairs], |i| Ok(images[i].clone())).unwrap();
        let (read, same) = parse(&fs::read(&path).unwrap()).unwrap();
        prop_assert_eq!(&read[..], &images[..2 * pairs]);
        prop_assert_eq!(&same[..], &flags[..pairs]);
    }
}
