//! Images per second of training and prediction on this machine.
//!
//! `cargo run --release -p ficta-diffusion-tch --example unet_throughput -- '{"channels":1,"base_width":48}' [BATCH] [STEPS]`
//!
//! Wall time, and CPU time over the number of threads, which is what an idle machine would take.

use std::time::Instant;

use ficta_core::{Configure, Ctx, Denoiser, Error, TensorMut, TensorRef, random::Stream};
use ficta_diffusion_tch::{Params, UnetDenoiser};

#[path = "support/threads.rs"]
mod threads;
use threads::{Threads, cpu_seconds};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let params: Params = serde_json::from_str(&args.next().unwrap_or_else(|| "{}".into()))?;
    let batch: usize = args.next().map_or(Ok(64), |a| a.parse())?;
    let steps: usize = args.next().map_or(Ok(10), |a| a.parse())?;
    let host = Threads::available();
    let ctx = Ctx::new(&host);
    let shape = [batch, params.channels, params.resolution, params.resolution];
    let mut unet = UnetDenoiser::configure(params)?;
    unet.initialise(128, 1, &ctx)?;
    println!("{} parameters, {} threads", unet.info().parameters, host.0);

    let mut images = vec![0f32; shape.iter().product()];
    Stream::new(1, "images", 0, 0).fill_normal(&mut images);
    images.iter_mut().for_each(|v| *v = (*v * 0.5).clamp(-1.0, 1.0));
    let conditions = vec![128f32.sqrt().recip(); batch * 128];
    let conditions = TensorRef::new(&conditions, &[batch, 128])?;
    let x = TensorRef::new(&images, &shape)?;
    let time = |name: &str, work: &mut dyn FnMut(u64) -> Result<(), Error>| -> Result<(), Error> {
        work(0)?;
        work(1)?;
        let (wall, cpu) = (Instant::now(), cpu_seconds());
        for i in 0..steps as u64 {
            work(2 + i)?;
        }
        let count = (batch * steps) as f64;
        let idle = (cpu_seconds() - cpu) / host.0 as f64;
        println!(
            "{name}: {:.0} images/s wall, {:.0} by CPU time",
            count / wall.elapsed().as_secs_f64(),
            count / idle
        );
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
