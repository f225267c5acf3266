//! Results depend on seeds and rows alone.

use ficta_core::{Ctx, Denoiser, testing::RecordingHost};
use ficta_diffusion_tch::Params;
use ficta_tch_bridge::Precision;

use crate::setup::{DIM, PIXELS, bits, data, params, predict, train, train_steps, unet};

/// A network whose zero-started layers have begun to matter.
fn trained(params: Params) -> ficta_diffusion_tch::UnetDenoiser {
    let mut unet = unet(params);
    train_steps(&mut unet, 0..3, &RecordingHost::new(0).with_threads(2));
    unet
}

#[test]
fn a_row_does_not_depend_on_its_batch() {
    for precision in [Precision::F32, Precision::Bf16] {
        let mut unet = trained(Params {
            precision,
            micro_batch: 16,
            ..params()
        });
        let (x, c) = data(40);
        let t: Vec<i64> = (0..40).map(|i| i * 25).collect();
        let host = RecordingHost::new(0).with_threads(2);
        let whole = predict(&mut unet, &x, &t, Some(&c), &host).unwrap();
        assert!(whole.iter().all(|v| v.is_finite()) && whole.iter().any(|v| v.abs() > 0.01));
        // (rows, where the first of them stands): alone, in a small batch, at other places.
        for rows in [
            vec![17],
            vec![3, 17, 39],
            vec![17, 0, 1],
            (0..33).rev().collect(),
            (7..40).collect(),
        ] {
            let pick = |values: &[f32], size: usize| {
                rows.iter()
                    .flat_map(|r| values[r * size..][..size].to_vec())
                    .collect::<Vec<_>>()
            };
            let t: Vec<i64> = rows.iter().map(|r| t[*r]).collect();
            let part = predict(&mut unet, &pick(&x, PIXELS), &t, Some(&pick(&c, DIM)), &host).unwrap();
            assert_eq!(bits(&part), bits(&pick(&whole, PIXELS)), "{precision:?} {rows:?}");
        }
    }
}

#[test]
fn threads_do_not_matter() {
    for precision in [Precision::F32, Precision::Bf16] {
        let answers = [1, 2, 3].map(|threads| {
            let host = RecordingHost::new(0).with_threads(threads);
            let mut unet = unet(Params { precision, ..params() });
            train_steps(&mut unet, 0..3, &host);
            let (x, c) = data(9);
            bits(&predict(&mut unet, &x, &[500; 9], Some(&c), &host).unwrap())
        });
        assert!(answers[0] == answers[1] && answers[0] == answers[2], "{precision:?}");
    }
}

#[test]
fn seeds_decide_the_weights_and_the_noise() {
    let host = RecordingHost::new(0).with_threads(1);
    let (x, c) = data(2);
    let run = |seed: u64, noise: u64| {
        let mut unet = unet(params());
        unet.initialise(DIM, seed, &Ctx::new(&host)).unwrap();
        let loss = train(&mut unet, &x, &c, noise, 1e-3, &host).unwrap();
        (
            loss.to_bits(),
            bits(&predict(&mut unet, &x, &[3, 800], Some(&c), &host).unwrap()),
        )
    };
    let reference = run(5, 0);
    assert_eq!(run(5, 0), reference);
    assert_ne!(run(6, 0).1, reference.1);
    assert_ne!(run(5, 1), reference);
}

/// Cutting a batch into pieces changes rounding and nothing else.
#[test]
fn pieces_add_up_to_the_batch() {
    let host = RecordingHost::new(0).with_threads(2);
    let (x, c) = data(10);
    let run = |micro_batch| {
        let mut unet = unet(Params {
            micro_batch,
            ..params()
        });
        (0..3)
            .map(|i| train(&mut unet, &x, &c, 100 * i, 1e-3, &host).unwrap())
            .collect::<Vec<_>>()
    };
    let whole = run(10);
    for (piece, loss) in [1, 3, 4, 64].map(|n| (n, run(n))) {
        assert!(
            loss.iter().zip(&whole).all(|(a, b)| (a / b - 1.0).abs() < 1e-4),
            "{piece}: {loss:?} {whole:?}"
        );
    }
}
