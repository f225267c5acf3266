//! Progress, cancellation, devices and wrong tensors.

mod support;

use ficta_core::{Ctx, Device, Encoder, ErrorKind, Level, TensorMut, TensorRef, testing::RecordingHost};
use support::{DIM, encode, encoder, synthetic};

#[test]
fn progress_ends_at_the_total_and_can_stop_the_work() {
    let folder = synthetic::folder();
    let mut encoder = encoder(folder.path(), false).unwrap();
    let pixels = vec![90u8; 20 * 4 * 4 * 3];
    let images = TensorRef::new(&pixels, &[20, 4, 4, 3]).unwrap();
    let mut out = vec![0f32; 20 * DIM];
    let mut run = |host: &RecordingHost| {
        let features = TensorMut::new(&mut out, &[20, DIM]).unwrap();
        encoder.encode(images, features, &Ctx::new(host))
    };

    let host = RecordingHost::new(0);
    run(&host).unwrap();
    let reports = host.progress_reports();
    assert_eq!(reports.last().unwrap(), &(20, 20, "images".to_owned()));
    assert!(reports.len() > 1 && reports.is_sorted(), "{reports:?}");

    let host = RecordingHost::new(0).cancel_after(1);
    assert_eq!(run(&host).unwrap_err().kind(), ErrorKind::CANCELLED);
    assert!(host.progress_reports().len() < reports.len());
}

#[test]
fn another_device_is_answered_by_one_warning() {
    let folder = synthetic::folder();
    let mut encoder = encoder(folder.path(), false).unwrap();
    let pixels = vec![90u8; 4 * 4 * 3];
    let mut out = vec![0f32; DIM];
    let host = RecordingHost::new(0).on(Device::cuda(0));
    for _ in 0..2 {
        let images = TensorRef::new(&pixels, &[1, 4, 4, 3]).unwrap();
        let features = TensorMut::new(&mut out, &[1, DIM]).unwrap();
        encoder.encode(images, features, &Ctx::new(&host)).unwrap();
    }
    let lines = host.log_lines();
    let warnings: Vec<_> = lines.iter().filter(|(level, _)| *level == Level::WARN).collect();
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].1.contains("CPU"), "{warnings:?}");
}

#[test]
fn no_images_are_no_work() {
    let folder = synthetic::folder();
    let mut encoder = encoder(folder.path(), false).unwrap();
    assert_eq!(encode(&mut encoder, &[], [4, 4], 1).unwrap(), Vec::<f32>::new());
}

#[test]
fn wrong_tensors_are_errors() {
    let folder = synthetic::folder();
    let mut encoder = encoder(folder.path(), false).unwrap();
    let host = RecordingHost::new(0);
    let ctx = Ctx::new(&host);
    let bytes = vec![0u8; 2 * 6 * 6 * 4];
    let floats = vec![0f32; 2 * 6 * 6 * 3];
    let mut out = vec![0f32; 2 * DIM];
    let mut narrow = vec![0f32; 2 * 64];
    let mut doubles = vec![0f64; 2 * DIM];
    let u8s = |shape: &[usize]| TensorRef::new(&bytes[..shape.iter().product()], shape).unwrap();

    let mut cases = vec![
        (
            u8s(&[2, 6, 6, 4]),
            TensorMut::new(&mut out, &[2, DIM]).unwrap(),
            "[2, 6, 6, 3]",
        ),
        (
            u8s(&[2, 6, 6, 3]),
            TensorMut::new(&mut narrow, &[2, 64]).unwrap(),
            "[2, 128]",
        ),
        (
            u8s(&[2, 6, 6, 3]),
            TensorMut::new(&mut doubles, &[2, DIM]).unwrap(),
            "expected f32",
        ),
    ];
    for (images, features, words) in &mut cases {
        let error = encoder.encode(*images, features.reborrow(), &ctx).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SHAPE);
        assert!(error.to_string().contains(*words), "{error}");
    }
    let images = [
        (u8s(&[6, 6, 3]), "4 dimensions"),
        (u8s(&[2, 0, 6, 3]), "no pixels"),
        (TensorRef::new(&floats, &[2, 6, 6, 3]).unwrap(), "expected u8"),
    ];
    for (images, words) in images {
        let features = TensorMut::new(&mut out, &[2, DIM]).unwrap();
        let error = encoder.encode(images, features, &ctx).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SHAPE);
        assert!(error.to_string().contains(words), "{error}");
    }
}
