//! A sampler in plain Rust over the network of another library, and a loss in plain Rust inside the trainer of another: both on libtorch.

use ficta::registry::Registry;
use ficta_core::{Backbone, Ctx, Denoiser, Loss, NullHost, Sampler, TensorMut, TensorRef, random::Stream};
use serde_json::json;
use {ficta_losses as _, ficta_samplers as _};

use super::loaded;

const SIDE: usize = 16;
const DIM: usize = 8;

fn normal(count: usize, seed: u64) -> Vec<f32> {
    let mut values = vec![0.0; count];
    Stream::new(seed, "tests.between_libraries", 0, 0).fill_normal(&mut values);
    values
}

fn unet(registry: &Registry) -> Box<dyn Denoiser> {
    let host = NullHost::default();
    let params = json!({"resolution": SIDE, "channels": 1, "base_width": 16, "multipliers": [1, 2], "micro_batch": 2});
    let mut unet = registry.denoiser("unet", &params).unwrap_or_else(|e| panic!("{e}"));
    unet.initialise(DIM, 1, &Ctx::new(&host))
        .unwrap_or_else(|e| panic!("{e}"));
    unet
}

/// One image for each seed.
fn sample(sampler: &mut dyn Sampler, denoiser: &mut dyn Denoiser, seeds: &[u64]) -> Vec<f32> {
    let (host, n) = (NullHost::default(), seeds.len());
    let mut condition = normal(DIM, 2);
    let length = condition.iter().map(|x| x * x).sum::<f32>().sqrt();
    condition.iter_mut().for_each(|x| *x /= length);
    let conditions = condition.repeat(n);
    let mut images = vec![f32::NAN; n * SIDE * SIDE];
    let made = sampler.sample(
        denoiser,
        TensorRef::new(&conditions, &[n, DIM]).unwrap(),
        TensorRef::new(seeds, &[n]).unwrap(),
        TensorMut::new(&mut images, &[n, 1, SIDE, SIDE]).unwrap(),
        &Ctx::new(&host),
    );
    made.unwrap_or_else(|e| panic!("{e}"));
    images
}

#[test]
fn ddim_from_its_library_drives_the_unet_of_another() {
    let registry = loaded(&["ficta_samplers", "ficta_diffusion_tch"]);
    let params = json!({"steps": 4, "guidance": 2.0});
    let mut unet = unet(&registry);
    let images = sample(&mut *registry.sampler("ddim", &params).unwrap(), &mut *unet, &[1, 2, 3]);
    assert!(images.iter().all(|x| (-1.0..=1.0).contains(x)), "{images:?}");
    let [first, second] = [&images[..SIDE * SIDE], &images[SIDE * SIDE..2 * SIDE * SIDE]];
    assert!(first != second, "another seed is another image");

    // Linked into this program, the sampler makes the same calls to the same network.
    let here = Registry::with_built_ins().sampler("ddim", &params);
    assert_eq!(sample(&mut *here.unwrap(), &mut *unet, &[1, 2, 3]), images);
    // An image does not depend on the batch it is made in.
    let alone = sample(&mut *registry.sampler("ddim", &params).unwrap(), &mut *unet, &[2]);
    assert_eq!(alone, second);
}

/// Losses of a short training on four people, and the embeddings after it.
fn train(backbone: &mut dyn Backbone, loss: &mut dyn Loss) -> (Vec<f64>, Vec<f32>) {
    const PEOPLE: usize = 4;
    let host = NullHost::default();
    let ctx = Ctx::new(&host);
    backbone.initialise(PEOPLE, 1, &ctx).unwrap();
    let (people, n) = (normal(PEOPLE * SIDE * SIDE, 3), 2 * PEOPLE);
    let noise = normal(n * SIDE * SIDE, 4);
    let images: Vec<f32> = noise
        .iter()
        .enumerate()
        .map(|(i, x)| (0.5 * people[i % people.len()] + 0.05 * x).clamp(-1.0, 1.0))
        .collect();
    let labels: Vec<i64> = (0..n).map(|i| (i % PEOPLE) as i64).collect();
    let images = TensorRef::new(&images, &[n, 1, SIDE, SIDE]).unwrap();
    let labels = TensorRef::new(&labels, &[n]).unwrap();
    let mut step = || {
        backbone
            .train_step(images, labels, loss, 0.05, &ctx)
            .unwrap_or_else(|e| panic!("{e}"))
    };
    let losses = (0..12).map(|_| step()).collect();
    let mut embeddings = vec![f32::NAN; n * DIM];
    backbone
        .embed(images, TensorMut::new(&mut embeddings, &[n, DIM]).unwrap(), &ctx)
        .unwrap();
    (losses, embeddings)
}

#[test]
fn a_loss_from_its_library_trains_the_backbone_of_another() {
    let registry = loaded(&["ficta_losses", "ficta_iresnet_tch"]);
    let params = json!({
        "blocks": [1, 1, 1, 1], "widths": [8, 8, 8, 16, 16], "dim": DIM, "input_size": SIDE, "channels": 1, "micro_batch": 8
    });
    for name in ["cosface", "arcface"] {
        let backbone = || registry.backbone("iresnet", &params).unwrap_or_else(|e| panic!("{e}"));
        let loss = json!({"scale": 16.0, "margin": 0.2});
        let there = train(&mut *backbone(), &mut *registry.loss(name, &loss).unwrap());
        let (losses, embeddings) = &there;
        assert!(losses[11] < 0.7 * losses[0], "{name} learns nothing: {losses:?}");
        assert!(embeddings.iter().all(|x| x.is_finite()));
        // Linked into this program, the loss gives the same numbers to the same trainer.
        let here = train(
            &mut *backbone(),
            &mut *Registry::with_built_ins().loss(name, &loss).unwrap(),
        );
        assert_eq!(here, there, "{name}");
    }
}

#[test]
fn an_error_of_a_lent_loss_comes_back_through_both_libraries() {
    struct Failing;
    impl Loss for Failing {
        fn evaluate(
            &mut self,
            _: &ficta_core::LossInput<'_>,
            _: ficta_core::LossGradient<'_>,
            _: &Ctx<'_>,
        ) -> ficta_core::Result<f64> {
            Err(ficta_core::Error::data("the 13th margin is broken").help("mend it"))
        }
    }
    let registry = loaded(&["ficta_iresnet_tch"]);
    let params =
        json!({"blocks": [1, 1, 1, 1], "widths": [8, 8, 8, 16, 16], "dim": DIM, "input_size": SIDE, "channels": 1});
    let mut backbone = registry.backbone("iresnet", &params).unwrap_or_else(|e| panic!("{e}"));
    let host = NullHost::default();
    backbone.initialise(2, 1, &Ctx::new(&host)).unwrap();
    let (images, labels) = (normal(2 * SIDE * SIDE, 1), [0i64, 1]);
    let images = TensorRef::new(&images, &[2, 1, SIDE, SIDE]).unwrap();
    let labels = TensorRef::new(&labels, &[2]).unwrap();
    let error = backbone
        .train_step(images, labels, &mut Failing, 0.1, &Ctx::new(&host))
        .unwrap_err();
    assert_eq!(error.kind(), ficta_core::ErrorKind::DATA);
    assert!(
        error.message().contains("the 13th margin is broken") && error.help_text() == Some("mend it"),
        "{error}"
    );
}
