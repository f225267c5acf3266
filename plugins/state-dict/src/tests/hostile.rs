//! Files that were made to harm.

use std::io::{Cursor, Write};

use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use super::*;

/// `pickle` as the state dict of a file of either format, and the storages that it names "0", "1" and so on.
fn files_with(pickle: &[u8], storages: &[&[u8]]) -> [Vec<u8>; 2] {
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("archive/data.pkl", options).unwrap();
    zip.write_all(pickle).unwrap();
    let mut legacy = [
        &b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.M\xe9\x03.}."[..],
        pickle,
        b"](",
    ]
    .concat();
    for (index, storage) in storages.iter().enumerate() {
        zip.start_file(format!("archive/data/{index}"), options).unwrap();
        zip.write_all(storage).unwrap();
        legacy.extend(text(&index.to_string()));
    }
    legacy.extend(b"e.");
    for storage in storages {
        legacy.extend((storage.len() as u64 / 4).to_le_bytes());
        legacy.extend(*storage);
    }
    [zip.finish().unwrap().into_inner(), legacy]
}

fn text(text: &str) -> Vec<u8> {
    [&b"U"[..], &[text.len() as u8], text.as_bytes()].concat()
}

/// A tensor that is a whole storage of 1000 f32.
fn tensor(storage: &str) -> Vec<u8> {
    let begin = b"ctorch._utils\n_rebuild_tensor_v2\n((U\x07storagectorch\nFloatStorage\n";
    [
        begin,
        &text(storage)[..],
        b"U\x03cpuM\xe8\x03tQK\0M\xe8\x03\x85K\x01\x85tR",
    ]
    .concat()
}

#[test]
fn tensors_may_share_a_storage_but_not_without_bound() {
    let storage = [7; 4000];
    let files = |keys: usize| {
        let mut pickle = [&b"}("[..], &text("0"), &tensor("0"), b"q\0"].concat();
        for key in 1..keys {
            pickle.extend(text(&key.to_string()));
            pickle.extend(b"h\0");
        }
        pickle.extend(b"u.");
        files_with(&pickle, &[&storage])
    };
    for file in files(24) {
        let found = read(&file).unwrap();
        let values = vec![f32::from_le_bytes([7; 4]); 1000];
        assert!(found.names().all(|name| found.get(name).unwrap().values == values));
        assert_eq!(found.names().count(), 24);
    }
    for file in files(200) {
        let error = read(&file).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DATA, "{error}");
        let text = error.to_string();
        assert!(
            text.contains("more than 32 times the file's") && text.contains("v.clone()"),
            "{text}"
        );
    }
}

#[test]
fn entries_that_lie_upon_each_other_are_refused() {
    let names: Vec<String> = (0..20).map(|name: usize| name.to_string()).collect();
    let items = names.iter().flat_map(|name| [text(name), tensor(name)].concat());
    let pickle: Vec<u8> = b"}(".iter().copied().chain(items).chain(*b"u.").collect();
    let mut storages = [&[7; 4000][..]; 20];
    let [honest, _] = files_with(&pickle, &storages);
    assert_eq!(read(&honest).unwrap().names().count(), 20);

    storages[1..].fill(&[]);
    let [mut file, _] = files_with(&pickle, &storages);
    // Where the first storage lies, its size and its checksum (bytes 16 to 27 and 42 to 45 of an entry of the directory) for all of them.
    let entries: Vec<usize> = (0..file.len())
        .filter(|at| file[*at..].starts_with(b"PK\x01\x02"))
        .collect();
    assert_eq!(entries.len(), 21);
    for part in [16..28, 42..46] {
        for entry in &entries[2..] {
            file.copy_within(entries[1] + part.start..entries[1] + part.end, entry + part.start);
        }
    }
    let error = read(&file).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DATA, "{error}");
    assert!(error.to_string().contains("lays each storage down once"), "{error}");
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
        for file in files_with(&[&nested[..], b"."].concat(), &[]) {
            let error = read(&file).unwrap_err();
            assert!(error.to_string().contains("no state dict in the file"), "{error}");
        }
    }
}
