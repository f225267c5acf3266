//! `ficta generate`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use ficta_core::{Error, Kind, Result};
use serde_json::{Value, json};

use super::{
    args::PluginFolderArgs,
    cancellation,
    component_params::{changed, choice},
    own_stdout::out,
    plugin_folders::registry,
    threads,
    unfinished::{differences, work_folder},
};
use crate::{
    at_work,
    config::{ComponentChoice, ComputeDevice, DenoiserConfig, RunConfig},
    data::writer::{Card, Origin},
    pipeline::{
        Place, PluginsLock, RECORD, RunFolder, StageRecord,
        conditions::{Conditions, Shown},
        generated_set::{self, SETTINGS},
        generator::Generator,
        identities::IdentityTable,
        stages::{self, DENOISER, DENOISER_WEIGHTS},
    },
    run_host::RunHost,
    storage::{atomic, hash, json as json_file},
};

/// `ficta generate`
#[derive(clap::Args, Debug)]
pub struct GenerateArgs {
    /// Whom to show, a row each: a file of `ficta select` or `propose`, of `ficta stats`, or features (safetensors, .npy, Parquet).
    #[arg(long, value_name = "IDS")]
    identities: PathBuf,
    /// The run folder whose trained denoiser and sampler are used, as its config.toml names them.
    #[arg(long, value_name = "RUN", required_unless_present = "weights")]
    run: Option<PathBuf>,
    /// Weights of a denoiser, instead of the run's.
    #[arg(long, value_name = "WEIGHTS")]
    weights: Option<PathBuf>,
    /// The denoiser, instead of the run's.
    #[arg(long, value_name = "NAME", required_unless_present = "run")]
    denoiser: Option<String>,
    /// A parameter of the denoiser, beside the run's unless --denoiser is given.
    #[arg(long = "param", value_name = "KEY=VALUE")]
    params: Vec<String>,
    /// The sampler, instead of the run's.
    #[arg(long, value_name = "NAME", required_unless_present = "run")]
    sampler: Option<String>,
    /// A parameter of the sampler, beside the run's unless --sampler is given: `--sampler-param steps=50`.
    #[arg(long = "sampler-param", value_name = "KEY=VALUE")]
    sampler_params: Vec<String>,
    /// Images of each identity.
    #[arg(long, default_value_t = 20, value_name = "N")]
    images: usize,
    /// The first so many identities; 0 for all.
    #[arg(long, default_value_t = 0, value_name = "N")]
    count: usize,
    /// Images made at once. None depends on it.
    #[arg(long, default_value_t = 16, value_name = "N")]
    batch: usize,
    /// Everything random follows from it; the run's where it is not given, else 0.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Features are in the space of the run's identities already: their centre is not subtracted.
    #[arg(long)]
    centred: bool,
    /// The folder to write, which `ficta data`, `train` and `encode` read as a set. It appears when all is done; a call that was stopped goes on where it was.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Threads, the run's where it is not given; 0 for all cores.
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Where the denoiser computes if it can, the run's choice where it is not given: auto (the first GPU where there is one), cpu, cuda or cuda:N.
    #[arg(long)]
    device: Option<ComputeDevice>,
    /// No progress, no log.
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    plugins: PluginFolderArgs,
}

/// What makes the images.
struct Maker {
    denoiser: ComponentChoice,
    sampler: ComponentChoice,
    weights: PathBuf,
    seed: u64,
    threads: usize,
    device: ComputeDevice,
    /// Centre of the run's identities, `[d]`, or that they have none; not known without a run.
    center: Option<Option<Vec<f32>>>,
    /// What the denoiser learnt from, where a card of the run says so.
    origin: Option<Origin>,
}

