//! `ficta train`.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Mutex,
};

use clap::ValueEnum;
use ficta_core::{Error, Kind, Result, random::derive_seed};
use serde_json::{Value, json};

use super::{
    args::PluginFolderArgs, cancellation, component_params::choice, own_stdout::out, plugin_folders::registry, threads,
    train_evaluation::TrainEvaluationArgs, unfinished::differences,
};
use crate::{
    config::{ComponentChoice, ComputeDevice, LearningRate, Sampling, TrainingConfig},
    data::{People, source},
    pipeline::{
        Place, PluginsLock,
        face_training::FaceTraining,
        training_evaluation::TrainingEvaluation,
        training_images::{StreamedImages, TrainingImages},
    },
    registry::Registry,
    run_host::RunHost,
    storage::{atomic, json as json_file},
};

/// What a training was asked for, among its outputs.
pub const SETTINGS: &str = "training.json";
/// The folder of unfinished work.
const WORK: &str = ".training";

/// `ficta train`
#[derive(clap::Args, Debug)]
pub struct TrainArgs {
    /// Aligned faces, in any layout that `ficta data inspect` reads: a folder with one folder a person, .rec, .tar, .parquet, .zip. They are read as they
    /// are needed.
    #[arg(long, value_name = "PATH")]
    data: PathBuf,
    /// The network (`ficta plugins list` shows what there is).
    #[arg(long, default_value = "iresnet")]
    backbone: String,
    /// A parameter of the network: `--param depth=50`.
    #[arg(long = "param", value_name = "KEY=VALUE")]
    params: Vec<String>,
    /// The loss.
    #[arg(long, default_value = "cosface")]
    loss: String,
    /// A parameter of the loss: `--loss-param margin=0.35`.
    #[arg(long = "loss-param", value_name = "KEY=VALUE")]
    loss_params: Vec<String>,
    /// Optimizer steps.
    #[arg(long, conflicts_with = "epochs", required_unless_present = "epochs")]
    steps: Option<usize>,
    /// Passes over the images, instead of --steps.
    #[arg(long)]
    epochs: Option<usize>,
    /// Images a step.
    #[arg(long, default_value_t = 128)]
    batch: usize,
    /// Highest learning rate.
    #[arg(long, default_value_t = 0.1, allow_negative_numbers = true)]
    lr: f64,
    /// How the rate goes: down by 10 at 10, 16, 21 and 25 thirtieths; or as a power of what is left (arcface_torch); or as a half cosine.
    #[arg(long, value_enum, default_value_t = Schedule::Steps)]
    lr_schedule: Schedule,
    /// Steps of linear warm-up.
    #[arg(long, default_value_t = 0)]
    warmup: usize,
    /// Which images a step sees: each once an epoch; or an identity drawn for each place in a batch, then one of its images.
    #[arg(long, value_enum, default_value_t)]
    sampling: Sampling,
    #[command(flatten)]
    evaluation: TrainEvaluationArgs,
    /// Do not mirror images at random.
    #[arg(long)]
    no_flip: bool,
    /// Weights to start from (.safetensors, .pth).
    #[arg(long, value_name = "WEIGHTS")]
    init: Option<PathBuf>,
    /// Steps between checkpoints.
    #[arg(long, default_value_t = 200)]
    checkpoint_every: usize,
    /// Everything random follows from it.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Threads; 0 for all cores.
    #[arg(long, default_value_t = 0)]
    threads: usize,
    /// Where the backbone computes if it can: auto (the first GPU where there is one), cpu, cuda or cuda:N.
    #[arg(long, default_value_t = ComputeDevice::Auto)]
    device: ComputeDevice,
    /// Threads that decode images ahead of the training, instead of as many as --threads.
    #[arg(long, value_name = "N")]
    loader_threads: Option<usize>,
    /// Where weights and curves go.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Goes on with a training that was stopped.
    #[arg(long)]
    resume: bool,
    /// No progress, no log.
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    plugins: PluginFolderArgs,
}

/// Schedules of the learning rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Schedule {
    Steps,
    Poly,
    Cosine,
}

