//! Files: resuming, using, refusing.

use std::{fs, path::Path};

use ficta_core::{Configure, Ctx, Denoiser, ErrorKind, SaveKind, testing::RecordingHost};
use ficta_diffusion_tch::{Params, PredictionTarget, UnetDenoiser};
use ficta_tch_bridge::{Precision, Saved};

use crate::setup::{DIM, bits, data, params, predict, train_steps, unet};

fn save(unet: &UnetDenoiser, path: &Path, what: SaveKind) -> ficta_core::Result<()> {
    unet.save(path, what, &Ctx::new(&RecordingHost::new(0).with_threads(1)))
}

fn load(params: Params, path: &Path) -> ficta_core::Result<UnetDenoiser> {
    let mut unet = UnetDenoiser::configure(params)?;
    unet.load(path, &Ctx::new(&RecordingHost::new(0).with_threads(1)))?;
    Ok(unet)
}

#[test]
fn a_resumed_training_ends_with_the_same_bytes() {
    for precision in [Precision::F32, Precision::Bf16] {
        let (folder, host) = (tempfile::tempdir().unwrap(), RecordingHost::new(0).with_threads(2));
        let [halfway, whole, resumed] = ["halfway", "whole", "resumed"].map(|n| folder.path().join(n));
        let params = Params { precision, ..params() };
        let mut first = unet(params.clone());
        train_steps(&mut first, 0..3, &host);
        save(&first, &halfway, SaveKind::CHECKPOINT).unwrap();
        train_steps(&mut first, 3..6, &host);
        let mut second = load(params, &halfway).unwrap();
        train_steps(&mut second, 3..6, &host);
        for kind in [SaveKind::CHECKPOINT, SaveKind::WEIGHTS] {
            save(&first, &whole, kind).unwrap();
            save(&second, &resumed, kind).unwrap();
            assert!(
                fs::read(&whole).unwrap() == fs::read(&resumed).unwrap(),
                "{precision:?} {kind:?}"
            );
        }
        assert!(fs::read(&whole).unwrap() != fs::read(&halfway).unwrap());
    }
}

#[test]
fn weights_are_the_average_and_predict_the_same() {
    let (folder, host) = (tempfile::tempdir().unwrap(), RecordingHost::new(0).with_threads(2));
    let [weights, checkpoint] = ["weights", "checkpoint"].map(|n| folder.path().join(n));
    let mut unet = unet(params());
    train_steps(&mut unet, 0..4, &host);
    save(&unet, &weights, SaveKind::WEIGHTS).unwrap();
    save(&unet, &checkpoint, SaveKind::CHECKPOINT).unwrap();
    let (x, c) = data(5);
    let ask = |unet: &mut UnetDenoiser| bits(&predict(unet, &x, &[400; 5], Some(&c), &host).unwrap());
    let expected = ask(&mut unet);
    for path in [&weights, &checkpoint] {
        let mut other = load(params(), path).unwrap();
        assert_eq!(ask(&mut other), expected);
        assert_eq!(other.info(), unet.info());
    }
    let (w, c) = (Saved::read(&weights).unwrap(), Saved::read(&checkpoint).unwrap());
    let name = "middle.0.conv.0.weight";
    assert!(w.get(name).unwrap() == c.get(name).unwrap());
    assert!(
        c.get(name).unwrap() != c.get(&format!("training.{name}")).unwrap(),
        "the average lags behind"
    );
    assert!(
        w.names()
            .all(|n| !n.starts_with("training.") && !n.starts_with("adamw."))
    );
}

#[test]
fn files_of_other_networks_are_refused_with_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights");
    save(&unet(params()), &path, SaveKind::WEIGHTS).unwrap();
    for (params, wanted) in [
        (
            Params {
                base_width: 32,
                ..params()
            },
            "made with `base_width` = 16, but the run says 32",
        ),
        (
            Params {
                multipliers: vec![1, 1],
                ..params()
            },
            "`multipliers` = [1,2]",
        ),
        (
            Params {
                prediction: PredictionTarget::Epsilon,
                ..params()
            },
            "`prediction` = \"v\"",
        ),
        (
            Params {
                timesteps: 10,
                ..params()
            },
            "`timesteps` = 1000",
        ),
    ] {
        let error = load(params, &path).err().expect("another network");
        assert!(
            error.kind() == ErrorKind::DATA && error.message().contains(wanted),
            "{error}"
        );
    }
    // What concerns training or speed alone may differ.
    load(
        Params {
            condition_dropout: 0.5,
            micro_batch: 7,
            ema_decay: 0.5,
            ..params()
        },
        &path,
    )
    .unwrap();
}

#[test]
fn a_failed_load_or_save_leaves_everything_as_it_was() {
    let (folder, host) = (tempfile::tempdir().unwrap(), RecordingHost::new(0).with_threads(1));
    let ctx = Ctx::new(&host);
    let path = folder.path().join("weights");
    let mut unet = unet(params());
    save(&unet, &path, SaveKind::WEIGHTS).unwrap();
    let whole = fs::read(&path).unwrap();
    let (x, c) = data(1);
    let before = predict(&mut unet, &x, &[1], Some(&c), &host).unwrap();
    for (name, content) in [
        ("cut", &whole[..whole.len() / 2]),
        ("text", b"no network, but text of some length"),
    ] {
        let bad = folder.path().join(name);
        fs::write(&bad, content).unwrap();
        assert_eq!(unet.load(&bad, &ctx).unwrap_err().kind(), ErrorKind::DATA, "{name}");
    }
    assert_eq!(
        unet.load(&folder.path().join("missing"), &ctx).unwrap_err().kind(),
        ErrorKind::IO
    );
    assert_eq!(
        save(&unet, &folder.path().join("no/folder"), SaveKind::WEIGHTS)
            .unwrap_err()
            .kind(),
        ErrorKind::IO
    );
    assert_eq!(
        bits(&predict(&mut unet, &x, &[1], Some(&c), &host).unwrap()),
        bits(&before)
    );
    assert_eq!(unet.info().condition_dim, DIM);
}
