//! What [`Encoder`] promises.

use super::{
    Finding, Item, KEPT,
    ask::{close, failed, finite, no_panic, quietly, refuses, same_bits, under},
    cancellation::{Job, stops},
    progress::progress_rises,
};
use crate::{
    Ctx, Encoder, Result, TensorMut, TensorRef,
    random::Stream,
    testing::{Make, Output},
};

/// Networks on a BLAS sum in another order for another batch or thread count.
const RTOL: f64 = 1e-3;
const ATOL: f64 = 1e-5;

pub(super) fn suite<'a>(make: &'a Make<'a, dyn Encoder>) -> Vec<Item<'a>> {
    let several = move |ctx: &Ctx<'_>| {
        let (images, shape) = faces(16, 32, 32);
        encode(&mut *make()?, &images, &shape, ctx).map(drop)
    };
    vec![
        ("info", Box::new(move || info(make))),
        ("writes-everything", Box::new(move || finite(&standard(make, 1)?))),
        (
            "deterministic",
            Box::new(move || same_bits("two fresh instances", &standard(make, 1)?, &standard(make, 1)?)),
        ),
        ("batch-composition", Box::new(move || batch_composition(make))),
        (
            "threads",
            Box::new(move || close("1 thread and 2", &standard(make, 1)?, &standard(make, 2)?, RTOL, ATOL)),
        ),
        ("tells-images-apart", Box::new(move || tells_images_apart(make))),
        ("any-size", Box::new(move || any_size(make))),
        ("wrong-shapes", Box::new(move || wrong_shapes(make))),
        ("wrong-types", Box::new(move || wrong_types(make))),
        (
            "empty-batch",
            Box::new(move || {
                no_panic(
                    "a batch of no images",
                    quietly(|ctx| encode(&mut *make()?, &[], &[0, 32, 32, 3], ctx)),
                )?;
                KEPT
            }),
        ),
        ("progress", Box::new(move || progress_rises(several))),
        ("cancellation", Box::new(move || stops(256, |size| job(make, size)))),
    ]
}

fn job(make: &Make<'_, dyn Encoder>, size: usize) -> Result<Job> {
    let (mut encoder, (images, shape)) = (make()?, faces(16 * size, 32, 32));
    Ok(Box::new(move |ctx| {
        encode(&mut *encoder, &images, &shape, ctx).map(drop)
    }))
}

/// Drawn images that differ: a gradient, a disc and noise.
fn faces(n: usize, h: usize, w: usize) -> (Vec<u8>, [usize; 4]) {
    let mut stream = Stream::new(2, "testing.faces", 0, 0);
    let mut pixels = Vec::with_capacity(n * h * w * 3);
    for i in 0..n {
        let centre = (
            h as f64 * (0.3 + 0.4 * stream.uniform()),
            w as f64 * (0.3 + 0.4 * stream.uniform()),
        );
        let radius = h as f64 * (0.15 + 0.2 * stream.uniform());
        for y in 0..h {
            for x in 0..w {
                let far = (y as f64 - centre.0).hypot(x as f64 - centre.1) > radius;
                let ground = (x * 160 / w + 23 * (i % 5)) as f64;
                for channel in 0..3 {
                    let level = if far { ground } else { 200.0 - 30.0 * f64::from(channel) } + 20.0 * stream.uniform();
                    pixels.push(level as u8);
                }
            }
        }
    }
    (pixels, [n, h, w, 3])
}

fn encode(encoder: &mut dyn Encoder, images: &[u8], shape: &[usize], ctx: &Ctx<'_>) -> Result<Vec<f32>> {
    let (n, dim) = (shape[0], encoder.info().dim);
    let mut features = vec![f32::NAN; n * dim];
    encoder.encode(
        TensorRef::new(images, shape)?,
        TensorMut::new(&mut features, &[n, dim])?,
        ctx,
    )?;
    Ok(features)
}

/// What a fresh encoder makes of the standard images.
pub(in crate::testing) fn output(encoder: &mut dyn Encoder, ctx: &Ctx<'_>) -> Result<Output> {
    let (images, shape) = faces(3, 32, 32);
    let features = encode(encoder, &images, &shape, ctx)?;
    Ok(Output::new().with("features", features, &[3, encoder.info().dim]))
}

fn standard(make: &Make<'_, dyn Encoder>, threads: u32) -> Result<Output, String> {
    under(1, threads, |ctx| output(&mut *make()?, ctx)).map_err(failed("a plain batch"))
}

fn info(make: &Make<'_, dyn Encoder>) -> Finding {
    let info = make().map_err(failed("construction"))?.info();
    if info.dim == 0 || info.height == 0 || info.width == 0 {
        return Err(format!("expected sizes above 0, got {info:?}"));
    }
    if info.description.is_empty() {
        return Err("the description, which the report prints, is empty".into());
    }
    KEPT
}

