//! `ficta select`.

use std::{collections::BTreeMap, fs, path::PathBuf};

use ficta_core::{Decision, Error, Kind, Result};
use serde_json::json;

use super::{
    component_params::ComponentParamArgs, own_stdout::out, plugin_folders::registry, table_file,
    unfinished::work_folder, work::ComponentWorkArgs,
};
use crate::{
    at_work,
    config::ComponentChoice,
    features::{SPACE, space},
    pipeline::{
        candidates::CandidateTable,
        identities::IdentityTable,
        resumable::{EVERY, with_checkpoint},
        selection,
    },
    storage::json as json_file,
};

/// `ficta select`
#[derive(clap::Args, Debug)]
pub struct SelectArgs {
    /// Candidates: a file of `ficta propose`, or features (safetensors, .npy, Parquet). Without predicted variance they keep their
    /// order under id-nms's order = "variance".
    #[arg(long, value_name = "CANDIDATES")]
    pub candidates: PathBuf,
    /// Real identities: a file of `ficta stats`, or features of one row an identity.
    #[arg(long, value_name = "IDS")]
    pub real: PathBuf,
    /// The selector.
    #[arg(long, value_name = "NAME")]
    pub selector: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub params: ComponentParamArgs,
    /// Everything random follows from it.
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub seed: u64,
    /// The file to write: the candidates' tensors for those that stay, in order of selection, and `index` into the candidates.
    #[arg(long, value_name = "SELECTED.safetensors")]
    pub out: PathBuf,
    /// Every decision as a table: candidate, parent_a, parent_b, t, variance, decision, blocker, cosine.
    #[arg(long, value_name = "AUDIT.csv|.parquet")]
    pub audit: Option<PathBuf>,
    /// How many candidates would stay at each threshold from 0 to 1, as JSON.
    #[arg(long = "yield", value_name = "YIELD.json")]
    pub yield_curve: Option<PathBuf>,
    /// Candidates that are plain features are in the identities' space already: the identities' centre is not subtracted from them.
    #[arg(long)]
    pub centred: bool,
    /// Seconds after which a selection writes down how far it has come, beside --out: after a crash the same command goes on there. 0 for never.
    #[arg(long, default_value_t = EVERY, value_name = "SECONDS", allow_negative_numbers = true)]
    pub checkpoint_every: f64,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub with: ComponentWorkArgs,
}

pub fn select(args: &SelectArgs, as_json: bool) -> Result<()> {
    let registry = registry(&args.with.plugins)?;
    let params = args.params.value()?;
    registry.check(Kind::SELECTOR, &args.selector, &params)?;
    if let Some(audit) = &args.audit {
        table_file::check(audit)?;
    }
    if !(args.checkpoint_every >= 0.0 && args.checkpoint_every.is_finite()) {
        return Err(Error::config(format!(
            "--checkpoint-every {}: expected seconds, or 0 for never",
            args.checkpoint_every
        )));
    }
    let real = IdentityTable::open(&args.real)?;
    let candidates = CandidateTable::open(&args.candidates, real.center.as_deref(), !args.centred, real.len())?;
    if candidates.feature.cols != real.mean.cols {
        return Err(Error::data(format!(
            "{} has features of {} numbers, {} of {}",
            args.candidates.display(),
            candidates.feature.cols,
            args.real.display(),
            real.mean.cols
        ))
        .help("use candidates and identities of the same encoder"));
    }
    let host = args.with.work.host("select", args.seed)?;
    at_work::set(&format!("selector {}", args.selector));
    let named = |e: Error| e.context(format!("selector `{}`", args.selector));
    // A finished one removes it.
    let work = work_folder(&args.out);
    let mut selector = match args.checkpoint_every {
        0.0 => registry.selector(&args.selector, &params)?,
        every => {
            let choice = ComponentChoice {
                plugin: args.selector.clone(),
                params: params.clone(),
            };
            let state = work.join("selector.state");
            registry.selector(
                &args.selector,
                &with_checkpoint(&registry, Kind::SELECTOR, &choice, &state, every)?,
            )?
        }
    };
    let selection = selection::run(&mut *selector, &candidates, &real, &host.ctx()).map_err(named)?;
    if let Some(path) = &args.audit {
        table_file::write(&selection::audit(&candidates, &selection)?, path)?;
    }
    if let Some(path) = &args.yield_curve {
        match selection::yield_curve(&mut *selector, &candidates, &real, &host.ctx()).map_err(named)? {
            Some(curve) => json_file::write(path, &curve)?,
            None => {
                return Err(Error::unsupported(format!(
                    "selector `{}` has no threshold, so it has no yield curve",
                    args.selector
                ))
                .help("leave --yield out"));
            }
        }
    }
    selection.require_survivors(
        &args.selector,
        "raise its thresholds (--param), or propose more candidates",
    )?;
    let mut tensors = selection.tensors(&candidates)?;
    let how = json!({"plugin": args.selector, "params": params, "seed": args.seed});
    tensors.metadata.insert("selector".into(), how.to_string());
    tensors.metadata.insert(SPACE.into(), space(real.center.as_deref()));
    tensors.write(&args.out)?;
    if work.exists() {
        fs::remove_dir_all(&work).map_err(|e| Error::io(format!("{}: {e}", work.display())))?;
    }
    host.enter("");
    let decisions = [
        Decision::KEEP,
        Decision::REAL,
        Decision::SELECTED,
        Decision::PARENT_CAP,
        Decision::TARGET_REACHED,
    ];
    let counts: BTreeMap<&str, usize> = decisions.iter().map(|d| (d.name(), selection.count(*d))).collect();
    if as_json {
        out!(
            "{:#}",
            json!({"out": args.out, "candidates": candidates.len(), "real": real.len(), "decisions": counts, "selector": how, "audit": args.audit})
        );
    } else {
        out!(
            "{}: {} of {} candidates stay; dropped: {} too similar to a real identity, {} to a selected one, {} by the cap per parent; {} \
             not looked at",
            args.out.display(),
            selection.kept.len(),
            candidates.len(),
            counts["real"],
            counts["selected"],
            counts["parent-cap"],
            counts["target-reached"]
        );
    }
    Ok(())
}
