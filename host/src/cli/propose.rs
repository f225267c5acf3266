//! `ficta propose`.

use std::path::PathBuf;

use ficta_core::{Kind, Result};
use serde_json::json;

use super::{component_params::ComponentParamArgs, own_stdout::out, plugin_folders::registry, work::ComponentWorkArgs};
use crate::{
    at_work,
    features::{SPACE, space},
    pipeline::{identities::IdentityTable, proposal},
};

/// `ficta propose`
#[derive(clap::Args, Debug)]
pub struct ProposeArgs {
    /// Real identities: a file of `ficta stats`, or features of one row an identity (safetensors, .npy, Parquet), whose variances
    /// are unknown then.
    #[arg(long, value_name = "IDS")]
    pub real: PathBuf,
    /// The proposer.
    #[arg(long, value_name = "NAME")]
    pub proposer: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub params: ComponentParamArgs,
    /// Candidates to ask for; 0 for as many as the proposer has.
    #[arg(long, default_value_t = 0, value_name = "K")]
    pub count: usize,
    /// Everything random follows from it.
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub seed: u64,
    /// The candidates file to write: feature (unit), parents (rows of the identities), t, variance.
    #[arg(long, value_name = "CANDIDATES.safetensors")]
    pub out: PathBuf,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub with: ComponentWorkArgs,
}

pub fn propose(args: &ProposeArgs, as_json: bool) -> Result<()> {
    let registry = registry(&args.with.plugins)?;
    let params = args.params.value()?;
    registry.check(Kind::PROPOSER, &args.proposer, &params)?;
    let real = IdentityTable::open(&args.real)?;
    let host = args.with.work.host("propose", args.seed)?;
    at_work::set(&format!("proposer {}", args.proposer));
    let mut proposer = registry.proposer(&args.proposer, &params)?;
    let candidates = proposal::propose(&mut *proposer, &args.proposer, &real, args.count, &host.ctx())
        .map_err(|e| e.context(format!("proposer `{}`", args.proposer)))?;
    let mut tensors = candidates.tensors()?;
    let how = json!({"plugin": args.proposer, "params": params, "seed": args.seed});
    tensors.metadata.insert("proposer".into(), how.to_string());
    tensors.metadata.insert(SPACE.into(), space(real.center.as_deref()));
    tensors.write(&args.out)?;
    host.enter("");
    if as_json {
        out!(
            "{:#}",
            json!({"out": args.out, "candidates": candidates.len(), "real": real.len(), "proposer": how})
        );
    } else {
        out!(
            "{}: {} candidates from {} identities",
            args.out.display(),
            candidates.len(),
            real.len()
        );
    }
    Ok(())
}
