//! The network on disk.

use std::path::Path;

use ficta_core::{Error, Result, SaveKind};
use ficta_tch_bridge::{Saved, checkpoint};
use serde::{Deserialize, Serialize};

use crate::{Params, model::Model};

const FORMAT: &str = "ficta-unet-1";
const OF_TRAINING: &str = "training.";

/// What a file says about itself.
#[derive(Serialize, Deserialize)]
struct Description {
    format: String,
    /// `weights` or `checkpoint`.
    content: String,
    condition_dim: usize,
    /// Optimizer steps done.
    steps: u64,
    params: Params,
}

/// Writes the average of the weights under their names and, for a checkpoint, the weights in training under `training.` and the optimizer's
/// state: a checkpoint can be used as weights.
pub(crate) fn save(model: &Model, params: &Params, path: &Path, what: SaveKind) -> Result<()> {
    let names = || model.parameters.names().iter();
    let mut tensors: Vec<_> = names().cloned().zip(model.ema.tensors()).collect();
    let content = match what {
        SaveKind::WEIGHTS => "weights",
        SaveKind::CHECKPOINT => {
            tensors.extend(
                names()
                    .map(|name| format!("{OF_TRAINING}{name}"))
                    .zip(model.parameters.tensors()),
            );
            tensors.extend(model.optimiser.state(&model.parameters));
            "checkpoint"
        }
        other => return Err(Error::unsupported(format!("saving as {other:?}"))),
    };
    let description = Description {
        format: FORMAT.into(),
        content: content.into(),
        condition_dim: model.condition_dim,
        steps: model.optimiser.steps(),
        params: params.clone(),
    };
    checkpoint::write(path, tensors, &description)
}

/// Reads what [`save`] wrote. From weights alone, training would start with a fresh optimizer.
pub(crate) fn load(params: &Params, path: &Path) -> Result<Model> {
    let saved = Saved::read(path)?;
    let description: Description = saved.description()?;
    if description.format != FORMAT {
        return Err(Error::data(format!(
            "{} has format `{}`, expected `{FORMAT}`",
            saved.source(),
            description.format
        )));
    }
    same_network(&description.params, params).map_err(|e| e.context(saved.source()))?;
    let mut model = Model::new(params, description.condition_dim, 0)?;
    let names = model.parameters.names().iter().map(String::as_str);
    model.ema.restore(&saved, "", names)?;
    if description.content == "checkpoint" {
        model.parameters.restore(&saved, OF_TRAINING)?;
        model.optimiser.restore(&saved, &model.parameters, description.steps)?;
    } else {
        model.parameters.restore(&saved, "")?;
    }
    Ok(model)
}

/// Compares what determines the network and the meaning of its output; names the first key that differs.
fn same_network(file: &Params, run: &Params) -> Result<()> {
    let as_map = |params: &Params| serde_json::to_value(params).unwrap_or_default();
    let (file, run) = (as_map(file), as_map(run));
    for key in [
        "resolution",
        "channels",
        "base_width",
        "multipliers",
        "blocks",
        "attention_levels",
        "middle_attention",
        "attention_heads",
        "norm_groups",
        "patch",
        "timesteps",
        "schedule",
        "prediction",
    ] {
        if file[key] != run[key] {
            return Err(Error::data(format!(
                "made with `{key}` = {}, but the run says {}",
                file[key], run[key]
            ))
            .help("use the parameters that the file was made with, or train anew"));
        }
    }
    Ok(())
}
