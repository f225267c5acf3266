use ficta_core::NullHost;

use super::*;
use crate::data::{
    People,
    source::{FolderSource, open},
};

/// A folder of three people whose images have odd bytes, among them RecordIO's magic number.
fn faces() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let magic = 0xced7_230au32.to_le_bytes();
    for (person, images) in [("s1", 3), ("s2", 1), ("s10", 300)] {
        std::fs::create_dir(folder.path().join(person)).unwrap();
        for image in 0..images {
            let bytes = [
                b"\x89PNG",
                &magic[..],
                person.as_bytes(),
                &magic,
                &[image as u8; 7],
                &magic,
            ]
            .concat();
            std::fs::write(folder.path().join(format!("{person}/{image}.png")), bytes).unwrap();
        }
    }
    folder
}

fn everything(source: &dyn ImageSource) -> Vec<(i64, Option<String>, Vec<u8>)> {
    let one = |i| {
        (
            source.label(i),
            source.identity_name(source.label(i)),
            source.bytes(i).unwrap().into_owned(),
        )
    };
    (0..source.len()).map(one).collect()
}

#[test]
fn every_layout_gives_the_same_bytes_labels_and_names_back() {
    let folder = faces();
    let source = FolderSource::open(folder.path()).unwrap();
    let people = People::of(&source).unwrap();
    let chosen: Vec<Choice> = (0..people.len())
        .flat_map(|p| people.images(p).iter().map(move |i| (p, *i)))
        .map(|(p, index)| Choice {
            index: index as usize,
            label: people.label(p),
        })
        .collect();
    let names = |label: i64| source.identity_name(label).unwrap();
    let card = Card::from_one(Origin::of(folder.path(), &source), Format::Folder, "test");
    for format in [Format::Folder, Format::RecordIo, Format::WebDataset, Format::Parquet] {
        let out = tempfile::tempdir().unwrap();
        let mut hashes = Vec::new();
        for place in ["a", "b"] {
            let at = out.path().join(place);
            write(
                &source,
                &chosen,
                &names,
                format,
                &at,
                &card,
                &Ctx::new(&NullHost::default()),
            )
            .unwrap();
            hashes.push(crate::storage::hash::of_folder(&at).unwrap());
        }
        assert_eq!(hashes[0], hashes[1], "{format}: the same input gives the same bytes");
        let back = open(&out.path().join("a")).unwrap();
        assert_eq!(back.format(), format);
        assert_eq!(everything(&*back), everything(&source), "{format}");
        // Out of order.
        for index in [300, 2, 299, 0, 150, 151] {
            assert_eq!(
                back.bytes(index).unwrap(),
                source.bytes(index).unwrap(),
                "{format} {index}"
            );
        }
        assert_eq!(Card::read(&out.path().join("a")).unwrap().made_from[0].images, 304);
    }
}

#[test]
fn a_failure_leaves_nothing() {
    let folder = faces();
    let source = FolderSource::open(folder.path()).unwrap();
    std::fs::remove_file(folder.path().join("s2/0.png")).unwrap();
    let out = tempfile::tempdir().unwrap();
    let at = out.path().join("set");
    let chosen = [Choice { index: 0, label: 0 }, Choice { index: 3, label: 1 }];
    for format in [Format::Folder, Format::RecordIo, Format::WebDataset, Format::Parquet] {
        let written = write(
            &source,
            &chosen,
            &|l| l.to_string(),
            format,
            &at,
            &Card::default(),
            &Ctx::new(&NullHost::default()),
        );
        assert!(written.unwrap_err().message().contains("s2/0.png"));
        assert_eq!(out.path().read_dir().unwrap().count(), 0, "{format}");
    }
    let read_only = write(
        &source,
        &chosen[..1],
        &|l| l.to_string(),
        Format::Zip,
        &at,
        &Card::default(),
        &Ctx::new(&NullHost::default()),
    );
    assert!(read_only.unwrap_err().message().contains("read but not written"));
}

#[test]
fn a_set_is_not_written_over_itself_or_over_anything() {
    let folder = faces();
    let check = |to: &Path, replace| check_destination(folder.path(), to, replace);
    assert!(check(folder.path(), true).is_err());
    assert!(check(&folder.path().join("s1"), true).is_err());
    let other = tempfile::tempdir().unwrap();
    check(other.path(), false).unwrap();
    std::fs::write(other.path().join("x"), "").unwrap();
    assert!(
        check(other.path(), false)
            .unwrap_err()
            .message()
            .contains("is not empty")
    );
    check(other.path(), true).unwrap();
}

#[test]
fn labels_that_f32_cannot_hold_are_refused() {
    let folder = faces();
    let source = FolderSource::open(folder.path()).unwrap();
    let out = tempfile::tempdir().unwrap();
    let chosen = [Choice {
        index: 0,
        label: (1 << 24) + 1,
    }];
    let names = |l: i64| l.to_string();
    let written = write(
        &source,
        &chosen,
        &names,
        Format::RecordIo,
        &out.path().join("a"),
        &Card::default(),
        &Ctx::new(&NullHost::default()),
    );
    assert!(written.unwrap_err().message().contains("16777217"));
}
