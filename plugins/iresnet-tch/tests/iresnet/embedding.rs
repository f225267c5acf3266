//! A row depends on its image alone.

use ficta_core::{
    Backbone, Configure, Ctx, ErrorKind, TensorMut, TensorRef, assert_tensor_snapshot, random::Stream,
    testing::RecordingHost,
};
use ficta_iresnet_tch::{IResNet, Params};

use crate::scene;

/// Rows of 40 images embedded in batches of 1, 3 and 40, and in reverse order, bit by bit.
fn rows_are_their_own(net: &mut IResNet, ctx: &Ctx<'_>) -> Vec<f32> {
    let info = net.info();
    let image = info.channels * info.height * info.width;
    let mut pixels = vec![0f32; 40 * image];
    Stream::new(1, "pixels", 0, 0).fill_normal(&mut pixels);
    let mut embed = |pixels: &[f32]| {
        let count = pixels.len() / image;
        let mut out = vec![0f32; count * info.dim];
        let images =
            ficta_core::TensorRef::new(pixels, &[count, info.channels, info.height, info.width]).expect("images");
        net.embed(
            images,
            TensorMut::new(&mut out, &[count, info.dim]).expect("a buffer"),
            ctx,
        )
        .expect("embeddings");
        out
    };
    let together = embed(&pixels);
    for size in [1, 3] {
        let apart: Vec<f32> = pixels.chunks(size * image).flat_map(&mut embed).collect();
        assert!(apart == together, "batches of {size}");
    }
    let reversed: Vec<f32> = pixels.chunks(image).rev().flatten().copied().collect();
    let mut backwards: Vec<f32> = embed(&reversed);
    let swapped: Vec<f32> = backwards.chunks(info.dim).rev().flatten().copied().collect();
    backwards.clone_from(&swapped);
    assert!(backwards == together, "reverse order");
    together
}

fn initialised(params: Params, ctx: &Ctx<'_>) -> IResNet {
    let mut net = IResNet::configure(params).expect("a network");
    net.initialise(scene::CLASSES, 3, ctx).expect("new weights");
    net
}

#[test]
fn rows_depend_on_their_image_alone() {
    let run = |threads| {
        let host = RecordingHost::new(0).with_threads(threads);
        let ctx = Ctx::new(&host);
        let mut all = Vec::new();
        for overrides in ["{}", r#"{"embed_precision":"bf16"}"#, r#"{"micro_batch":7}"#] {
            all.extend(rows_are_their_own(
                &mut initialised(scene::params(overrides), &ctx),
                &ctx,
            ));
        }
        // Widths that fill vector registers take other paths through the convolutions.
        let wide = r#"{"blocks":[1,1,1,1],"widths":[16,32,64,64,64],"input_size":32,"dim":128}"#;
        all.extend(rows_are_their_own(&mut initialised(scene::params(wide), &ctx), &ctx));
        all
    };
    assert!(run(1) == run(2), "one thread and two");
}

#[test]
fn no_images_give_no_rows() {
    let host = RecordingHost::new(0).with_threads(1);
    let ctx = Ctx::new(&host);
    let mut net = initialised(scene::params("{}"), &ctx);
    assert!(scene::embed(&mut net, &[], &ctx).is_empty());
}

#[test]
fn embedding_can_be_cancelled() {
    let host = RecordingHost::new(0).with_threads(1);
    let ctx = Ctx::new(&host);
    let mut net = initialised(scene::params("{}"), &ctx);
    host.cancel();
    let (pixels, mut out) = (scene::noise(2, 0), vec![0f32; 2 * scene::DIM]);
    let out = TensorMut::new(&mut out, &[2, scene::DIM]).expect("a buffer");
    let error = net.embed(scene::images(&pixels), out, &ctx).expect_err("cancelled");
    assert_eq!(error.kind(), ErrorKind::CANCELLED);
}

/// The last bits differ between processors; numbers against PyTorch's are in `reference`.
#[test]
fn embeddings_of_two_images_after_the_initialisation() {
    let host = RecordingHost::new(0);
    let ctx = Ctx::new(&host);
    let mut net = initialised(scene::params("{}"), &ctx);
    let info = net.info();
    let shape = [2, info.channels, info.height, info.width];
    let mut pixels = vec![0f32; shape.iter().product()];
    Stream::new(1, "pixels", 0, 0).fill_normal(&mut pixels);
    let mut out = vec![0f32; 2 * info.dim];
    net.embed(
        TensorRef::new(&pixels, &shape).expect("images"),
        TensorMut::new(&mut out, &[2, info.dim]).expect("a buffer"),
        &ctx,
    )
    .expect("embeddings");
    assert_tensor_snapshot!(
        TensorRef::new(&out, &[2, info.dim]).expect("embeddings"),
        rtol = 1e-4,
        atol = 1e-5
    );
}
