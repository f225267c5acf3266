//! `ficta data validate`.

use std::{collections::BTreeMap, path::PathBuf};

use ficta_core::{Error, Kind as ComponentKind, Result};
use serde_json::json;

use super::{Outcome, opened::SetArgs};
use crate::{
    cli::{args::PluginFolderArgs, component_params, own_stdout::out, plugin_folders::registry},
    data::{
        check::{Chosen, Finding, Kind, Wanted, by_bytes_and_sight, by_cosine, findings, scan},
        source,
    },
};

/// `ficta data validate`
#[derive(clap::Args, Debug)]
pub struct ValidateArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub set: SetArgs,
    /// Width and height that images must have, instead of those of most.
    #[arg(long, value_name = "WxH")]
    pub size: Option<String>,
    /// Findings of this kind are listed, but do not make the set invalid.
    #[arg(long, value_enum, value_name = "KIND")]
    pub allow: Vec<Kind>,
    /// Another set, of which nothing may be in this one.
    #[arg(long, value_name = "PATH")]
    pub against: Option<PathBuf>,
    /// With --against: compares features of this encoder too.
    #[arg(long, value_name = "NAME", requires = "against")]
    pub encoder: Option<String>,
    /// A parameter of the encoder.
    #[arg(long = "param", value_name = "KEY=VALUE", requires = "encoder")]
    pub params: Vec<String>,
    /// With --encoder: cosines from this on are leaks.
    #[arg(long, default_value_t = 0.9, value_name = "COSINE")]
    pub threshold: f64,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub plugins: PluginFolderArgs,
}

pub(super) fn validate(args: &ValidateArgs, as_json: bool) -> Result<Outcome> {
    let size = args.size.as_deref().map(parse_size).transpose()?;
    let source = args.set.open()?;
    let against = args.against.as_deref().map(source::open).transpose()?;
    let host = args.set.host("validate", 0)?;
    let ctx = host.ctx();
    let all = Chosen::of(source.len(), None);
    let looks = scan(&*source, all, &ctx)?;
    let mut found = findings(&*source, all, &looks, Wanted { size });
    if let Some(against) = &against {
        host.enter("the other set");
        let others = scan(&**against, Chosen::of(against.len(), None), &ctx)?;
        found.extend(by_bytes_and_sight(&*source, all, &looks, &**against, &others));
        if let Some(name) = &args.encoder {
            let registry = registry(&args.plugins)?;
            let params = component_params::parse(&args.params, "--param")?;
            registry.check(ComponentKind::ENCODER, name, &params)?;
            let mut encoder = registry.encoder(name, &params)?;
            host.enter("features");
            found.extend(by_cosine(&*source, &**against, &mut *encoder, args.threshold, &host)?);
        }
    }
    host.enter("");
    let mut counts: BTreeMap<Kind, usize> = BTreeMap::new();
    found.iter().for_each(|f| *counts.entry(f.kind).or_insert(0) += 1);
    let valid = counts.keys().all(|kind| args.allow.contains(kind));
    if as_json {
        let counts: serde_json::Map<_, _> = counts.iter().map(|(kind, n)| (name(*kind), json!(n))).collect();
        let report =
            json!({"set": args.set.path, "images": source.len(), "valid": valid, "counts": counts, "findings": found});
        out!("{report:#}");
    } else {
        found.iter().for_each(show);
        let counts: Vec<_> = counts.iter().map(|(kind, n)| format!("{n} {}", name(*kind))).collect();
        match counts.is_empty() {
            true => out!("{} images: nothing is wrong", source.len()),
            false => out!("{} images: {}", source.len(), counts.join(", ")),
        }
    }
    Ok(if valid { Outcome::Done } else { Outcome::Invalid })
}

fn name(kind: Kind) -> String {
    json!(kind).as_str().unwrap_or_default().to_owned()
}

fn show(finding: &Finding) {
    let image = finding
        .image
        .as_deref()
        .map(|image| format!("{image}: "))
        .unwrap_or_default();
    // Reasons of readers begin with the image's name already.
    let detail = finding.detail.strip_prefix(&image).unwrap_or(&finding.detail);
    let other = finding
        .other
        .as_deref()
        .map(|other| format!(": {other}"))
        .unwrap_or_default();
    out!("{:<14} {image}{detail}{other}", name(finding.kind));
}

fn parse_size(text: &str) -> Result<(u16, u16)> {
    let sides = text
        .split_once('x')
        .and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?)));
    sides.ok_or_else(|| Error::config(format!("--size {text}: expected WIDTHxHEIGHT, as in 112x112")))
}
