//! A feature depends on its image alone, to the last bit.

mod support;

use ficta_core::testing::assert_close;
use support::{DIM, encode, encoder, pictures, synthetic};

fn bits(features: &[f32]) -> Vec<u32> {
    features.iter().map(|v| v.to_bits()).collect()
}

#[test]
fn batches_order_and_threads_change_no_bit() {
    let folder = synthetic::folder();
    let mut encoder = encoder(folder.path(), false).unwrap();
    let image = pictures::SIZE[0] * pictures::SIZE[1] * 3;
    let three = pictures::photographs();
    let alone: Vec<Vec<u32>> = three
        .chunks(image)
        .map(|picture| bits(&encode(&mut encoder, picture, pictures::SIZE, 1).unwrap()))
        .collect();
    // More than two portions of progress on two threads, and no multiple of anything.
    let order: Vec<usize> = (0..37).map(|i| (i * i + i / 5) % 3).collect();
    let batch: Vec<u8> = order
        .iter()
        .flat_map(|i| &three[i * image..][..image])
        .copied()
        .collect();
    for threads in [1, 2, 3, 1] {
        let features = bits(&encode(&mut encoder, &batch, pictures::SIZE, threads).unwrap());
        for (row, picture) in order.iter().enumerate() {
            assert_eq!(
                features[row * DIM..][..DIM],
                alone[*picture],
                "row {row} with {threads} threads"
            );
        }
    }
}

#[test]
fn flip_is_the_mean_with_the_mirrored_image() {
    let folder = synthetic::folder();
    let image = pictures::photographs()[..92 * 92 * 3].to_vec();
    let mirrored: Vec<u8> = image
        .chunks(92 * 3)
        .flat_map(|line| line.rchunks(3).flatten().copied())
        .collect();
    let mut plain = encoder(folder.path(), false).unwrap();
    let a = encode(&mut plain, &image, pictures::SIZE, 1).unwrap();
    let b = encode(&mut plain, &mirrored, pictures::SIZE, 1).unwrap();
    assert_ne!(a, b);
    let mean: Vec<f32> = a.iter().zip(&b).map(|(a, b)| (a + b) / 2.0).collect();
    let mut both = encoder(folder.path(), true).unwrap();
    let got = encode(&mut both, &image, pictures::SIZE, 1).unwrap();
    // Not bit for bit: scaling rounds a mirrored picture a little differently.
    assert_close(&got, &mean, 0.0, 1e-5);
    let of_mirrored = encode(&mut both, &mirrored, pictures::SIZE, 1).unwrap();
    assert_close(&of_mirrored, &got, 0.0, 1e-5);
}
