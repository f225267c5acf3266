use std::path::PathBuf;

use super::*;

fn write_tar(path: &Path, members: &[(&str, &[u8])]) {
    let mut builder = tar::Builder::new(std::fs::File::create(path).unwrap());
    for (name, content) in members {
        let mut header = tar::Header::new_ustar();
        let bytes = header.as_ustar_mut().unwrap();
        bytes.name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_entry_type(tar::EntryType::Regular);
        header.set_cksum();
        builder.append(&header, *content).unwrap();
    }
    builder.finish().unwrap();
}

fn tar_of(members: &[(&str, &[u8])]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tar");
    write_tar(&path, members);
    (folder, path)
}

fn error(members: &[(&str, &[u8])]) -> String {
    let (_folder, path) = tar_of(members);
    WebDatasetSource::open(&path).unwrap_err().to_string()
}

#[test]
fn samples_are_put_together_by_key() {
    let (folder, path) = tar_of(&[
        ("000.jpg", b"one"),
        ("000.cls", b"7"),
        ("001.json", br#"{"label": 4, "identity": "Ann"}"#),
        ("001.jpg", b"two"),
        ("001.txt", b"a face"),
        ("001.npy", b"x"),
    ]);
    write_tar(
        &folder.path().join("b.tar"),
        &[("000.png", b"three"), ("000.txt", b"4")],
    );
    let source = WebDatasetSource::open(folder.path()).unwrap();
    let all: Vec<_> = (0..source.len())
        .map(|i| (source.label(i), source.bytes(i).unwrap().into_owned()))
        .collect();
    assert_eq!(
        all,
        [(7, b"one".to_vec()), (4, b"two".to_vec()), (4, b"three".to_vec())]
    );
    assert_eq!(source.identity_name(4).as_deref(), Some("Ann"));
    assert_eq!(source.file_name(2).as_deref(), Some("000.png"));
    assert!(source.name(2).ends_with("b.tar, member 000.png"));
    assert_eq!(WebDatasetSource::open(&path).unwrap().len(), 2);
    let pattern = folder.path().join("{0..1}.tar");
    assert!(
        WebDatasetSource::open(&pattern)
            .unwrap_err()
            .message()
            .contains("0.tar does not exist")
    );
}

#[test]
fn without_labels_the_folders_are_the_identities() {
    let (_folder, path) = tar_of(&[("s10/1.jpg", b"a"), ("s2/1.jpg", b"b")]);
    let source = WebDatasetSource::open(&path).unwrap();
    assert_eq!((source.label(0), source.label(1)), (1, 0));
    assert_eq!(source.identity_name(1).as_deref(), Some("s10"));
}

#[test]
fn bad_input_is_named() {
    assert!(error(&[("../a.jpg", b"x")]).contains("leads out of the archive"));
    assert!(error(&[("/a.jpg", b"x")]).contains("offset 512"));
    assert!(error(&[("a.jpg", b"x"), ("b.jpg", b"x"), ("b.cls", b"1")]).contains("sample `a`: it has neither"));
    assert!(error(&[("a.jpg", b"x"), ("a.cls", b"1"), ("b.jpg", b"x")]).contains("sample `b`: it has no label"));
    assert!(error(&[("a.jpg", b"x"), ("a.cls", b"-1")]).contains("its label is -1"));
    assert!(error(&[("a.jpg", b"x"), ("a.json", b"{")]).contains("member `a.json`"));
    assert!(error(&[("a.txt", b"1")]).contains("no images"));
    assert!(error(&[("a.jpg", b"x"), ("a.cls", b"1"), ("b.jpg", b"x"), ("b.cls", b"Ann")]).contains("label `Ann`"));
}

#[test]
fn a_cut_shard_keeps_what_is_whole_and_says_so() {
    let (folder, path) = tar_of(&[
        ("a.cls", b"1"),
        ("a.jpg", b"whole"),
        ("b.cls", b"1"),
        ("b.jpg", &[7; 5000]),
    ]);
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(folder.path().join("a.tar"), &bytes[..5000]).unwrap();
    let source = WebDatasetSource::open(&path).unwrap();
    assert_eq!(&*source.bytes(0).unwrap(), b"whole");
    let message = source.bytes(1).unwrap_err().to_string();
    assert!(message.contains("says that it is 5000 bytes long"), "{message}");
    assert_eq!(source.damage().len(), 1);
}

#[test]
fn a_huge_member_is_refused_before_it_is_read() {
    let (folder, path) = tar_of(&[("a.cls", b"1"), ("a.jpg", b"x")]);
    let mut bytes = std::fs::read(&path).unwrap();
    let header = tar::Header::from_byte_slice(&bytes[1024..1536]);
    let mut header = header.clone();
    header.set_size(1 << 32);
    header.set_cksum();
    bytes[1024..1536].copy_from_slice(header.as_bytes());
    std::fs::write(folder.path().join("a.tar"), &bytes).unwrap();
    let source = WebDatasetSource::open(&path).unwrap();
    assert!(source.bytes(0).unwrap_err().message().contains("expected at most"));
}
