//! Weights and checkpoints on disk.

use std::path::Path;

use ficta_core::{Error, Result, SaveKind};
use ficta_tch_bridge::{OrBackend, Parameters, Saved, checkpoint};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tch::{Device, Kind, Tensor};

use crate::{
    entry::{Entry, Role},
    initial::{HEAD, add, blank},
    layout::Layout,
    model::Model,
    onnx,
    recipe::Recipe,
};

/// Before the optimizer's tensors in a checkpoint.
const OPTIMIZER_PREFIX: &str = "sgd.";
/// Before the averages of the embedder's tensors in a checkpoint.
const AVERAGE_PREFIX: &str = "ema.";

/// JSON beside the tensors.
#[derive(Serialize, Deserialize)]
struct Description {
    component: String,
    architecture: Value,
    params: Value,
    training: Option<Training>,
}

/// What a checkpoint knows beyond its tensors.
#[derive(Serialize, Deserialize)]
struct Training {
    classes: usize,
    steps: u64,
    seed: u64,
}

/// Writes the state dict for use, or the one in training and with it the head, the average, the optimizer's velocities and counters.
pub fn save(model: &Model, params: &Value, layout: &dyn Layout, path: &Path, what: SaveKind) -> Result<()> {
    if what == SaveKind::ONNX {
        return onnx::save(model, layout, path);
    }
    let training = match what {
        SaveKind::WEIGHTS => None,
        SaveKind::CHECKPOINT => Some(Training {
            classes: model.classes,
            steps: model.sgd.steps(),
            seed: model.seed,
        }),
        other => return Err(Error::unsupported(format!("{}: saving {other:?}", layout.component()))),
    };
    let owned = |(name, t): (&str, &'_ Tensor)| (name.to_owned(), t.shallow_clone());
    let mut tensors: Vec<(String, Tensor)> = match training {
        None => model.named_for_use().map(owned).collect(),
        Some(_) => model.parameters.iter().map(owned).collect(),
    };
    if training.is_some() {
        let state = model.sgd.state(&model.parameters);
        tensors.extend(state.into_iter().map(|(name, t)| (name, t.shallow_clone())));
        if model.average.is_some() {
            let averages = model.named_for_use().map(owned);
            tensors.extend(averages.map(|(name, t)| (format!("{AVERAGE_PREFIX}{name}"), t)));
        }
    }
    let description = Description {
        component: layout.component().into(),
        architecture: layout.describe(),
        params: params.clone(),
        training,
    };
    checkpoint::write(path, tensors.iter().map(|(name, t)| (name.clone(), t)), &description)
}

/// Reads weights (of ours or of `arcface_torch`) or a checkpoint. Weights alone leave `current`'s head and start the optimizer anew.
pub fn load(path: &Path, recipe: &Recipe, layout: &dyn Layout, current: Option<&Model>) -> Result<Model> {
    let saved = Saved::read(path)?;
    let is_checkpoint = saved.get(HEAD).is_some();
    let description = match saved.description::<Description>() {
        Ok(description) => Some(description),
        Err(error) if is_checkpoint => return Err(error),
        // Weights from elsewhere need none: their shapes are checked one by one.
        Err(_) => None,
    };
    if let Some(found) = description
        .as_ref()
        .filter(|d| d.component != layout.component() || !layout.agrees_with(&d.architecture))
    {
        let article = if found.component == "iresnet" { "an" } else { "a" };
        return Err(Error::data(format!(
            "{} holds {article} {} {}, expected {} {}",
            saved.source(),
            found.component,
            found.architecture,
            layout.component(),
            layout.describe()
        ))
        .help("use the parameters it was made with, or train anew"));
    }
    let mut parameters = network(&saved, layout)?;
    match description.and_then(|d| d.training) {
        Some(Training { classes, steps, seed }) => {
            let model = Tensor::f_zeros([classes as i64, layout.size().dim as i64], (Kind::Float, Device::Cpu))
                .or_backend("creating a head")?;
            parameters.add(HEAD, saved.like(HEAD, &model)?)?;
            let mut model = Model::assemble(recipe, layout, parameters, classes, seed)?;
            model.sgd.restore(&saved, &model.parameters, steps)?;
            // A checkpoint without an average begins one here.
            if let Some(average) = model.average.as_mut().filter(|_| has_average(&saved)) {
                let names = model.parameters.names().iter().map(String::as_str);
                average.restore(&saved, AVERAGE_PREFIX, names)?;
            }
            Ok(model)
        }
        None => {
            let (mut classes, mut seed) = (0, 0);
            if let Some(model) = current.filter(|m| m.classes > 0) {
                parameters.add(
                    HEAD,
                    model
                        .parameters
                        .get(model.head()?)
                        .f_detach()
                        .and_then(|head| head.f_to_device(Device::Cpu))
                        .or_backend("keeping the head")?
                        .copy(),
                )?;
                (classes, seed) = (model.classes, model.seed);
            }
            Model::assemble(recipe, layout, parameters, classes, seed)
        }
    }
}

fn has_average(saved: &Saved) -> bool {
    saved.names().any(|name| name.starts_with(AVERAGE_PREFIX))
}

/// The state dict's tensors, all of them and no others.
fn network(saved: &Saved, layout: &dyn Layout) -> Result<Parameters> {
    let mut parameters = Parameters::new();
    for entry in layout.entries() {
        let value = read(saved, &entry)?;
        add(&mut parameters, entry, value)?;
    }
    let known = |name: &str| {
        name == HEAD
            || name.starts_with(OPTIMIZER_PREFIX)
            || name.starts_with(AVERAGE_PREFIX)
            || parameters.find(name).is_some()
    };
    let strangers: Vec<&str> = saved.names().filter(|name| !known(name)).collect();
    if let Some(first) = strangers.first() {
        return Err(Error::data(format!(
            "{} has {} tensors that this network lacks, the first is `{first}`",
            saved.source(),
            strangers.len()
        ))
        .help("the file belongs to a deeper or another network; set the parameters that it was made with"));
    }
    Ok(parameters)
}

fn read(saved: &Saved, entry: &Entry) -> Result<Tensor> {
    let name = &entry.name;
    let blank = blank(entry)?;
    // Counters are of no use in evaluation, and many files leave them out.
    if entry.role == Role::BatchesTracked && saved.get(name).is_none() {
        return Ok(blank);
    }
    let value = saved.like(name, &blank)?;
    let sum =
        f64::try_from(value.f_sum(Kind::Double).or_backend("checking weights")?).or_backend("checking weights")?;
    if !sum.is_finite() {
        return Err(
            Error::data(format!("{}: tensor `{name}` is not finite", saved.source()))
                .help("the file comes from a training that diverged; use an earlier one"),
        );
    }
    Ok(value)
}