impl Maker {
    fn of(args: &GenerateArgs) -> Result<Self> {
        let config = args.run.as_deref().map(config_of).transpose()?;
        let own = |given: &Option<String>, kept: Option<ComponentChoice>, params: &[String], option: &str| {
            let choice = match (given, kept) {
                (Some(name), _) => return choice(name, params, option),
                (None, Some(kept)) => kept,
                (None, None) => {
                    return Err(Error::config("the run has no trained denoiser, or no [sampler]")
                        .help("train it first: `ficta run RUN.toml --until train-denoiser`; or give --denoiser, --weights and --sampler"));
                }
            };
            changed(choice, params, option)
        };
        // What the weights belong to stands beside them, since the config may have changed; runs of earlier versions have the config alone.
        let beside = args.run.as_ref().map(|run| run.join("train-denoiser").join(DENOISER));
        let of_run = match beside.filter(|file| file.exists()) {
            Some(file) => Some(json_file::read(&file)?),
            None => config
                .as_ref()
                .and_then(|c| c.denoiser.as_ref())
                .map(DenoiserConfig::component),
        };
        let of_config = config.as_ref().map(|c| &c.run);
        let denoiser = own(&args.denoiser, of_run, &args.params, "--param")?;
        let of_run = config.as_ref().and_then(|c| c.sampler.clone());
        let sampler = own(&args.sampler, of_run, &args.sampler_params, "--sampler-param")?;
        let weights = match (&args.weights, &args.run) {
            (Some(file), _) => file.clone(),
            (None, Some(run)) => {
                let file = run.join("train-denoiser").join(DENOISER_WEIGHTS);
                if !file.is_file() {
                    return Err(
                        Error::config(format!("{}: no trained denoiser", run.display())).help(format!(
                            "train it first: `ficta run RUN.toml --until train-denoiser`, which writes {}",
                            file.display()
                        )),
                    );
                }
                file
            }
            (None, None) => return Err(Error::config("--run or --weights is needed")),
        };
        let statistics = args
            .run
            .as_ref()
            .map(|run| run.join("statistics").join(stages::IDENTITIES));
        let center = match statistics.filter(|file| file.is_file()) {
            Some(file) => Some(IdentityTable::read(&file)?.center),
            None => None,
        };
        Ok(Self {
            denoiser,
            sampler,
            weights,
            seed: args.seed.or(of_config.map(|run| run.seed)).unwrap_or(0),
            threads: args.threads.or(of_config.map(|run| run.threads)).unwrap_or(0),
            device: args
                .device
                .or(of_config.map(|run| run.device))
                .unwrap_or(ComputeDevice::Auto),
            center,
            origin: args.run.as_deref().and_then(origin_of),
        })
    }

    fn choices(&self) -> [(Kind, &ComponentChoice); 2] {
        [(Kind::DENOISER, &self.denoiser), (Kind::SAMPLER, &self.sampler)]
    }
}

/// The resolved config in a run folder.
fn config_of(run: &Path) -> Result<RunConfig> {
    let file = run.join("config.toml");
    let text = fs::read_to_string(&file).map_err(|e| {
        atomic::io_error("read", &file, &e).help("name a run folder: `ficta run` writes its config there")
    })?;
    toml::from_str(&text).map_err(|e| Error::config(format!("{}: {e}", file.display())))
}

/// What the sets that a run has generated are made from.
fn origin_of(run: &Path) -> Option<Origin> {
    let mut sets: Vec<_> = fs::read_dir(run.join("generate"))
        .ok()?
        .flatten()
        .map(|e| e.path())
        .collect();
    sets.sort();
    sets.iter()
        .find_map(|set| Card::read(set)?.made_from.into_iter().next())
}

