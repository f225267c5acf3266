//! Images per second of training and prediction on this machine.
//!
//! `cargo run --release -p ficta-diffusion-tch --example unet_throughput -- '{"channels":1,"base_width":48}' [BATCH] [STEPS]`

use std::time::Instant;

use ficta_core::{Configure, Ctx, Denoiser, Error, TensorMut, TensorRef, random::Stream, testing::RecordingHost};
use ficta_diffusion_tch::{Params, UnetDenoiser};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let params: Params = serde_json::from_str(&args.next().unwrap_or_else(|| "{}".into()))?;
    let batch: usize = args.next().map_or(Ok(64), |a| a.parse())?;
    let steps: usize = args.next().map_or(Ok(10), |a| a.parse())?;
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get() as u32);
    let host = RecordingHost::new(0).with_threads(threads);
    let ctx = Ctx::new(&host);
    let shape = [batch, params.channels, params.resolution, params.resolution];
    let mut unet = UnetDenoiser::configure(params)?;
    unet.initialise(128, 1, &ctx)?;
    println!("{} parameters, {threads} threads", unet.info().parameters);

    let mut images = vec![0f32; shape.iter().product()];
    Stream::new(1, "images", 0, 0).fill_normal(&mut images);
    images.iter_mut().for_each(|v| *v = (*v * 0.5).clamp(-1.0, 1.0));
    let conditions = vec![128f32.sqrt().recip(); batch * 128];
    let conditions = TensorRef::new(&conditions, &[batch, 128])?;
    let x = TensorRef::new(&images, &shape)?;
    let time = |name: &str, work: &mut dyn FnMut(u64) -> Result<(), Error>| -> Result<(), Error> {
        work(0)?;
        work(1)?;
        let started = Instant::now();
        for i in 0..steps as u64 {
            work(2 + i)?;
        }
        let count = (batch * steps) as f64;
        println!("{name}: {:.0} images/s", count / started.elapsed().as_secs_f64());
        Ok(())
    };
    time("train", &mut |i| {
        let seeds: Vec<u64> = (0..batch as u64).map(|b| i * 1000 + b).collect();
        unet.train_step(x, conditions, TensorRef::new(&seeds, &[batch])?, 1e-3, &ctx)
            .map(drop)
    })?;
    let t = vec![500i64; batch];
    let mut out = vec![0f32; images.len()];
    time("predict", &mut |_| {
        let t = TensorRef::new(&t, &[batch])?;
        unet.predict(x, t, Some(conditions), TensorMut::new(&mut out, &shape)?, &ctx)
    })?;
    Ok(())
}
