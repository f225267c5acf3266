//! Sets that Python wrote are read, and Python reads the sets that are written.

use std::{path::Path, process::Command};

use ficta::{
    data::{
        People,
        source::{Format, ImageSource, open},
        writer::{self, Card, Choice},
    },
    storage::hash,
};
use ficta_core::{Ctx, NullHost};

/// What make_sets.py wrote.
fn images() -> Vec<(i64, Vec<u8>)> {
    let magic = 0xced7_230au32.to_le_bytes();
    let aligned = [b"\x89PNGaaaa", &magic[..], b"tail"].concat();
    vec![
        (0, b"\x89PNG zero".to_vec()),
        (0, aligned),
        (1, b"\x89PNG two".to_vec()),
        (2, b"\x89PNG three".to_vec()),
        (2, b"\x89PNG four".repeat(30)),
    ]
}

fn fixture(name: &str) -> Box<dyn ImageSource> {
    open(&Path::new("tests/fixtures/sets").join(name)).unwrap()
}

fn everything(source: &dyn ImageSource) -> Vec<(i64, Vec<u8>)> {
    (0..source.len())
        .map(|i| (source.label(i), source.bytes(i).unwrap().into_owned()))
        .collect()
}

#[test]
fn what_python_wrote_is_read() {
    for name in [
        "insightface",
        "dcface",
        "cvlface",
        "webdataset",
        "parquet",
        "parquet-zstd",
    ] {
        assert_eq!(everything(&*fixture(name)), images(), "{name}");
    }
    let shuffled: Vec<_> = [3, 0, 4, 1, 2].iter().map(|i| images()[*i].clone()).collect();
    assert_eq!(everything(&*fixture("im2rec")), shuffled);
    assert_eq!(fixture("parquet").identity_name(2).as_deref(), Some("Cem"));
    assert!(
        fixture("dcface")
            .notes()
            .iter()
            .any(|n| n.contains("every record has label 0") && n.contains("list.txt"))
    );
    assert_eq!(fixture("cvlface").file_name(4).as_deref(), Some("4.png"));
}

#[test]
fn python_reads_what_is_written() {
    let source = fixture("im2rec");
    let people = People::of(&*source).unwrap();
    let (indices, labels) = people.images_of(&[0, 1, 2]);
    let chosen: Vec<Choice> = indices
        .into_iter()
        .zip(labels)
        .map(|(index, label)| Choice { index, label })
        .collect();
    let expected: String = chosen
        .iter()
        .map(|c| format!("{} {}\n", c.label, hash::of_bytes(&source.bytes(c.index).unwrap())))
        .collect();
    let folder = tempfile::tempdir().unwrap();
    for format in [Format::RecordIo, Format::WebDataset, Format::Parquet] {
        let at = folder.path().join(format.name());
        let ctx = NullHost::default();
        writer::write(
            &*source,
            &chosen,
            &|l| format!("p{l}"),
            format,
            &at,
            &Card::default(),
            &Ctx::new(&ctx),
        )
        .unwrap();
        let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".into());
        let run = Command::new(python)
            .arg("tests/fixtures/sets/read_set.py")
            .arg(format.name())
            .arg(&at)
            .output()
            .unwrap();
        if run.status.code() == Some(77) {
            eprintln!("{format}: skipped, no pyarrow for this Python");
            continue;
        }
        assert!(
            run.status.success(),
            "{format}: {}",
            String::from_utf8_lossy(&run.stderr)
        );
        assert_eq!(String::from_utf8_lossy(&run.stdout), expected, "{format}");
    }
}

/// Found by fuzzing: such an image had label -1, and nothing said why.
#[test]
fn a_list_of_labels_that_leaves_one_out_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["train.rec", "train.idx"] {
        std::fs::copy(
            Path::new("tests/fixtures/sets/dcface").join(name),
            folder.path().join(name),
        )
        .unwrap();
    }
    let list = folder.path().join("list.txt");
    std::fs::write(&list, "0/0.png 0\n0/1.png 0\n1/2.png 1\n2/3.png\n2/4.png 2\n").unwrap();
    let message = open(folder.path()).err().unwrap().to_string();
    assert!(
        message.contains("list.txt") && message.contains("line 4: it has no label"),
        "{message}"
    );
    std::fs::write(&list, "0/0.png 0\n0/1.png 0\n1/2.png 1\n2/3.png 2\n2/4.png 2\n").unwrap();
    assert_eq!(everything(&*open(folder.path()).unwrap()), images());
}
