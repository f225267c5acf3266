//! `ficta encode`.

use std::path::PathBuf;

use ficta_core::{Kind, Result};
use serde_json::json;

use super::{component_params::ComponentParamArgs, own_stdout::out, plugin_folders::registry, work::ComponentWorkArgs};
use crate::{
    at_work,
    data::{People, source},
    features::FeatureTable,
    pipeline::encoding::encode_source,
};

/// `ficta encode`
#[derive(clap::Args, Debug)]
pub struct EncodeArgs {
    /// The encoder.
    #[arg(long, value_name = "NAME")]
    pub encoder: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub params: ComponentParamArgs,
    /// Aligned faces: a folder with one folder a person (`person/image.png`), or any other set that `ficta data inspect` reads.
    #[arg(long, value_name = "PATH")]
    pub data: PathBuf,
    /// The features file to write: `feature` [N,d] f32, raw, and `label` [N] i64, identities in order of the set's labels, which for a folder is the natural order of the names.
    #[arg(long, value_name = "FEATURES.safetensors")]
    pub out: PathBuf,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub with: ComponentWorkArgs,
}

pub fn encode(args: &EncodeArgs, as_json: bool) -> Result<()> {
    let registry = registry(&args.with.plugins)?;
    let params = args.params.value()?;
    registry.check(Kind::ENCODER, &args.encoder, &params)?;
    let set = source::open(&args.data)?;
    let people = People::of(&*set)?;
    people.check_counts(1)?;
    let host = args.with.work.host("encode", 0)?;
    at_work::set(&format!("encoder {}", args.encoder));
    let mut encoder = registry.encoder(&args.encoder, &params)?;
    let everybody: Vec<usize> = (0..people.len()).collect();
    let (images, labels) = people.images_of(&everybody);
    let feature = encode_source(&mut *encoder, &*set, &images, &host)
        .map_err(|e| e.context(format!("encoder `{}`", args.encoder)))?;
    let (n, d) = (feature.rows, feature.cols);
    let description = encoder.info().description.to_string();
    let mut table = FeatureTable::new(feature, labels)?;
    table.metadata.insert("encoder".into(), description.clone());
    table.metadata.insert("encoder_name".into(), args.encoder.clone());
    table.tensors()?.write(&args.out)?;
    host.enter("");
    if as_json {
        out!(
            "{:#}",
            json!({"out": args.out, "features": [n, d], "identities": people.len(), "encoder": description})
        );
    } else {
        out!(
            "{}: {n} features of {d} numbers, {} identities",
            args.out.display(),
            people.len()
        );
    }
    Ok(())
}
