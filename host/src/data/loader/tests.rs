use std::{collections::BTreeSet, fs};

use proptest::prelude::*;

use super::*;
use crate::data::{png, source};

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

fn options(batch: usize) -> Options {
    Options {
        batch,
        seed: 1,
        order: Order::Shuffled,
        flip: true,
        size: SIZE,
        channels: 3,
        threads: 2,
        ahead: 3,
    }
}

fn batches(source: &Arc<dyn ImageSource>, options: &Options, state: State, count: usize) -> Vec<Batch> {
    let mut loader = Loader::new(source.clone(), options.clone(), state).unwrap();
    (0..count).map(|_| loader.next_batch().unwrap()).collect()
}

#[test]
fn an_epoch_shows_each_image_once_and_flips_some() {
    let (_folder, source) = faces(6);
    let epoch = batches(&source, &options(7), State::default(), 3);
    let seen: BTreeSet<usize> = epoch.iter().flat_map(|b| b.indices.clone()).collect();
    assert_eq!(seen.len(), 21);
    let mut flipped = 0;
    for batch in &epoch {
        let labels: Vec<i64> = batch.indices.iter().map(|i| source.label(*i)).collect();
        assert_eq!(batch.labels, labels);
        for (at, index) in batch.indices.iter().enumerate() {
            let image = source.decode(*index).unwrap();
            let length = SIZE[0] * SIZE[1] * 3;
            let got = &batch.images[at * length..][..length];
            let plain = convert::to_f32(&image.pixels, 1, SIZE[0], SIZE[1], 3).unwrap();
            let mirrored = convert::to_f32(&image.mirrored().pixels, 1, SIZE[0], SIZE[1], 3).unwrap();
            assert!(got == plain || got == mirrored);
            flipped += usize::from(got == mirrored);
        }
    }
    assert!((4..18).contains(&flipped), "{flipped} of 21");
    let second = batches(&source, &options(7), State { epoch: 1, batch: 0 }, 3);
    assert_ne!(second[0].indices, epoch[0].indices);
}

#[test]
fn a_balanced_epoch_shows_identities_alike() {
    let (_folder, source) = faces(6);
    let balanced = Options {
        order: Order::LabelBalanced,
        ..options(21)
    };
    let labels: Vec<i64> = batches(&source, &balanced, State::default(), 40)
        .into_iter()
        .flat_map(|b| b.labels)
        .collect();
    for label in 0..6 {
        let share = labels.iter().filter(|l| **l == label).count() as f64 / labels.len() as f64;
        assert!((share - 1.0 / 6.0).abs() < 0.05, "{label}: {share}");
    }
}

#[test]
fn an_image_that_fails_is_named_and_the_next_batch_follows() {
    let (folder, _) = faces(3);
    fs::write(folder.path().join("s2/1.png"), "no image").unwrap();
    let source: Arc<dyn ImageSource> = Arc::from(source::open(folder.path()).unwrap());
    let mut loader = Loader::new(source, options(1), State::default()).unwrap();
    let outcomes: Vec<_> = (0..6).map(|_| loader.next_batch()).collect();
    let failed: Vec<String> = outcomes
        .into_iter()
        .filter_map(Result::err)
        .map(|e| e.message().to_owned())
        .collect();
    assert_eq!(failed.len(), 1);
    assert!(failed[0].contains("s2/1.png is not a sound image"), "{failed:?}");
    assert_eq!(loader.state(), State { epoch: 1, batch: 0 });
}

#[test]
fn what_cannot_be_loaded_is_refused() {
    let (_folder, source) = faces(2);
    let message = |options| {
        Loader::new(source.clone(), options, State::default())
            .err()
            .unwrap()
            .message()
            .to_owned()
    };
    assert!(message(options(4)).contains("3 images do not fill a batch of 4"));
    assert!(message(options(0)).contains("batch 0"));
    assert!(
        message(Options {
            channels: 2,
            ..options(1)
        })
        .contains("channels 2")
    );
    let other = Options {
        size: [9, 9],
        ..options(1)
    };
    let mut loader = Loader::new(source.clone(), other, State::default()).unwrap();
    assert!(
        loader
            .next_batch()
            .unwrap_err()
            .message()
            .contains("is 5x6, expected 9x9")
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn batches_depend_on_seed_and_number_alone(
        seed: u64, batch in 1usize..6, threads in 1usize..5, ahead in 1usize..6, stop in 0usize..7, balanced: bool,
    ) {
        let (_folder, source) = faces(4);
        let order = if balanced { Order::LabelBalanced } else { Order::Shuffled };
        let one = Options { seed, order, threads: 1, ahead: 1, ..options(batch) };
        let expected = batches(&source, &one, State::default(), 8);
        let many = Options { threads, ahead, ..one };
        let mut loader = Loader::new(source.clone(), many.clone(), State::default()).unwrap();
        let mut got: Vec<Batch> = (0..stop).map(|_| loader.next_batch().unwrap()).collect();
        let state = loader.state();
        drop(loader);
        got.extend(batches(&source, &many, state, 8 - stop));
        prop_assert_eq!(got, expected);
    }
}
