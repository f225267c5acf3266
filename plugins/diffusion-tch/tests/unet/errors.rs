//! Wrong inputs.

use ficta_core::{Configure, Ctx, Denoiser, Device, ErrorKind, SaveKind, TensorMut, TensorRef, testing::RecordingHost};
use ficta_diffusion_tch::{Params, UnetDenoiser};

use crate::setup::{DIM, PIXELS, bits, data, params, predict, train, unet};

#[test]
fn nothing_works_before_initialising() {
    let host = RecordingHost::new(0).with_threads(1);
    let mut unet = UnetDenoiser::configure(params()).unwrap();
    let (x, c) = data(1);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    let errors = [
        predict(&mut unet, &x, &[1], None, &host).unwrap_err(),
        train(&mut unet, &x, &c, 0, 1e-3, &host).unwrap_err(),
        unet.save(&path, SaveKind::WEIGHTS, &Ctx::new(&host)).unwrap_err(),
    ];
    for error in errors {
        assert!(
            error.message().contains("no weights yet") && error.help_text().is_some(),
            "{error}"
        );
    }
    assert!(!path.exists());
    assert_eq!((unet.info().condition_dim, unet.info().parameters), (0, 0));
}

#[test]
fn parameters_are_checked() {
    let error = UnetDenoiser::configure(Params {
        resolution: 30,
        ..params()
    })
    .err()
    .expect("30 is no multiple of 4");
    assert!(
        error.kind() == ErrorKind::CONFIG && error.message().contains("`resolution` is 30"),
        "{error}"
    );
    let mut unet = UnetDenoiser::configure(params()).unwrap();
    let error = unet
        .initialise(0, 1, &Ctx::new(&RecordingHost::new(0).with_threads(1)))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CONFIG);
}

#[test]
fn wrong_shapes_and_types_are_refused() {
    let host = RecordingHost::new(0).with_threads(1);
    let ctx = Ctx::new(&host);
    let mut unet = unet(params());
    let (x, c) = data(2);
    let (t, seeds) = ([1i64, 2], [1u64, 2]);
    let shape = [2, 1, 16, 16];
    let doubles = vec![0f64; 2 * PIXELS];
    let images = |s: &[usize]| TensorRef::new(&x, s).unwrap();
    let good = (
        images(&shape),
        TensorRef::new(&t, &[2]).unwrap(),
        TensorRef::new(&c, &[2, DIM]).unwrap(),
    );
    let seeds = TensorRef::new(&seeds, &[2]).unwrap();
    let mut out = vec![7f32; 2 * PIXELS];
    let mut ask = |x, t, c, s: &[usize]| {
        let out = TensorMut::new(&mut out, s).unwrap();
        unet.predict(x, t, Some(c), out, &ctx).unwrap_err()
    };
    let errors = [
        ask(images(&[2, 1, 8, 32]), good.1, good.2, &shape),
        ask(images(&[1, 2, 16, 16]), good.1, good.2, &shape),
        ask(images(&[512]), good.1, good.2, &shape),
        ask(TensorRef::new(&doubles, &shape).unwrap(), good.1, good.2, &shape),
        ask(good.0, good.1.rows(0, 1).unwrap(), good.2, &shape),
        ask(good.0, seeds, good.2, &shape),
        ask(good.0, good.1, good.2.rows(0, 1).unwrap(), &shape),
        ask(good.0, good.1, TensorRef::new(&c, &[4, DIM / 2]).unwrap(), &shape),
        ask(good.0, good.1, good.2, &[2, 1, 256]),
        ask(
            TensorRef::new::<f32>(&[], &[0, 1, 16, 16]).unwrap(),
            good.1,
            good.2,
            &shape,
        ),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::SHAPE, "{error}");
    }
    assert!(out.iter().all(|v| *v == 7.0), "nothing was written");
    let mut step = |x, c, s| unet.train_step(x, c, s, 1e-3, &ctx).unwrap_err().kind();
    assert_eq!(step(images(&[2, 1, 8, 32]), good.2, seeds), ErrorKind::SHAPE);
    assert_eq!(step(good.0, good.2.rows(0, 1).unwrap(), seeds), ErrorKind::SHAPE);
    assert_eq!(step(good.0, good.2, seeds.rows(0, 1).unwrap()), ErrorKind::SHAPE);
    assert_eq!(step(good.0, good.2, good.1), ErrorKind::SHAPE);
}

#[test]
fn wrong_values_are_refused_with_their_row() {
    let host = RecordingHost::new(0).with_threads(1);
    let mut unet = unet(params());
    let (x, mut c) = data(3);
    for (t, wanted) in [
        ([0, 1000, 5], "t of row 1 is 1000, expected 0 to 999"),
        ([0, 5, -1], "t of row 2 is -1"),
    ] {
        let error = predict(&mut unet, &x, &t, Some(&c), &host).unwrap_err();
        assert!(
            error.kind() == ErrorKind::DATA && error.message().contains(wanted),
            "{error}"
        );
    }
    c[DIM + 1] = f32::INFINITY;
    for error in [
        predict(&mut unet, &x, &[1; 3], Some(&c), &host).unwrap_err(),
        train(&mut unet, &x, &c, 0, 1e-3, &host).unwrap_err(),
    ] {
        assert!(
            error.kind() == ErrorKind::DATA && error.message().contains("condition of row 1"),
            "{error}"
        );
    }
}

#[test]
fn a_refused_step_changes_nothing() {
    let host = RecordingHost::new(0).with_threads(2);
    let (mut poisoned, mut clean) = (unet(params()), unet(params()));
    let (mut x, c) = data(6);
    let good = x.clone();
    for (value, wanted) in [
        (f32::NAN, (ErrorKind::DATA, "images of row 5 is not finite")),
        (1e30, (ErrorKind::DIVERGED, "the loss of step 1 is")),
    ] {
        x[5 * PIXELS] = value;
        let error = train(&mut poisoned, &x, &c, 0, 1e-3, &host).unwrap_err();
        assert!(
            error.kind() == wanted.0 && error.message().contains(wanted.1),
            "{error}"
        );
    }
    for rate in [f64::NAN, -1.0] {
        assert_eq!(
            train(&mut poisoned, &good, &c, 0, rate, &host).unwrap_err().kind(),
            ErrorKind::CONFIG
        );
    }
    let losses = [&mut poisoned, &mut clean].map(|unet| train(unet, &good, &c, 0, 1e-3, &host).unwrap().to_bits());
    assert_eq!(losses[0], losses[1]);
    let answers =
        [&mut poisoned, &mut clean].map(|unet| bits(&predict(unet, &good, &[9; 6], Some(&c), &host).unwrap()));
    assert_eq!(answers[0], answers[1]);
}

#[test]
fn work_stops_when_the_host_asks() {
    let host = RecordingHost::new(0).with_threads(2).cancel_after(0);
    let mut unet = unet(params());
    let (x, c) = data(9);
    assert_eq!(
        predict(&mut unet, &x, &[1; 9], Some(&c), &host).unwrap_err().kind(),
        ErrorKind::CANCELLED
    );
    assert_eq!(
        train(&mut unet, &x, &c, 0, 1e-3, &host).unwrap_err().kind(),
        ErrorKind::CANCELLED
    );
}

#[test]
fn a_device_that_libtorch_lacks_is_declined_in_the_log() {
    let host = RecordingHost::new(0).on(Device::cuda(99));
    let mut unet = UnetDenoiser::configure(params()).unwrap();
    unet.initialise(DIM, 1, &Ctx::new(&host)).unwrap();
    assert!(host.heard("computes on the CPU, not on cuda:99: "));
}
