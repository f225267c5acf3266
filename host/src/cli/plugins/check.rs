//! `ficta plugins check`.

use crate::cli::own_stdout::out;
use std::{collections::BTreeMap, path::Path};

use ficta_core::{
    Error, ErrorKind, Kind, Result,
    testing::{
        Maker,
        conformance::{self, Outcome, Verdict},
    },
};
use serde_json::{Value, json};

use crate::{
    at_work,
    cli::args::CheckArgs,
    nearest::suggestion,
    registry::{Entry, Registry},
};

/// What became of one component.
enum Judged {
    Verdict(Verdict),
    /// It wants other parameters than it was given, and why.
    Unchecked(Kind, String, Error),
}

impl Judged {
    fn broken(&self) -> bool {
        matches!(self, Self::Verdict(verdict) if !verdict.passed())
    }

    fn show(&self) {
        match self {
            Self::Verdict(verdict) => out!("{}", verdict.to_string().trim_end()),
            Self::Unchecked(kind, name, why) => out!("{kind} `{name}` was NOT CHECKED: {why}"),
        }
    }
}

/// Runs the suite of each component; fails where one breaks the contract, or could not be built to be asked.
pub fn check(args: &CheckArgs, as_json: bool) -> Result<()> {
    let mut registry = Registry::default();
    registry
        .load(&args.library)
        .map_err(|e| Error::config(format!("{}: {}", e.path.display(), e.reason)).help(e.fix))?;
    let params = params(&args.params, &registry)?;
    for name in &args.components {
        known(name, &registry)?;
    }
    let chosen = |e: &&Entry| args.components.is_empty() || args.components.contains(&e.component.name);
    let chosen: Vec<&Entry> = registry.entries().iter().filter(chosen).collect();
    // What was given must fit, before anything is run.
    for entry in &chosen {
        let name = &entry.component.name;
        if let Some(given) = params.get(name) {
            registry
                .check(entry.component.kind, name, given)
                .map_err(|e| e.context(format!("--params '{name}={given}'")))?;
        }
    }
    let skip: Vec<&str> = args.skip.iter().map(String::as_str).collect();
    let mut judged = Vec::new();
    for entry in chosen {
        let given = params.get(&entry.component.name).cloned().unwrap_or_else(|| json!({}));
        if !as_json {
            eprintln!("checking {} `{}`", entry.component.kind, entry.component.name);
        }
        let one = judge(&registry, entry, &given, &skip)?;
        if !as_json {
            one.show();
        }
        judged.push(one);
    }
    if as_json {
        let all: Vec<_> = judged.iter().map(as_value).collect();
        out!("{:#}", json!({"library": args.library, "components": all}));
    }
    summary(&args.library, &judged)
}

/// The verdict on one component, whose name a crash is told with.
fn judge(registry: &Registry, entry: &Entry, given: &Value, skip: &[&str]) -> Result<Judged> {
    let (kind, name) = (entry.component.kind, &*entry.component.name);
    at_work::set(&format!("{kind} {name}"));
    let built = registry
        .check(kind, name, given)
        .and_then(|()| registry.construct(kind, name, given));
    let judged = match built {
        // Any other fault of building it is the suite's to find.
        Err(e) if matches!(e.kind(), ErrorKind::CONFIG | ErrorKind::IO) => {
            let e = match given.as_object().is_some_and(serde_json::Map::is_empty) {
                true => e.help(format!(
                    "give it parameters: --params '{name}=JSON'; `ficta plugins inspect` shows them"
                )),
                false => e,
            };
            Judged::Unchecked(kind, name.to_owned(), e)
        }
        _ => {
            let verdict = conformance::check(name, &maker(registry, entry, given)?, skip);
            Judged::Verdict(verdict.without_departures(&entry.component.params_schema))
        }
    };
    at_work::set("");
    Ok(judged)
}

/// What all verdicts come to.
fn summary(library: &Path, judged: &[Judged]) -> Result<()> {
    let unchecked = judged.iter().filter(|j| matches!(j, Judged::Unchecked(..))).count();
    let (library, all) = (library.display(), judged.len());
    let more = match unchecked {
        0 => String::new(),
        n => format!(", and {n} were not checked"),
    };
    match (judged.iter().filter(|j| j.broken()).count(), unchecked) {
        (0, 0) => Ok(()),
        (0, n) => Err(Error::config(format!(
            "{library}: {n} of {all} components were not checked, because they could not be built"
        ))
        .help("--params 'NAME=JSON' gives a component its parameters; --component NAME leaves the others out")),
        (broken, _) => Err(Error::data(format!(
            "{library}: {broken} of {all} components break the contract{more}"
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

fn as_value(judged: &Judged) -> Value {
    let verdict = match judged {
        Judged::Verdict(verdict) => verdict,
        Judged::Unchecked(kind, name, why) => {
            return json!({"kind": kind, "component": name, "passed": false, "not_checked": why.to_string(), "checks": []});
        }
    };
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
