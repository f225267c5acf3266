//! Optimisers against PyTorch, and their state.

use ficta_core::ErrorKind;
use ficta_tch_bridge::{AdamW, AdamWSettings, Parameters, Saved, Sgd, SgdSettings, checkpoint, clip_gradient_norm};
use serde::Deserialize;
use tch::Tensor;

#[derive(Deserialize)]
struct Reference {
    start: Vec<f32>,
    gradients: Vec<Vec<f32>>,
    rates: Vec<f64>,
    adamw: Vec<Vec<f32>>,
    sgd: Vec<Vec<f32>>,
    plain_sgd: Vec<Vec<f32>>,
    clip: Vec<Clipped>,
}

#[derive(Deserialize)]
struct Clipped {
    limit: f64,
    norm: f64,
    gradients: Vec<Vec<f32>>,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("../fixtures/optimiser_reference.json")).unwrap()
}

fn matrix(values: &[f32]) -> Tensor {
    Tensor::from_slice(values).reshape([2, 3])
}

fn values(t: &Tensor) -> Vec<f32> {
    Vec::try_from(t.detach().flatten(0, -1)).unwrap()
}

fn start() -> Parameters {
    let mut parameters = Parameters::new();
    parameters.add("w", matrix(&reference().start)).unwrap();
    // Neither stepped nor in the way of the order.
    parameters
        .add_buffer("statistics", Tensor::from_slice(&[7f32]))
        .unwrap();
    parameters
}

fn close(ours: &[f32], theirs: &[f32]) {
    for (a, b) in ours.iter().zip(theirs) {
        assert!((a - b).abs() <= 1e-6 * b.abs().max(0.1), "{ours:?} {theirs:?}");
    }
    assert_eq!(ours.len(), theirs.len());
}

const ADAMW: AdamWSettings = AdamWSettings {
    betas: (0.8, 0.95),
    eps: 1e-8,
    weight_decay: 0.3,
};
const SGD: SgdSettings = SgdSettings {
    momentum: 0.9,
    weight_decay: 5e-4,
};

#[test]
fn adamw_goes_pytorchs_way() {
    let (reference, parameters) = (reference(), start());
    let mut optimiser = AdamW::new(ADAMW, &parameters).unwrap();
    for ((gradient, rate), expected) in reference.gradients.iter().zip(reference.rates).zip(reference.adamw) {
        optimiser.step(&parameters, &[matrix(gradient)], rate).unwrap();
        close(&values(&parameters.tensors()[0]), &expected);
    }
    assert_eq!(values(&parameters.tensors()[1]), [7.0]);
}

#[test]
fn sgd_goes_pytorchs_way() {
    let reference = reference();
    let plain = SgdSettings {
        momentum: 0.0,
        weight_decay: 0.0,
    };
    for (settings, path) in [(SGD, &reference.sgd), (plain, &reference.plain_sgd)] {
        let parameters = start();
        let mut optimiser = Sgd::new(settings, &parameters).unwrap();
        for ((gradient, rate), expected) in reference.gradients.iter().zip(&reference.rates).zip(path) {
            optimiser.step(&parameters, &[matrix(gradient)], *rate).unwrap();
            close(&values(&parameters.tensors()[0]), expected);
        }
    }
}

/// Gradients come in whatever memory order autograd made them.
#[test]
fn memory_order_does_not_matter() {
    let reference = reference();
    let shuffled = |values: &[f32]| matrix(values).tr().contiguous().tr();
    let (plain, parameters) = (start(), start());
    let (mut a, mut b) = (
        AdamW::new(ADAMW, &plain).unwrap(),
        AdamW::new(ADAMW, &parameters).unwrap(),
    );
    for gradient in &reference.gradients {
        a.step(&plain, &[matrix(gradient)], 0.01).unwrap();
        b.step(&parameters, &[shuffled(gradient)], 0.01).unwrap();
        assert_eq!(values(&plain.tensors()[0]), values(&parameters.tensors()[0]));
    }
}