impl TrainArgs {
    fn learning_rate(&self) -> LearningRate {
        let (peak, warmup) = (self.lr, self.warmup);
        match self.lr_schedule {
            Schedule::Steps => LearningRate::Steps {
                peak,
                warmup,
                milestones: [10.0, 16.0, 21.0, 25.0]
                    .iter()
                    .map(|e| (format!("{e:02}"), e / 30.0))
                    .collect(),
                divisor: 10.0,
            },
            Schedule::Poly => LearningRate::Poly {
                peak,
                warmup,
                power: 2.0,
            },
            Schedule::Cosine => LearningRate::Cosine { peak, warmup },
        }
    }

    fn training(&self, images: usize) -> Result<TrainingConfig> {
        let positive = [
            ("--batch", self.batch),
            ("--checkpoint-every", self.checkpoint_every),
            ("--steps", self.steps.unwrap_or(1)),
            ("--epochs", self.epochs.unwrap_or(1)),
            ("--loader-threads", self.loader_threads.unwrap_or(1)),
        ];
        if let Some((flag, _)) = positive.into_iter().find(|(_, value)| *value == 0) {
            return Err(Error::config(format!("{flag} is 0, expected at least 1")));
        }
        let learning_rate = self.learning_rate();
        learning_rate.check("--lr")?;
        let of_epochs = |epochs: usize| {
            let all = epochs.checked_mul(images).map(|all| all.div_ceil(self.batch));
            all.ok_or_else(|| {
                Error::config(format!(
                    "--epochs {epochs} of {images} images are more images than can be counted"
                ))
                .help("give fewer epochs, or --steps")
            })
        };
        Ok(TrainingConfig {
            steps: match (self.steps, self.epochs) {
                (Some(steps), _) => steps,
                (None, epochs) => of_epochs(epochs.unwrap_or(1))?,
            },
            batch: self.batch,
            learning_rate,
            flip: !self.no_flip,
            sampling: self.sampling,
            evaluation: self.evaluation.config(self.checkpoint_every)?,
            seeds: 1,
            checkpoint_every: self.checkpoint_every,
        })
    }
}

pub fn train(args: &TrainArgs, as_json: bool) -> Result<()> {
    let cancelled = cancellation::on_ctrl_c_of_a_run()?;
    let registry = registry(&args.plugins)?;
    let backbone = choice(&args.backbone, &args.params, "--param")?;
    let loss = choice(&args.loss, &args.loss_params, "--loss-param")?;
    registry.check(Kind::BACKBONE, &backbone.plugin, &backbone.params)?;
    registry.check(Kind::LOSS, &loss.plugin, &loss.params)?;
    let threads = threads::keep_to(args.threads)?;
    let host = RunHost::new(args.seed, threads, args.quiet, cancelled).on(args.device.here());
    host.enter("data");
    let streamed = open_images(args, &backbone, &registry, threads)?;
    let images = TrainingImages::Streamed(&streamed);
    let training = args.training(images.len())?;
    let evaluation = training
        .evaluation
        .as_ref()
        .map(|e| TrainingEvaluation::open(e, None))
        .transpose()?;
    let settings = json!({
        "data": args.data, "images": images.len(), "identities": images.identities(),
        "backbone": backbone, "loss": loss, "training": training, "init": args.init, "seed": args.seed,
    });
    let work = args.out.join(WORK);
    let (dir, resume) = (work.join("outputs"), work.join("resume"));
    if claim(args, &work, &settings)? == Claim::Finished {
        host.say(&format!("{} is finished", args.out.display()));
        return report(args, &settings, as_json);
    }
    for path in [&dir, &resume] {
        fs::create_dir_all(path).map_err(|e| Error::io(format!("{}: {e}", path.display())))?;
    }
    json_file::write(&work.join(SETTINGS), &settings)?;
    host.enter("train");
    let place = Place {
        dir: dir.clone(),
        resume,
        root: &args.out,
        plugins_lock: &PluginsLock::default(),
        registry: &registry,
        host: &host,
        seed: args.seed,
        hashes: Mutex::default(),
    };
    FaceTraining {
        backbone: &backbone,
        loss: &loss,
        training: &training,
        images,
        weights_seed: derive_seed(args.seed, "backbone.weights", 0, 0),
        order_seed: derive_seed(args.seed, "backbone.order", 0, 0),
        start: args.init.as_deref(),
        evaluation: evaluation.as_ref(),
    }
    .run(&place)?;
    host.enter("");
    json_file::write(&dir.join(SETTINGS), &settings)?;
    finish(&args.out, &dir, &work)?;
    report(args, &settings, as_json)
}

