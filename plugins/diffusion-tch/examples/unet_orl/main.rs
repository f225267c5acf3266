//! Trains the UNet on the ORL faces of 30 people, with a random unit vector for each as condition, and draws real faces beside generated ones.
//!
//! `cargo run --release -p ficta-diffusion-tch --example unet_orl -- ORL_FOLDER OUT.png ['{"params": {..}, "steps": 2000, ..}']`
//!
//! ORL_FOLDER holds s1/1.pgm .. s40/10.pgm (AT&T Laboratories Cambridge). The random conditions say nothing about looks: what is
//! recognisable has been learned by heart from ten images each, which is the point of this trial.

mod ddim;
mod faces;
mod sheet;
#[path = "../support/threads.rs"]
mod threads;

use std::time::Instant;

use ficta_core::{Configure, Ctx, Denoiser, TensorRef, random::Stream};
use ficta_diffusion_tch::{Params, UnetDenoiser};
use serde::Deserialize;
use threads::{Threads, cpu_seconds};

/// What can be tried.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Trial {
    params: Params,
    steps: u64,
    batch: usize,
    /// Peak learning rate; 5% of the steps warm up to it, then half a cosine falls to a hundredth of it.
    learning_rate: f64,
    guidance: Vec<f64>,
    sampling_steps: usize,
    flip: bool,
    seed: u64,
}

impl Default for Trial {
    fn default() -> Self {
        Self {
            params: Params {
                channels: 1,
                ..Params::default()
            },
            steps: 2000,
            batch: 32,
            learning_rate: 2e-3,
            guidance: vec![1.0],
            sampling_steps: 20,
            flip: true,
            seed: 1,
        }
    }
}

const PEOPLE: usize = 30;
const DIM: usize = 128;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let [_, folder, out, rest @ ..] = &args[..] else {
        return Err("usage: unet_orl ORL_FOLDER OUT.png [JSON]".into());
    };
    let trial: Trial = serde_json::from_str(rest.first().map_or("{}", String::as_str))?;
    let side = trial.params.resolution;
    let faces = faces::read(folder.as_ref(), PEOPLE, side)?;
    let mut features = vec![0f32; PEOPLE * DIM];
    for (person, f) in features.chunks_mut(DIM).enumerate() {
        Stream::new(trial.seed, "people", person as u64, 0).fill_normal(f);
        let norm = f.iter().map(|v| v * v).sum::<f32>().sqrt();
        f.iter_mut().for_each(|v| *v /= norm);
    }
    let host = Threads::available();
    let ctx = Ctx::new(&host);
    let mut unet = UnetDenoiser::configure(trial.params.clone())?;
    unet.initialise(DIM, trial.seed, &ctx)?;
    println!("{} parameters", unet.info().parameters);
    let (wall, cpu) = (Instant::now(), cpu_seconds());
    let idle = |since: f64| (cpu_seconds() - since) / f64::from(host.0);
    let mut recent = Vec::new();
    for step in 0..trial.steps {
        let batch = draw(&trial, &faces, step);
        let conditions: Vec<f32> = batch
            .people
            .iter()
            .flat_map(|p| features[p * DIM..][..DIM].to_vec())
            .collect();
        let n = trial.batch;
        recent.push(unet.train_step(
            TensorRef::new(&batch.images, &[n, 1, side, side])?,
            TensorRef::new(&conditions, &[n, DIM])?,
            TensorRef::new(&batch.seeds, &[n])?,
            learning_rate(&trial, step),
            &ctx,
        )?);
        if (step + 1) % 200 == 0 || step + 1 == trial.steps {
            let mean = recent.iter().sum::<f64>() / recent.len() as f64;
            let (wall, cpu) = (wall.elapsed().as_secs_f64(), idle(cpu));
            println!(
                "step {}: loss {mean:.4}, {wall:.0} s wall, {cpu:.0} s on idle processors",
                step + 1
            );
            recent.clear();
        }
    }
    let per_person = 10;
    for guidance in &trial.guidance {
        let cpu = cpu_seconds();
        let conditions: Vec<f32> = features.chunks(DIM).flat_map(|f| f.repeat(per_person)).collect();
        let made = ddim::sample(
            &mut unet,
            &conditions,
            DIM,
            trial.sampling_steps,
            *guidance,
            trial.seed,
            &ctx,
        )?;
        println!(
            "guidance {guidance}: {:.0} s on idle processors for {} images; nearest real image is of the same person: {:.1}%; \
             distance to it {:.3}, between real ones {:.3}; spread within a person {:.3}, real {:.3}",
            idle(cpu),
            PEOPLE * per_person,
            100.0 * faces::right(&made, &faces, per_person),
            faces::nearest(&made, &faces),
            faces::nearest_real(&faces),
            faces::spread(&made, side, per_person),
            faces::spread(&faces.images, side, 10),
        );
        let path = out.replace(".png", &format!("-g{guidance}.png"));
        sheet::write(path.as_ref(), &faces, &made, per_person)?;
    }
    Ok(())
}

struct Batch {
    images: Vec<f32>,
    people: Vec<usize>,
    seeds: Vec<u64>,
}

/// Rows drawn with replacement, half of them mirrored.
fn draw(trial: &Trial, faces: &faces::Faces, step: u64) -> Batch {
    let (side, pixels) = (trial.params.resolution, trial.params.resolution.pow(2));
    let mut batch = Batch {
        images: Vec::new(),
        people: Vec::new(),
        seeds: Vec::new(),
    };
    for row in 0..trial.batch as u64 {
        let mut stream = Stream::new(trial.seed, "batch", step, row);
        let i = stream.below(faces.people.len() as u64) as usize;
        let start = batch.images.len();
        batch.images.extend(&faces.images[i * pixels..][..pixels]);
        if trial.flip && stream.below(2) == 1 {
            batch.images[start..].chunks_mut(side).for_each(<[f32]>::reverse);
        }
        batch.people.push(faces.people[i]);
        batch.seeds.push(stream.next_u64());
    }
    batch
}

fn learning_rate(trial: &Trial, step: u64) -> f64 {
    let warm_up = (trial.steps / 20).max(1);
    if step < warm_up {
        return trial.learning_rate * (step + 1) as f64 / warm_up as f64;
    }
    let done = (step - warm_up) as f64 / (trial.steps - warm_up).max(1) as f64;
    trial.learning_rate * (0.01 + 0.99 * 0.5 * (1.0 + (std::f64::consts::PI * done).cos()))
}