pub fn generate(args: &GenerateArgs, as_json: bool) -> Result<()> {
    for (option, value) in [("--images", args.images), ("--batch", args.batch)] {
        if value == 0 {
            return Err(Error::config(format!("{option} 0: expected at least 1")));
        }
    }
    let cancelled = cancellation::on_ctrl_c_of_a_run()?;
    let registry = registry(&args.plugins)?;
    let maker = Maker::of(args)?;
    for (kind, choice) in maker.choices() {
        registry.check(kind, &choice.plugin, &choice.params)?;
    }
    let conditions = Conditions::open(
        &args.identities,
        maker.center.as_ref().map(Option::as_deref),
        !args.centred,
    )?
    .first(args.count)?;
    let host =
        RunHost::new(maker.seed, threads::keep_to(maker.threads)?, args.quiet, cancelled).on(maker.device.here());
    let components = maker.choices().map(|(kind, choice)| (kind, choice.clone()));
    let lock = PluginsLock::of(&[], &components, &registry)?;
    let libraries: BTreeMap<_, _> = lock
        .plugins
        .iter()
        .map(|(name, plugin)| (name, &plugin.sha256))
        .collect();
    let numbers: Vec<u8> = conditions.unit.data.iter().flat_map(|x| x.to_le_bytes()).collect();
    let settings = json!({
        "identities": hash::of_bytes(&numbers), "count": conditions.unit.rows, "images": args.images,
        "denoiser": maker.denoiser, "weights": hash::of_file(&maker.weights)?, "sampler": maker.sampler, "seed": maker.seed,
        "plugins": libraries,
    });
    let work = work_folder(&args.out);
    if claim(&args.out, &work, &settings)? {
        host.say(&format!("{} is finished", args.out.display()));
        return report(args, &settings, as_json);
    }
    let begun = RunFolder::at(work.clone());
    let _held = begun.lock()?;
    atomic::remove_leftovers(&work)?;
    let (dir, resume) = (work.join("outputs"), work.join("resume"));
    for path in [&dir, &resume] {
        fs::create_dir_all(path).map_err(|e| atomic::io_error("make", path, &e))?;
    }
    host.enter("generate");
    at_work::set(&format!(
        "denoiser {}, sampler {}",
        maker.denoiser.plugin, maker.sampler.plugin
    ));
    let choices = maker.choices();
    let place = Place {
        dir: dir.clone(),
        resume,
        root: &args.out,
        plugins_lock: &lock,
        registry: &registry,
        host: &host,
        seed: maker.seed,
        hashes: Mutex::default(),
    };
    let mut generator = Generator::load(&place, choices.map(|(_, choice)| choice), &maker.weights)?;
    let wanted = generator.network.info().condition_dim;
    if wanted != conditions.unit.cols {
        return Err(Error::data(format!(
            "{}: features of {} numbers, but the denoiser learnt from features of {wanted}",
            args.identities.display(),
            conditions.unit.cols
        ))
        .help("use identities of the encoder that the denoiser was trained with"));
    }
    // Only what can be made lays claim to the folder.
    json_file::write(&work.join(SETTINGS), &settings)?;
    let Conditions { unit, shown } = conditions;
    let rows = (0..unit.rows as i64).collect();
    generated_set::write(&place, &mut generator, (&unit, rows), args.images, args.batch)?;
    let used = choices.map(|(kind, choice)| format!("{kind} {}", choice.plugin));
    let shown = match (shown, &maker.origin) {
        (Shown::Nobody, Some(_)) => generated_set::NOBODY,
        (Shown::Nobody, None) => "generated images of nobody; whom the generator learnt from is not known here",
        (Shown::RealPeople, Some(_)) => generated_set::REAL_PEOPLE,
        (Shown::RealPeople | Shown::Unknown, _) => generated_set::UNKNOWN,
    };
    let sizes = [unit.rows, args.images];
    generated_set::card(&place, "ficta generate", maker.origin.clone(), &used, shown, sizes).write(&dir)?;
    host.enter("");
    at_work::set("");
    let known = place.hashes.into_inner().unwrap_or_else(PoisonError::into_inner);
    json_file::write(&dir.join(SETTINGS), &settings)?;
    let record = StageRecord::of(
        &dir,
        "generate",
        &hash::of_bytes(settings.to_string().as_bytes()),
        &known,
    )?;
    json_file::write(&dir.join(RECORD), &record)?;
    finish(&args.out, &dir, &work)?;
    report(args, &settings, as_json)
}

/// Whether `out` holds this very set already. Makes sure that nothing of another set is lost or taken up.
fn claim(out: &Path, work: &Path, settings: &Value) -> Result<bool> {
    if out.exists() {
        let found: Value = json_file::read(&out.join(SETTINGS)).map_err(|_| {
            Error::config(format!(
                "{} is there already, and is no set of `ficta generate`",
                out.display()
            ))
            .help("take another --out")
        })?;
        if let Some(keys) = differences(&found, settings) {
            return Err(
                Error::config(format!("{} holds a set with another {keys}", out.display())).help("take another --out"),
            );
        }
        return match StageRecord::read(out).map(|record| record.damaged(out)) {
            Some(None) => {
                // Killed after the last rename: only the clearing away is left.
                let _ = fs::remove_dir_all(work);
                Ok(true)
            }
            _ => Err(Error::data(format!(
                "{} is damaged: a file is missing or has another length",
                out.display()
            ))
            .help("remove it, and generate it again")),
        };
    }
    let begun = work.join(SETTINGS);
    if begun.exists() {
        let found: Value = json_file::read(&begun)?;
        if let Some(keys) = differences(&found, settings) {
            return Err(Error::config(format!(
                "{} holds an unfinished set with another {keys}",
                work.display()
            ))
            .help("give the options that it was started with, take another --out, or remove that folder"));
        }
    }
    Ok(false)
}

/// Moves the set to its place, on the disk before its name is.
fn finish(out: &Path, dir: &Path, work: &Path) -> Result<()> {
    atomic::sync_tree(dir)?;
    fs::rename(dir, out).map_err(|e| atomic::io_error("write", out, &e))?;
    let parent = out
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    atomic::sync_folder(parent)?;
    fs::remove_dir_all(work).map_err(|e| atomic::io_error("remove", work, &e))
}

fn report(args: &GenerateArgs, settings: &Value, as_json: bool) -> Result<()> {
    match as_json {
        true => out!("{:#}", json!({"out": args.out, "generation": settings})),
        false => out!(
            "{}: {} identities, {} images each",
            args.out.display(),
            settings["count"],
            args.images
        ),
    }
    Ok(())
}