#[test]
fn weights_may_have_any_memory_order_and_keep_it_in_files() {
    let reference = reference();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    let turned = |values: &[f32]| matrix(values).tr().contiguous().tr();
    let (plain, mut odd) = (start(), Parameters::new());
    odd.add("w", turned(&reference.start)).unwrap();
    odd.add_buffer("statistics", Tensor::from_slice(&[7f32])).unwrap();
    let (mut a, mut b) = (Sgd::new(SGD, &plain).unwrap(), Sgd::new(SGD, &odd).unwrap());
    let (mut c, mut d) = (AdamW::new(ADAMW, &plain).unwrap(), AdamW::new(ADAMW, &odd).unwrap());
    for gradient in &reference.gradients {
        a.step(&plain, &[matrix(gradient)], 0.01).unwrap();
        b.step(&odd, &[matrix(gradient)], 0.01).unwrap();
        c.step(&plain, &[matrix(gradient)], 0.01).unwrap();
        d.step(&odd, &[matrix(gradient)], 0.01).unwrap();
        assert_eq!(values(&plain.tensors()[0]), values(&odd.tensors()[0]));
        // From a file and on: the states come back in the order of the weights they go with.
        let weights = odd.iter().map(|(n, t)| (n.to_string(), t));
        checkpoint::write(&path, weights.chain(b.state(&odd)).chain(d.state(&odd)), &()).unwrap();
        let saved = Saved::read(&path).unwrap();
        let steps = d.steps();
        odd.restore(&saved, "").unwrap();
        b.restore(&saved, &odd, steps).unwrap();
        d.restore(&saved, &odd, steps).unwrap();
        assert_eq!(b.state(&odd)[0].1.stride(), [1, 2]);
    }
}

#[test]
fn a_saved_state_goes_on_with_the_same_bits() {
    let reference = reference();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.safetensors");
    let (whole, first, second) = (start(), start(), start());
    let mut adamw = [&whole, &first, &second].map(|p| AdamW::new(ADAMW, p).unwrap());
    let step = |optimiser: &mut AdamW, parameters: &Parameters, i: usize| {
        optimiser
            .step(parameters, &[matrix(&reference.gradients[i])], reference.rates[i])
            .unwrap();
    };
    (0..5).for_each(|i| step(&mut adamw[0], &whole, i));
    (0..3).for_each(|i| step(&mut adamw[1], &first, i));
    let weights = first.iter().map(|(n, t)| (n.to_string(), t));
    checkpoint::write(&file, weights.chain(adamw[1].state(&first)), &adamw[1].steps()).unwrap();
    let saved = Saved::read(&file).unwrap();
    let mut second = second;
    second.restore(&saved, "").unwrap();
    adamw[2].restore(&saved, &second, saved.description().unwrap()).unwrap();
    (3..5).for_each(|i| step(&mut adamw[2], &second, i));
    assert_eq!(values(&second.tensors()[0]), values(&whole.tensors()[0]));
    assert_ne!(values(&second.tensors()[0]), values(&first.tensors()[0]));

    let mut sgd = Sgd::new(SGD, &second).unwrap();
    let missing = sgd.restore(&saved, &second, 3).unwrap_err();
    assert!(
        missing.message().contains("sgd.momentum_buffer.w") && sgd.steps() == 0,
        "{missing}"
    );
}

#[test]
fn gradients_that_do_not_fit_are_refused() {
    let parameters = start();
    let mut adamw = AdamW::new(ADAMW, &parameters).unwrap();
    for gradients in [vec![], vec![Tensor::from_slice(&[1f32])]] {
        assert_eq!(
            adamw.step(&parameters, &gradients, 0.1).unwrap_err().kind(),
            ErrorKind::SHAPE
        );
    }
    assert_eq!(
        (adamw.steps(), values(&parameters.tensors()[0])),
        (0, reference().start)
    );
}

#[test]
fn clipping_is_pytorchs() {
    let reference = reference();
    for clip in &reference.clip {
        let mut gradients: Vec<_> = reference.gradients.iter().map(|g| matrix(g)).collect();
        let norm = clip_gradient_norm(&mut gradients, clip.limit).unwrap();
        assert!((norm / clip.norm - 1.0).abs() < 1e-6, "{norm} {}", clip.norm);
        gradients
            .iter()
            .zip(&clip.gradients)
            .for_each(|(ours, theirs)| close(&values(ours), theirs));
    }
    let mut poisoned = [matrix(&[0.0, f32::NAN, 0.0, 0.0, 0.0, 0.0]), matrix(&[3.0; 6])];
    assert_eq!(
        clip_gradient_norm(&mut poisoned, 1.0).unwrap_err().kind(),
        ErrorKind::DIVERGED
    );
    assert_eq!(values(&poisoned[1]), [3.0; 6]);
}