fn rows(features: &[f32], dim: usize, row: usize) -> Output {
    Output::new().with("features", features[row * dim..][..dim].to_vec(), &[dim])
}

fn batch_composition(make: &Make<'_, dyn Encoder>) -> Finding {
    let (images, [n, h, w, c]) = faces(3, 32, 32);
    let size = h * w * c;
    quietly(|ctx| {
        let mut encoder = make()?;
        let dim = encoder.info().dim;
        let all = encode(&mut *encoder, &images, &[n, h, w, c], ctx)?;
        let turned: Vec<u8> = images.chunks(size).rev().flatten().copied().collect();
        let turned = encode(&mut *encoder, &turned, &[n, h, w, c], ctx)?;
        let mut found = Vec::new();
        for row in 0..n {
            let alone = encode(&mut *encoder, &images[row * size..][..size], &[1, h, w, c], ctx)?;
            found.push((
                format!("image {row} alone and within a batch"),
                rows(&alone, dim, 0),
                rows(&all, dim, row),
            ));
            found.push((
                format!("image {row} in another order"),
                rows(&turned, dim, n - 1 - row),
                rows(&all, dim, row),
            ));
        }
        Ok(found)
    })
    .map_err(failed("a plain batch"))?
    .iter()
    .try_fold((), |(), (what, a, b)| close(what, a, b, RTOL, ATOL).map(drop))?;
    KEPT
}

fn tells_images_apart(make: &Make<'_, dyn Encoder>) -> Finding {
    let (images, shape) = faces(2, 32, 32);
    let (features, dim) = quietly(|ctx| {
        let mut encoder = make()?;
        Ok((encode(&mut *encoder, &images, &shape, ctx)?, encoder.info().dim))
    })
    .map_err(failed("a plain batch"))?;
    match rows(&features, dim, 0).differ(&rows(&features, dim, 1), 1e-6, 1e-9) {
        Some(_) => KEPT,
        None => Err("two different images have the same features".into()),
    }
}

fn any_size(make: &Make<'_, dyn Encoder>) -> Finding {
    for (h, w) in [(40, 30), (64, 64), (7, 9)] {
        let (images, shape) = faces(1, h, w);
        let features = quietly(|ctx| encode(&mut *make()?, &images, &shape, ctx));
        let features = features.map_err(failed(&format!("an image of {h}x{w}")))?;
        finite(&Output::new().with(
            &format!("features of an image of {h}x{w}"),
            features.clone(),
            &[features.len()],
        ))?;
    }
    KEPT
}

fn wrong_shapes(make: &Make<'_, dyn Encoder>) -> Finding {
    let mut encoder = make().map_err(failed("construction"))?;
    let dim = encoder.info().dim;
    let mut call = |images: &[usize], room: &[usize]| {
        let pixels = vec![100u8; images.iter().product()];
        let mut features = vec![0f32; room.iter().product()];
        quietly(|ctx| {
            encoder.encode(
                TensorRef::new(&pixels, images)?,
                TensorMut::new(&mut features, room)?,
                ctx,
            )
        })
    };
    call(&[2, 16, 16, 3], &[2, dim]).map_err(failed("a batch that fits"))?;
    refuses("images of one channel", call(&[2, 16, 16, 1], &[2, dim]))?;
    refuses("images as [N,3,H,W]", call(&[2, 3, 16, 16], &[2, dim]))?;
    refuses("images of three dimensions", call(&[16, 16, 3], &[1, dim]))?;
    refuses("room for 3 features of 2 images", call(&[2, 16, 16, 3], &[3, dim]))?;
    refuses(
        "room for features of another length",
        call(&[2, 16, 16, 3], &[2, dim + 1]),
    )?;
    refuses("images without pixels", call(&[2, 0, 16, 3], &[2, dim]))?;
    call(&[2, 16, 16, 3], &[2, dim]).map_err(failed("a batch that fits, after errors"))?;
    KEPT
}

fn wrong_types(make: &Make<'_, dyn Encoder>) -> Finding {
    let mut encoder = make().map_err(failed("construction"))?;
    let dim = encoder.info().dim;
    let (floats, pixels) = (vec![0.5f32; 16 * 16 * 3], vec![100u8; 16 * 16 * 3]);
    let (mut features, mut doubles) = (vec![0f32; dim], vec![0f64; dim]);
    let as_floats = quietly(|ctx| {
        encoder.encode(
            TensorRef::new(&floats, &[1, 16, 16, 3])?,
            TensorMut::new(&mut features, &[1, dim])?,
            ctx,
        )
    });
    refuses("images in f32", as_floats)?;
    let to_doubles = quietly(|ctx| {
        encoder.encode(
            TensorRef::new(&pixels, &[1, 16, 16, 3])?,
            TensorMut::new(&mut doubles, &[1, dim])?,
            ctx,
        )
    });
    refuses("room for features in f64", to_doubles)?;
    KEPT
}
