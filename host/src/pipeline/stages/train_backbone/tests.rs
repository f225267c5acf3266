//! Which images each kind of arm trains on, under which labels.

use std::{
    path::Path,
    sync::{Arc, LazyLock, Mutex},
};

use super::*;
use crate::{
    config::Sampling,
    data::png,
    pipeline::{PluginsLock, order::Order},
    registry::Registry,
    run_host::RunHost,
    storage::Tensors,
};

/// Real people and photographs of each.
const REAL_SET: (i64, usize) = (3, 2);
/// Generated images of each identity, of which an arm may want fewer.
const GENERATED: usize = 4;

/// Every image is of one grey of its own.
fn photograph(person: i64, image: usize) -> u8 {
    10 * (person as u8 + 1) + image as u8
}

fn generated(identity: usize, image: usize) -> u8 {
    100 + 10 * identity as u8 + image as u8
}

/// What `data`, `generate/SET` and `reencode/SET` leave in a run folder.
fn write(root: &Path, set: &str, identities: usize, kept: &[i64]) {
    let labels: Vec<i64> = (0..REAL_SET.0).flat_map(|p| [p; REAL_SET.1]).collect();
    let greys = labels.iter().enumerate().map(|(i, p)| photograph(*p, i % REAL_SET.1));
    let mut real = Tensors::new();
    real.insert("small", &[labels.len(), 1, 2, 3], greys.flat_map(|g| [g; 6]).collect())
        .unwrap();
    real.insert("label", &[labels.len()], labels).unwrap();
    std::fs::create_dir_all(root.join("data")).unwrap();
    real.write(&root.join("data/learn.safetensors")).unwrap();
    for identity in 0..identities {
        let folder = root.join(format!("generate/{set}/images/{identity:05}"));
        std::fs::create_dir_all(&folder).unwrap();
        for image in 0..GENERATED {
            let pixels = [generated(identity, image); 6];
            png::write(&folder.join(format!("{image:03}.png")), &pixels, 1, 2, 1).unwrap();
        }
    }
    let mut centers = Tensors::new();
    centers.insert("kept", &[kept.len()], kept.to_vec()).unwrap();
    std::fs::create_dir_all(root.join(format!("reencode/{set}"))).unwrap();
    centers
        .write(&root.join(format!("reencode/{set}/centers.safetensors")))
        .unwrap();
}

fn place<'a>(root: &'a Path, host: &'a RunHost) -> Place<'a> {
    static NOTHING: LazyLock<(PluginsLock, Registry)> = LazyLock::new(Default::default);
    Place {
        dir: root.join("out"),
        resume: root.join("resume"),
        root,
        plugins_lock: &NOTHING.0,
        registry: &NOTHING.1,
        host,
        seed: 1,
        hashes: Mutex::default(),
    }
}

/// Label and grey of every image of an arm, in order, of a set that kept these of five generated identities.
fn trained_on(real: bool, ids: Option<&str>, images: usize, kept: &[i64]) -> Vec<(i64, u8)> {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), ids.unwrap_or("fictional"), 5, kept);
    let host = RunHost::new(1, 1, true, Arc::default());
    let place = place(root.path(), &host);
    let arm = Arm {
        steps: None,
        real,
        ids: ids.map(str::to_owned),
        images,
    };
    let [held, streamed] = [usize::MAX, 0].map(|most| training_set(&place, &arm, most).unwrap());
    same_training(&held, &streamed);
    let TrainingSet::Held(set) = held else {
        panic!("a set without bound is held")
    };
    assert_eq!((set.height, set.width), (1, 2));
    let grey = |i: usize| {
        assert!(set.one(i).windows(2).all(|w| w[0] == w[1]), "image {i} is mixed up");
        set.one(i)[0]
    };
    (0..set.len()).map(|i| (set.labels[i], grey(i))).collect()
}

