//! `ficta plugins check`.

use crate::cli::own_stdout::out;
use std::collections::BTreeMap;

use ficta_core::{
    Error, Kind, Result,
    testing::{
        Maker,
        conformance::{self, Outcome, Verdict},
    },
};
use serde_json::{Value, json};

use crate::{
    cli::args::CheckArgs,
    nearest::suggestion,
    registry::{Entry, Registry},
};

/// Runs the suite of each component; fails where one breaks the contract.
pub fn check(args: &CheckArgs, as_json: bool) -> Result<()> {
    let mut registry = Registry::default();
    registry
        .load(&args.library)
        .map_err(|e| Error::config(format!("{}: {}", e.path.display(), e.reason)).help(e.fix))?;
    let params = params(&args.params, &registry)?;
    for name in &args.components {
        known(name, &registry)?;
    }
    let skip: Vec<&str> = args.skip.iter().map(String::as_str).collect();
    let chosen = |e: &&Entry| args.components.is_empty() || args.components.contains(&e.component.name);
    let mut verdicts = Vec::new();
    for entry in registry.entries().iter().filter(chosen) {
        let name = &*entry.component.name;
        let given = params.get(name).cloned().unwrap_or_else(|| json!({}));
        registry
            .check(entry.component.kind, name, &given)
            .map_err(|e| e.context(format!("--params '{name}={given}'")))?;
        if !as_json {
            eprintln!("checking {} `{name}`", entry.component.kind);
        }
        let verdict = conformance::check(name, &maker(&registry, entry, &given)?, &skip);
        verdicts.push(verdict.without_departures(&entry.component.params_schema));
        if !as_json && let Some(verdict) = verdicts.last() {
            out!("{}", verdict.to_string().trim_end());
        }
    }
    if as_json {
        let all: Vec<_> = verdicts.iter().map(as_value).collect();
        out!("{:#}", json!({"library": args.library, "components": all}));
    }
    match verdicts.iter().filter(|v| !v.passed()).count() {
        0 => Ok(()),
        broken => Err(Error::data(format!(
            "{}: {broken} of {} components break the contract",
            args.library.display(),
            verdicts.len()
        ))
        .help("mend what FAILED says; --skip NAME leaves out a check that a component departs from on purpose")),
    }
}

/// Instances through the registry, so that parameters are completed and checked as in a run.
fn maker<'a>(registry: &'a Registry, entry: &'a Entry, params: &'a Value) -> Result<Maker<'a>> {
    let name = &*entry.component.name;
    Ok(match entry.component.kind {
        Kind::ENCODER => Maker::Encoder(Box::new(move || registry.encoder(name, params))),
        Kind::PROPOSER => Maker::Proposer(Box::new(move || registry.proposer(name, params))),
        Kind::SELECTOR => Maker::Selector(Box::new(move || registry.selector(name, params))),
        Kind::DENOISER => Maker::Denoiser(Box::new(move || registry.denoiser(name, params))),
        Kind::SAMPLER => Maker::Sampler(Box::new(move || registry.sampler(name, params))),
        Kind::BACKBONE => Maker::Backbone(Box::new(move || registry.backbone(name, params))),
        Kind::LOSS => Maker::Loss(Box::new(move || registry.loss(name, params))),
        Kind::COMMUNICATOR => Maker::Communicator(Box::new(move || registry.communicator(name, params))),
        other => return Err(Error::unsupported(format!("`{name}`: no suite for kind {other:?}"))),
    })
}

fn known(name: &str, registry: &Registry) -> Result<()> {
    let names = || registry.entries().iter().map(|e| e.component.name.as_str());
    match names().any(|n| n == name) {
        true => Ok(()),
        false => Err(Error::config(format!(
            "the library has no component `{name}`; {}",
            suggestion(name, names())
        ))),
    }
}

/// `NAME=JSON` by name.
fn params(given: &[String], registry: &Registry) -> Result<BTreeMap<String, Value>> {
    let mut all = BTreeMap::new();
    for text in given {
        let (name, json) = text.split_once('=').ok_or_else(|| {
            Error::config(format!("--params {text}: expected NAME=JSON"))
                .help("for example --params 'cosface={\"scale\": 32}'")
        })?;
        known(name, registry)?;
        let value: Value = serde_json::from_str(json)
            .map_err(|e| Error::config(format!("--params {text}: no JSON after `=`: {e}")))?;
        all.insert(name.to_owned(), value);
    }
    Ok(all)
}

fn as_value(verdict: &Verdict) -> Value {
    let checks: Vec<_> = verdict
        .checks
        .iter()
        .map(|c| match &c.outcome {
            Outcome::Passed => json!({"check": c.name, "outcome": "passed"}),
            Outcome::Failed(why) => json!({"check": c.name, "outcome": "failed", "why": why}),
            Outcome::Skipped(why) => json!({"check": c.name, "outcome": "skipped", "why": why}),
        })
        .collect();
    json!({"kind": verdict.kind, "component": verdict.component, "passed": verdict.passed(), "checks": checks})
}