/// The set, its images at the network's size.
fn open_images(
    args: &TrainArgs,
    backbone: &ComponentChoice,
    registry: &Registry,
    threads: usize,
) -> Result<StreamedImages> {
    let info = registry.backbone(&backbone.plugin, &backbone.params)?.info();
    let source = source::open(&args.data)?;
    let people = People::of(&*source)?;
    people.check_counts(1)?;
    Ok(StreamedImages {
        source: source.into(),
        people: Some(people.into()),
        height: info.height,
        width: info.width,
        threads: args.loader_threads.unwrap_or(threads),
    })
}

#[derive(PartialEq, Eq)]
enum Claim {
    Free,
    Finished,
}

/// Makes sure that nothing of another training is lost or taken up.
fn claim(args: &TrainArgs, work: &Path, settings: &Value) -> Result<Claim> {
    let shown = args.out.display();
    let other = |found: &Value| {
        let keys = differences(found, settings).unwrap_or_default();
        Error::config(format!("{shown} holds a training with another {keys}"))
            .help("give the options that it was started with, or another --out")
    };
    let done = args.out.join(SETTINGS);
    if done.exists() && !work.exists() {
        let found: Value = json_file::read(&done)?;
        return match (args.resume, found == *settings) {
            (true, true) => Ok(Claim::Finished),
            (true, false) => Err(other(&found)),
            (false, _) => Err(Error::config(format!("{shown} holds a finished training")).help("take another --out")),
        };
    }
    if !work.exists() {
        return Ok(Claim::Free);
    }
    if !args.resume {
        return Err(Error::config(format!("{shown} holds a training that was stopped"))
            .help("go on with --resume, or take another --out"));
    }
    let started = work.join(SETTINGS);
    if started.exists() {
        let found: Value = json_file::read(&started)?;
        if found != *settings {
            return Err(other(&found));
        }
    }
    Ok(Claim::Free)
}

/// Moves the outputs to their place; the settings last, which say that the training is finished.
fn finish(out: &Path, dir: &Path, work: &Path) -> Result<()> {
    let io = |path: &Path, e: std::io::Error| Error::io(format!("{}: {e}", path.display()));
    let mut names: Vec<_> = fs::read_dir(dir)
        .map_err(|e| io(dir, e))?
        .filter_map(|entry| Some(entry.ok()?.file_name()))
        .collect();
    names.sort_by_key(|name| (name == SETTINGS, name.clone()));
    // On the disk before anything says so; and so are the names, before what they replace goes.
    atomic::sync_tree(dir)?;
    for name in names {
        fs::rename(dir.join(&name), out.join(&name)).map_err(|e| io(&out.join(&name), e))?;
    }
    atomic::sync_folder(out)?;
    fs::remove_dir_all(work).map_err(|e| io(work, e))
}

fn report(args: &TrainArgs, settings: &Value, as_json: bool) -> Result<()> {
    let weights = args.out.join(crate::pipeline::face_training::WEIGHTS);
    match as_json {
        true => out!(
            "{:#}",
            json!({"out": args.out, "weights": weights, "training": settings})
        ),
        false => out!("{}", weights.display()),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Call {
        #[command(flatten)]
        train: TrainArgs,
    }

    /// The steps of a training on so many images.
    fn steps(more: &[&str], images: usize) -> Result<usize> {
        let call = [
            &["train", "--data", "faces", "--out", "trained", "--batch", "8"][..],
            more,
        ]
        .concat();
        Ok(Call::parse_from(call).train.training(images)?.steps)
    }

    #[test]
    fn epochs_are_passes_over_the_images() {
        assert_eq!(steps(&["--epochs", "3"], 20).unwrap(), 8);
        assert_eq!(steps(&["--steps", "3"], 20).unwrap(), 3);
        let most = usize::MAX.to_string();
        assert_eq!(steps(&["--epochs", &most], 1).unwrap(), usize::MAX.div_ceil(8));
        let error = steps(&["--epochs", &most], 2).unwrap_err();
        assert!(
            error.to_string().contains(&format!("--epochs {most} of 2 images")),
            "{error}"
        );
    }
}
