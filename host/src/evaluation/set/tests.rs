use std::{fs, path::PathBuf};

use super::*;
use crate::data::pack;

fn folder_with(files: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, file).unwrap();
    }
    folder
}

fn lfw(text: &str) -> (tempfile::TempDir, Result<VerificationSet>) {
    let folder = folder_with(&[
        "A/A_0001.jpg",
        "A/A_0002.jpg",
        "B/B_0001.png",
        "B/B_0012.jpg",
        "C_D/C_D_0001.jpg",
    ]);
    let path = folder.path().join("pairs.txt");
    fs::write(&path, text).unwrap();
    let set = VerificationSet::open(&path, None, 10);
    (folder, set)
}

#[test]
fn lfws_list_is_read_with_its_folds() {
    let (folder, set) = lfw("2\t1\r\nA\t1\t2\r\nA\t1\tB\t12\nB 1 12\nC_D 1 A 2\n\n");
    let set = set.unwrap();
    assert_eq!((&*set.name, set.folds), ("pairs", 2));
    assert_eq!(set.fold, [0, 0, 1, 1]);
    assert_eq!(set.same, [true, false, true, false]);
    assert_eq!(set.pairs, [[0, 1], [0, 2], [3, 2], [4, 1]]);
    let names = [
        "A/A_0001.jpg",
        "A/A_0002.jpg",
        "B/B_0012.jpg",
        "B/B_0001.png",
        "C_D/C_D_0001.jpg",
    ];
    for (at, name) in names.iter().enumerate() {
        assert_eq!(&*set.images.bytes(at).unwrap(), name.as_bytes());
        assert_eq!(set.images.place(at), folder.path().join(name).display().to_string());
    }
}

#[test]
fn a_development_list_is_dealt_to_folds_of_both_kinds() {
    let lines = ["2", "A 1 2", "B 1 12", "A 1 B 1", "A 2 B 12"].join("\n");
    let set = lfw(&lines).1.unwrap();
    assert_eq!(
        (set.folds, set.fold, set.same),
        (2, vec![0, 1, 0, 1], vec![true, true, false, false])
    );
}

#[test]
fn faults_of_a_list_are_told_with_the_line() {
    let message = |text: &str| match lfw(text).1 {
        Ok(_) => panic!("{text} was read"),
        Err(e) => e.message().rsplit_once("pairs.txt").unwrap().1.to_owned(),
    };
    assert!(message("").contains(":1: expected `folds pairs`"));
    assert!(message("A 1 2").contains(":1: expected `folds pairs`"));
    assert!(message("1 1\nA 1 2\nA 1 B\n").starts_with(":3: pair 1: expected `name number name number`"));
    assert!(message("1 1\nA 1 2 3 4\n").starts_with(":2: pair 0: expected `name number number`"));
    assert!(message("2 2\nA 1 2\n").starts_with(":2: 1 pairs, but the first line says 2 x 2 x 2"));
    assert!(message("99999999999999999999 9").contains("expected `folds pairs`"));
    assert!(message("18446744073709551615 2\nA 1 2\n").contains("1 pairs, but the first line says"));
    assert!(message("1 1\nA x 2\n").contains("expected the number of an image, got `x`"));
    assert!(message("1 1\n../A 1 2\n").contains("expected a person's name, got `../A`"));
    assert!(message("1 1\nZ 1 2\n").contains("there is no image"));
}

#[test]
fn a_list_that_is_no_text_is_told_with_the_line() {
    let folder = folder_with(&[]);
    let path = folder.path().join("pairs.txt");
    fs::write(&path, b"1 1\nA\xff 1 2\n").unwrap();
    let error = VerificationSet::open(&path, None, 10).err().unwrap();
    assert!(
        error.message().ends_with("pairs.txt:2: the line is no UTF-8"),
        "{error}"
    );
}

fn csv(text: &str) -> (tempfile::TempDir, Result<VerificationSet>) {
    let folder = folder_with(&["a.png", "b.png"]);
    let path = folder.path().join("mine.csv");
    fs::write(&path, text).unwrap();
    let set = VerificationSet::open(&path, None, 2);
    (folder, set)
}

#[test]
fn a_csv_of_pairs_is_read() {
    let (_folder, set) = csv("path_a,path_b,same,fold\na.png,b.png,1,x\n\"a.png\",a.png,False,y\nb.png,b.png,TRUE,x\n");
    let set = set.unwrap();
    assert_eq!(
        (set.folds, &set.fold[..], &set.same[..]),
        (2, &[0, 1, 0][..], &[true, false, true][..])
    );
    assert_eq!(set.pairs, [[0, 1], [0, 0], [1, 1]]);
    let without = csv("a.png,b.png,1\na.png,a.png,0\nb.png,b.png,1\n").1.unwrap();
    assert_eq!((without.folds, without.fold), (2, vec![0, 0, 1]));
}

#[test]
fn faults_of_a_csv_are_told_with_the_line() {
    let message = |text: &str| csv(text).1.err().unwrap().message().to_owned();
    assert!(message("path_a,path_b,same\na,b\n").contains("mine.csv:2: 2 fields"));
    assert!(message("a,b,yes\n").contains("mine.csv:1: `same` is `yes`"));
    assert!(message("a,,1\n").contains("a path is empty"));
    assert!(message("a,b,1,0\na,b,0\n").contains("1 of 2 pairs have a fold"));
    assert!(message("").contains("there are no pairs"));
    assert!(message("a,b,1\n").contains("1 pairs cannot be cut into 2 folds"));
}

#[test]
fn a_pair_list_that_was_written_is_read() {
    let folder = folder_with(&["a b,c.png", "b.png"]);
    let pair = |first: &str, second: &str, same, fold| ListedPair {
        first: PathBuf::from(first),
        second: PathBuf::from(second),
        same,
        fold,
    };
    let path = folder.path().join("own.csv");
    write_pair_list(
        &path,
        &[pair("a b,c.png", "b.png", false, 0), pair("b.png", "b.png", true, 1)],
    )
    .unwrap();
    let set = VerificationSet::open(&path, None, 10).unwrap();
    assert_eq!(
        (set.pairs, set.same, set.fold),
        (vec![[0, 1], [1, 1]], vec![false, true], vec![0, 1])
    );
    assert_eq!(&*set.images.bytes(0).unwrap(), b"a b,c.png");
}

#[test]
fn a_pack_is_a_set() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lfw.bin");
    let same: Vec<bool> = (0..12).map(|i| i % 2 == 0).collect();
    pack::write(&path, &same, |i| Ok(vec![i as u8])).unwrap();
    let set = VerificationSet::open(&path, None, 10).unwrap();
    assert_eq!((&*set.name, set.folds, set.pairs[3]), ("lfw", 10, [6, 7]));
    assert_eq!(set.fold, [0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert_eq!(&*set.images.bytes(7).unwrap(), [7]);
    let message = VerificationSet::open(&folder.path().join("lfw.rec"), None, 10)
        .err()
        .unwrap();
    assert!(message.message().contains("a verification set is a pack (.bin)"));
}
