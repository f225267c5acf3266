//! Images a second in training and in `embed`, and the loss's share of a step: `iresnet_throughput '{"depth":50}' BATCH THREADS [STEPS [CLASSES]]`.

use std::{
    error::Error,
    time::{Duration, Instant},
};

use ficta_core::{
    Backbone, Configure, Ctx, Loss, LossGradient, LossInput, TensorMut, TensorRef, random::Stream,
    testing::RecordingHost,
};
use ficta_iresnet_tch::IResNet;
use ficta_losses::CosFace;

/// A loss, and how long it has worked.
struct Timed<L> {
    loss: L,
    spent: Duration,
}

impl<L: Loss> Loss for Timed<L> {
    fn evaluate(
        &mut self,
        input: &LossInput<'_>,
        gradient: LossGradient<'_>,
        ctx: &Ctx<'_>,
    ) -> ficta_core::Result<f64> {
        let started = Instant::now();
        let value = self.loss.evaluate(input, gradient, ctx);
        self.spent += started.elapsed();
        value
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [params, batch, threads, rest @ ..] = arguments.as_slice() else {
        return Err("usage: iresnet_throughput PARAMS_JSON BATCH THREADS [STEPS [CLASSES]]".into());
    };
    let (batch, threads): (usize, u32) = (batch.parse()?, threads.parse()?);
    let steps: usize = rest.first().map_or(Ok(20), |s| s.parse())?;
    let classes: usize = rest.get(1).map_or(Ok(100), |s| s.parse())?;
    let host = RecordingHost::new(0).with_threads(threads);
    let ctx = Ctx::new(&host);

    let mut net = IResNet::configure(serde_json::from_str(params)?)?;
    let started = Instant::now();
    net.initialise(classes, 1, &ctx)?;
    let info = net.info();
    println!(
        "{} parameters, drawn in {:.2} s",
        info.parameters,
        started.elapsed().as_secs_f64()
    );

    let shape = [batch, info.channels, info.height, info.width];
    let mut pixels = vec![0f32; shape.iter().product()];
    let mut stream = Stream::new(1, "throughput", 0, 0);
    pixels
        .iter_mut()
        .for_each(|p| *p = (2.0 * stream.uniform() - 1.0) as f32);
    let labels: Vec<i64> = (0..batch).map(|i| (i * 79 % classes) as i64).collect();
    let (images, labels) = (TensorRef::new(&pixels, &shape)?, TensorRef::new(&labels, &[batch])?);

    let mut loss = Timed {
        loss: CosFace::configure(serde_json::from_str("{}")?)?,
        spent: Duration::ZERO,
    };
    let mut embeddings = vec![0f32; batch * info.dim];
    let mut train = || net.train_step(images, labels, &mut loss, 0.01, &ctx).map(drop);
    let all = measure("train_step", batch, steps, &mut train)?;
    let each = loss.spent.as_secs_f64() / (steps + WARM_UP) as f64;
    println!(
        "loss: {:.2} ms of {:.0} ms a step ({classes} classes), {:.2} %",
        1e3 * each,
        1e3 * all,
        100.0 * each / all
    );
    let mut embed = || net.embed(images, TensorMut::new(&mut embeddings, &[batch, info.dim])?, &ctx);
    measure("embed", batch, steps, &mut embed).map(drop)
}

/// Steps before those that count.
const WARM_UP: usize = 2;

/// The mean seconds of a call.
fn measure(
    what: &str,
    batch: usize,
    steps: usize,
    work: &mut dyn FnMut() -> ficta_core::Result<()>,
) -> Result<f64, Box<dyn Error>> {
    for _ in 0..WARM_UP {
        work()?;
    }
    let mut seconds = Vec::with_capacity(steps);
    let cpu = cpu_seconds();
    for _ in 0..steps {
        let started = Instant::now();
        work()?;
        seconds.push(started.elapsed().as_secs_f64());
    }
    let cpu = cpu_seconds() - cpu;
    let mean = seconds.iter().sum::<f64>() / steps as f64;
    seconds.sort_by(f64::total_cmp);
    let images = batch as f64;
    let per_cpu = images * steps as f64 / cpu;
    println!(
        "{what}: median {:.1} images/s, best {:.1}, {per_cpu:.1} a CPU second",
        images / seconds[steps / 2],
        images / seconds[0]
    );
    Ok(mean)
}

/// What all threads have computed, also those that have ended, for comparisons on a busy machine; NaN where the kernel does not say (it is Linux's).
fn cpu_seconds() -> f64 {
    /// Of a second, in what the kernel tells.
    const TICKS: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // After the program's name, which may hold anything: the state, ten numbers, time in the program and time in the kernel.
    let fields = stat
        .rsplit_once(')')
        .map_or("", |(_, fields)| fields)
        .split_whitespace();
    let times: Vec<f64> = fields.skip(11).take(2).filter_map(|s| s.parse().ok()).collect();
    if times.len() == 2 {
        times.iter().sum::<f64>() / TICKS
    } else {
        f64::NAN
    }
}
