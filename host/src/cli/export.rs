//! `ficta export`.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
};

use ficta_core::{Error, ErrorKind, Kind, Result, SaveKind};
use ficta_state_dict::{StateDict, torch_save};
use serde_json::{Value, json};

use super::{
    args::PluginFolderArgs,
    component_params::{changed, choice},
    model_card::ModelCard,
    own_stdout::out,
    plugin_folders::registry,
    threads,
};
use crate::{
    config::ComponentChoice,
    pipeline::face_training::{SET, SetSize, WEIGHTS},
    run_host::RunHost,
    storage::{atomic, hash, json as json_file},
};

/// Names of what is written.
const SAFETENSORS: &str = "backbone.safetensors";
const PTH: &str = "backbone.pth";
const ONNX: &str = "backbone.onnx";
const CARD: &str = "README.md";

/// `ficta export`
#[derive(clap::Args, Debug)]
pub struct ExportArgs {
    /// A training's folder, a run folder with one training, or a file of weights (.safetensors, .pth).
    what: PathBuf,
    /// The folder to write.
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// The network, for weights that do not say what they belong to.
    #[arg(long)]
    backbone: Option<String>,
    /// A parameter of the network: `--param depth=50`.
    #[arg(long = "param", value_name = "KEY=VALUE")]
    params: Vec<String>,
    #[command(flatten)]
    plugins: PluginFolderArgs,
}

pub fn export(args: &ExportArgs, as_json: bool) -> Result<()> {
    let weights = find_weights(&args.what)?;
    let registry = registry(&args.plugins)?;
    let network = network_of(args, &weights)?;
    registry.check(Kind::BACKBONE, &network.plugin, &network.params)?;
    let mut backbone = registry.backbone(&network.plugin, &network.params)?;
    let threads = threads::keep_to(0)?;
    let host = RunHost::new(0, threads, as_json, Arc::new(AtomicBool::new(false)));
    let ctx = host.ctx();
    backbone.load(&weights, &ctx)?;
    if args.to.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(Error::config(format!("{} is not empty", args.to.display())).help("take another folder with --to"));
    }
    let mut files = vec![SAFETENSORS, PTH];
    let set = SetSize::beside(&weights);
    atomic::write_folder(&args.to, |folder| {
        backbone.save(&folder.join(SAFETENSORS), SaveKind::WEIGHTS, &ctx)?;
        let dict = StateDict::read(&folder.join(SAFETENSORS))?;
        let tensors = dict.names().filter_map(|name| Some((name, dict.get(name)?)));
        atomic::write_bytes(&folder.join(PTH), &torch_save(tensors)?)?;
        match backbone.save(&folder.join(ONNX), SaveKind::ONNX, &ctx) {
            Ok(()) => files.push(ONNX),
            Err(error) if error.kind() == ErrorKind::UNSUPPORTED => host.say(&format!("no ONNX model: {error}")),
            Err(error) => return Err(error),
        }
        let card = ModelCard {
            network: &network,
            info: backbone.info(),
            files: files
                .iter()
                .map(|name| Ok(((*name).to_owned(), hash::of_file(&folder.join(name))?)))
                .collect::<Result<_>>()?,
            training: training_of(&weights),
            selected: set.as_ref().and_then(|set| set.selected.clone()),
        };
        // Whoever evaluates the exported weights is told as well.
        if let Some(set) = set.as_ref().filter(|set| set.selected.is_some()) {
            json_file::write(&folder.join(SET), set)?;
            files.push(SET);
        }
        atomic::write_bytes(&folder.join(CARD), card.text().as_bytes())
    })?;
    files.push(CARD);
    match as_json {
        true => out!("{:#}", json!({"to": args.to, "files": files, "backbone": network})),
        false => files.iter().for_each(|name| out!("{}", args.to.join(name).display())),
    }
    Ok(())
}

/// The file of weights that the user means.
fn find_weights(what: &Path) -> Result<PathBuf> {
    if what.is_file() {
        return Ok(what.to_owned());
    }
    let direct = what.join(WEIGHTS);
    if direct.is_file() {
        return Ok(direct);
    }
    let listing = |folder: &Path| -> Vec<PathBuf> {
        let mut all: Vec<_> = fs::read_dir(folder)
            .into_iter()
            .flatten()
            .flatten()
            .map(|e| e.path())
            .collect();
        all.sort();
        all
    };
    let arms = listing(&what.join("train-backbone"));
    let trainings: Vec<_> = arms
        .iter()
        .flat_map(|arm| listing(arm))
        .filter(|folder| folder.join(WEIGHTS).is_file())
        .collect();
    match &trainings[..] {
        [one] => Ok(one.join(WEIGHTS)),
        [] => Err(Error::config(format!("{}: no weights there", what.display()))
            .help("name a file of weights, the folder of `ficta train --out`, or of a training in a run folder")),
        [first, ..] => Err(
            Error::config(format!("{}: {} trainings", what.display(), trainings.len()))
                .help(format!("name one of them, such as {}", first.display())),
        ),
    }
}

/// What network the weights belong to: as they say, unless the command line does.
fn network_of(args: &ExportArgs, weights: &Path) -> Result<ComponentChoice> {
    if let Some(name) = &args.backbone {
        return choice(name, &args.params, "--param");
    }
    let described = StateDict::read(weights)?.description();
    let described = described.as_ref().and_then(|d| {
        Some(ComponentChoice {
            plugin: d.get("component")?.as_str()?.to_owned(),
            params: d.get("params")?.clone(),
        })
    });
    let network = described.ok_or_else(|| {
        Error::config(format!("{} does not say what network it belongs to", weights.display()))
            .help("name it: --backbone iresnet --param depth=50")
    })?;
    changed(network, &args.params, "--param")
}

/// What lies beside the weights about their training.
fn training_of(weights: &Path) -> Option<Value> {
    let beside = |name: &str| json_file::read(&weights.with_file_name(name)).ok();
    beside(super::train::SETTINGS).or_else(|| beside(SET))
}
