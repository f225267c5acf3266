use std::{collections::BTreeSet, fs};

use proptest::prelude::*;

use super::*;
use crate::{
    data::{convert, png, source},
    pipeline::order,
};

const SIZE: [usize; 2] = [6, 5];

/// Identities of 1, 2, 3 ... images; the first pixel tells the image.
fn faces(identities: usize) -> (tempfile::TempDir, Arc<dyn ImageSource>) {
    let folder = tempfile::tempdir().unwrap();
    let mut count = 0u8;
    for identity in 0..identities {
        for image in 0..=identity {
            let mut pixels: Vec<u8> = (0..SIZE[0] * SIZE[1] * 3)
                .map(|i| (i * 7 + usize::from(count)) as u8)
                .collect();
            pixels[0] = count;
            png::write(
                &folder.path().join(format!("s{identity}/{image}.png")),
                &pixels,
                SIZE[0],
                SIZE[1],
                3,
            )
            .unwrap();
            count += 1;
        }
    }
    let source = source::open(folder.path()).unwrap();
    (folder, Arc::from(source))
}

fn options() -> Options {
    Options {
        size: SIZE,
        channels: 3,
        threads: 2,
        ahead: 3,
    }
}

/// The order of a training, `batch` images at a time.
fn plan(source: &Arc<dyn ImageSource>, seed: u64, batch: usize) -> Plan {
    let (source, mut order) = (source.clone(), order::Order::new(seed, source.len(), true));
    Box::new(move |number| {
        let pick = |(index, mirrored): (usize, bool)| Pick {
            index,
            label: source.label(index),
            mirrored,
        };
        order.batch(number as usize, batch).into_iter().map(pick).collect()
    })
}

fn in_order(indices: Vec<usize>) -> Plan {
    Box::new(move |number| {
        vec![Pick {
            index: indices[number as usize],
            label: number as i64,
            mirrored: false,
        }]
    })
}

fn batches(mut loader: Loader, count: usize) -> Vec<Batch> {
    (0..count).map(|_| loader.next_batch().unwrap().clone()).collect()
}

#[test]
fn batches_hold_what_the_plan_picks() {
    let (_folder, source) = faces(6);
    let loader = Loader::new(source.clone(), options(), plan(&source, 1, 7), 0).unwrap();
    let mut expected = plan(&source, 1, 7);
    let mut seen = BTreeSet::new();
    for (number, batch) in (0..).zip(batches(loader, 3)) {
        assert_eq!(batch.number, number);
        let length = SIZE[0] * SIZE[1] * 3;
        for (at, pick) in expected(number).iter().enumerate() {
            let image = source.decode(pick.index).unwrap();
            let image = if pick.mirrored { image.mirrored() } else { image };
            let numbers = convert::to_f32(&image.pixels, 1, SIZE[0], SIZE[1], 3).unwrap();
            assert_eq!(batch.images[at * length..][..length], numbers);
            assert_eq!(batch.labels[at], source.label(pick.index));
            seen.insert(pick.index);
        }
    }
    assert_eq!(seen.len(), 21, "an epoch shows each image once");
}

#[test]
fn images_of_another_size_are_scaled_and_made_grey() {
    let (_folder, source) = faces(1);
    let halved = Options {
        size: [12, 10],
        channels: 1,
        ..options()
    };
    let batch = &batches(Loader::new(source.clone(), halved, in_order(vec![0]), 0).unwrap(), 1)[0];
    let scaled = source.decode(0).unwrap().resized(12, 10);
    assert_eq!(batch.images, convert::to_f32(&scaled.pixels, 1, 12, 10, 1).unwrap());
    let square = Options {
        size: [9, 9],
        ..options()
    };
    let mut loader = Loader::new(source, square, in_order(vec![0]), 0).unwrap();
    let message = loader.next_batch().unwrap_err().message().to_owned();
    assert!(message.contains("is 5x6, which cannot be scaled to 9x9"), "{message}");
}

#[test]
fn an_image_that_fails_is_named_and_the_next_batch_follows() {
    let (folder, _) = faces(3);
    fs::write(folder.path().join("s2/1.png"), "no image").unwrap();
    let source: Arc<dyn ImageSource> = Arc::from(source::open(folder.path()).unwrap());
    let mut loader = Loader::new(source, options(), in_order((0..6).collect()), 0).unwrap();
    let outcomes: Vec<_> = (0..6).map(|_| loader.next_batch().cloned()).collect();
    let failed: Vec<String> = outcomes
        .into_iter()
        .filter_map(Result::err)
        .map(|e| e.message().to_owned())
        .collect();
    assert_eq!(failed.len(), 1);
    assert!(failed[0].contains("s2/1.png is not a sound image"), "{failed:?}");
    assert_eq!(loader.next_number(), 6);
}

#[test]
fn a_plan_that_panics_does_not_leave_the_reader_waiting() {
    let (_folder, source) = faces(1);
    let mut loader = Loader::new(source, options(), in_order(Vec::new()), 0).unwrap();
    assert!(
        loader
            .next_batch()
            .unwrap_err()
            .message()
            .contains("a panic in batch 0")
    );
}

#[test]
fn what_cannot_be_loaded_is_refused() {
    let (_folder, source) = faces(2);
    let two = Options {
        channels: 2,
        ..options()
    };
    let none = Options {
        threads: 0,
        ..options()
    };
    for (options, part) in [(two, "channels 2"), (none, "threads 0")] {
        let error = Loader::new(source.clone(), options, in_order(vec![0]), 0)
            .err()
            .unwrap();
        assert!(error.message().contains(part), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn batches_depend_on_seed_and_number_alone(
        seed: u64, batch in 1usize..6, threads in 1usize..5, ahead in 1usize..6, stop in 0usize..7,
    ) {
        let (_folder, source) = faces(4);
        let one = Options { threads: 1, ahead: 1, ..options() };
        let expected = batches(Loader::new(source.clone(), one, plan(&source, seed, batch), 0).unwrap(), 8);
        let many = Options { threads, ahead, ..options() };
        let start = |first| Loader::new(source.clone(), many.clone(), plan(&source, seed, batch), first).unwrap();
        let mut loader = start(0);
        let mut got: Vec<Batch> = (0..stop).map(|_| loader.next_batch().unwrap().clone()).collect();
        let next = loader.next_number();
        drop(loader);
        got.extend(batches(start(next), 8 - stop));
        prop_assert_eq!(got, expected);
    }
}