/// A training sees the same of a set that is held and of one that is read as it goes: in order, taken up in the middle, and balanced.
fn same_training(held: &TrainingSet, streamed: &TrainingSet) {
    assert!(
        matches!(streamed, TrainingSet::Streamed(_)),
        "a bound of 0 holds nothing"
    );
    let both = [held, streamed].map(TrainingSet::images);
    let about = both.map(|images| (images.len(), images.identities(), images.size()));
    assert_eq!(about[0], about[1]);
    for sampling in [Sampling::Plain, Sampling::Balanced] {
        let [mut a, mut b] = both.map(|images| {
            let order = Order::of(sampling, 3, images.len(), |i| images.label(i), true);
            images.batches(order, 4, 3)
        });
        for step in [0, 1, 2, 9, 10, 4] {
            assert_eq!(a.of(step).unwrap(), b.of(step).unwrap(), "{sampling:?}, step {step}");
        }
    }
}

fn photographs() -> Vec<(i64, u8)> {
    (0..REAL_SET.0)
        .flat_map(|p| (0..REAL_SET.1).map(move |j| (p, photograph(p, j))))
        .collect()
}

/// Images of these identities under these labels.
fn of(identities: &[(usize, i64)], images: usize) -> Vec<(i64, u8)> {
    let each = |(identity, label): &(usize, i64)| {
        let (identity, label) = (*identity, *label);
        (0..images).map(move |j| (label, generated(identity, j)))
    };
    identities.iter().flat_map(each).collect()
}

#[test]
fn a_real_arm_has_the_photographs() {
    assert_eq!(trained_on(true, None, 0, &[0]), photographs());
}

#[test]
fn fictional_identities_that_stay_are_numbered_without_gaps() {
    let all = [(0, 0), (1, 1), (2, 2), (3, 3), (4, 4)];
    assert_eq!(
        trained_on(false, Some("fictional"), GENERATED, &[0, 1, 2, 3, 4]),
        of(&all, GENERATED)
    );
    let some = [(1, 0), (3, 1), (4, 2)];
    assert_eq!(
        trained_on(false, Some("fictional"), GENERATED, &[1, 3, 4]),
        of(&some, GENERATED)
    );
}

/// Two arms share a set that was generated for the one that wants more.
#[test]
fn an_arm_of_fewer_images_has_the_first_of_each_identity() {
    let some = [(0, 0), (2, 1)];
    assert_eq!(trained_on(false, Some("fictional"), 2, &[0, 2]), of(&some, 2));
}

#[test]
fn fictional_people_come_behind_the_real_ones() {
    let both = [photographs(), of(&[(1, 3), (4, 4)], 2)].concat();
    assert_eq!(trained_on(true, Some("fictional"), 2, &[1, 4]), both);
}

#[test]
fn generated_images_of_real_people_bear_those_peoples_labels() {
    let same = [(0, 0), (1, 1), (2, 2)];
    assert_eq!(trained_on(false, Some(REAL), 3, &[0, 1, 2]), of(&same, 3));
    let both = [photographs(), of(&same, 1)].concat();
    assert_eq!(trained_on(true, Some(REAL), 1, &[0, 1, 2]), both);
}

/// Whether it is held or read as it goes, an image of another size is named.
#[test]
fn an_image_of_another_size_is_refused() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "fictional", 2, &[0, 1]);
    let odd = root.path().join("generate/fictional/images/00001/002.png");
    png::write(&odd, &[7; 12], 2, 2, 1).unwrap();
    let host = RunHost::new(1, 1, true, Arc::default());
    let place = place(root.path(), &host);
    let arm = Arm {
        steps: None,
        real: false,
        ids: Some("fictional".into()),
        images: GENERATED,
    };
    let held = training_set(&place, &arm, usize::MAX).err().unwrap();
    let set = training_set(&place, &arm, 0).unwrap();
    let order = Order::new(1, set.images().len(), false);
    let streamed = set.images().batches(order, 8, 3).of(0).unwrap_err();
    for error in [held, streamed] {
        let text = error.to_string();
        assert!(
            text.contains("00001/002.png: an image of 2x2 in a training set of 2x1"),
            "{text}"
        );
    }
}
