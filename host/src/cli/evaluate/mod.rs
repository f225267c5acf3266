//! `ficta evaluate`.

mod args;
mod sets;
mod source;

use std::path::Path;

use ficta_core::{Error, Result, random::derive_seed};

pub use args::EvaluateArgs;
pub(super) use sets::{name_of, path_of};

use crate::{
    at_work,
    cli::{cancellation, own_stdout::out, threads},
    evaluation::{
        Comparison, Difference, Duel, Evaluation, Reference, Roc, SetOutcome, VerificationSet, compare, measure,
        outcome::{DISTANCES, RESULT, insert_pairs, same_pairs},
    },
    report::{gap_percent, verification_csv, verification_markdown, verification_roc_csv, verification_text},
    run_host::RunHost,
    storage::{Tensors, atomic, json},
};

pub fn evaluate(args: &EvaluateArgs, as_json: bool) -> Result<()> {
    check(args)?;
    let threads = threads::keep_to(args.threads.unwrap_or(0))?;
    let host = RunHost::new(args.seed, threads, args.quiet, cancellation::on_ctrl_c()?).on(args.device.here());
    let sets = sets::open(args)?;
    let reference = args
        .reference
        .as_deref()
        .map(|text| reference(text, &sets))
        .transpose()?;
    let other = args.compare.as_deref().map(Other::read).transpose()?;
    let mut source = source::Source::new(args, &sets, &host)?;

    let (mut outcomes, mut curves, mut distances) = (Vec::new(), Vec::new(), Vec::new());
    let mut features = Vec::new();
    for (at, set) in sets.iter().enumerate() {
        host.enter(&set.name);
        at_work::set(&format!("evaluation on {} ({})", set.name, source.description()));
        let of_set = source
            .distances(at, set, args.protocol, &host)
            .map_err(|e| e.context(&set.name))?;
        let (measures, curve) =
            measure(&of_set.distances, set.answers(), args.protocol, args.val_far).map_err(|e| e.context(&set.name))?;
        outcomes.push(SetOutcome {
            set: set.name.clone(),
            path: sets::path_of(&args.sets[at]).to_owned(),
            scaled_images: of_set.scaled,
            measures,
        });
        curves.push((set.name.clone(), curve));
        distances.push(of_set.distances);
        features.extend(
            of_set
                .features
                .filter(|_| args.save_features)
                .map(|f| (set.name.clone(), f)),
        );
    }
    host.enter("");
    at_work::set("");

    let average = mean(outcomes.iter().map(|o| o.measures.accuracy));
    let mut result = Evaluation {
        name: args.name.clone().unwrap_or_else(|| source.name()),
        network: source.description(),
        cautions: source.cautions(args),
        protocol: args.protocol,
        sets: outcomes,
        average,
        reference: None,
        comparison: None,
    };
    result.reference = reference.map(|r| r.against(average));
    result.comparison = other.map(|other| other.compare(args, &sets, &distances)).transpose()?;
    if let Some(folder) = &args.out {
        write_folder(folder, &result, &sets, &distances, &curves, &features)?;
    }
    for (file, text) in [
        (&args.csv, verification_csv(&result)),
        (&args.markdown, verification_markdown(&result)),
    ] {
        if let Some(path) = file {
            atomic::write_bytes(path, text.as_bytes())?;
        }
    }
    match as_json {
        true => {
            let value = serde_json::to_value(&result).map_err(|e| Error::data(format!("the result as JSON: {e}")))?;
            out!("{value:#}");
        }
        false => out!("{}", verification_text(&result).trim_end()),
    }
    Ok(())
}

fn check(args: &EvaluateArgs) -> Result<()> {
    if !(args.val_far > 0.0 && args.val_far < 1.0) {
        return Err(Error::config(format!(
            "--val-far {}: expected a rate between 0 and 1",
            args.val_far
        )));
    }
    if args.threads == Some(0) {
        return Err(Error::config("--threads 0: expected at least 1"));
    }
    if !args.features.is_empty() && args.features.len() != args.sets.len() {
        return Err(Error::config(format!(
            "{} files of features for {} sets",
            args.features.len(),
            args.sets.len()
        ))
        .help("give --features once for each --set, in the same order"));
    }
    Ok(())
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = values.len() as f64;
    values.sum::<f64>() / n
}

/// The reference row, before anything was measured: its gaps are not known yet.
struct Baseline {
    name: String,
    accuracies: Vec<f64>,
    average: f64,
}

fn reference(text: &str, sets: &[VerificationSet]) -> Result<Baseline> {
    if let Ok(number) = text.parse::<f64>() {
        let average = if number > 1.0 { number / 100.0 } else { number };
        if !(average > 0.0 && average <= 1.0) {
            return Err(Error::config(format!(
                "--reference {text}: expected an accuracy, as in 0.886 or 88.6"
            )));
        }
        return Ok(Baseline {
            name: "given".into(),
            accuracies: Vec::new(),
            average,
        });
    }
    let read = Evaluation::read(Path::new(text)).map_err(|e| e.context(format!("--reference {text}")))?;
    let names: Vec<String> = sets.iter().map(|s| s.name.clone()).collect();
    let accuracies = read
        .accuracies(&names)
        .map_err(|e| e.context(format!("--reference {text}")))?;
    Ok(Baseline {
        name: read.name,
        average: mean(accuracies.iter().copied()),
        accuracies,
    })
}

impl Baseline {
    fn against(self, average: f64) -> Reference {
        Reference {
            gap_percent: gap_percent(self.average, average),
            difference: average - self.average,
            name: self.name,
            accuracies: self.accuracies,
            average: self.average,
        }
    }
}

/// Another network's result folder.
struct Other {
    result: Evaluation,
    tensors: Tensors,
}

impl Other {
    fn read(folder: &Path) -> Result<Self> {
        let named = |e: Error| e.context(format!("--compare {}", folder.display()));
        Ok(Self {
            result: Evaluation::read(folder).map_err(named)?,
            tensors: Tensors::read(&folder.join(DISTANCES)).map_err(named)?,
        })
    }

    fn compare(self, args: &EvaluateArgs, sets: &[VerificationSet], distances: &[Vec<f64>]) -> Result<Comparison> {
        if self.result.protocol != args.protocol {
            return Err(Error::config(format!(
                "`{}` was evaluated with protocol {:?}, this with {:?}",
                self.result.name, self.result.protocol, args.protocol
            )));
        }
        let names: Vec<String> = sets.iter().map(|s| s.name.clone()).collect();
        let accuracies = self.result.accuracies(&names)?;
        let theirs: Vec<Vec<f64>> = sets
            .iter()
            .map(|set| same_pairs(&self.tensors, &set.name, set.answers()))
            .collect::<Result<_>>()?;
        let duels: Vec<Duel<'_>> = sets
            .iter()
            .zip(distances.iter().zip(&theirs))
            .map(|(set, (first, second))| Duel {
                answers: set.answers(),
                first,
                second,
            })
            .collect();
        let seed = derive_seed(args.seed, "evaluation.paired", 0, 0);
        let mut differences: Vec<Difference> = compare(&duels, args.protocol, args.resamplings, seed);
        let average_difference = differences.pop().ok_or_else(|| Error::config("there are no sets"))?;
        Ok(Comparison {
            name: self.result.name,
            average: mean(accuracies.iter().copied()),
            accuracies,
            differences,
            average_difference,
            resamplings: args.resamplings,
            seed: args.seed,
        })
    }
}

fn write_folder(
    folder: &Path,
    result: &Evaluation,
    sets: &[VerificationSet],
    distances: &[Vec<f64>],
    curves: &[(String, Roc)],
    features: &[(String, Tensors)],
) -> Result<()> {
    if folder.exists() && !folder.join(RESULT).exists() {
        return Err(Error::config(format!(
            "{} is there already, and is no result folder",
            folder.display()
        ))
        .help("choose another --out"));
    }
    let mut tensors = Tensors::new();
    for (set, distances) in sets.iter().zip(distances) {
        insert_pairs(&mut tensors, &set.name, distances, set.answers())?;
    }
    atomic::write_folder(folder, |at| {
        json::write(&at.join(RESULT), result)?;
        tensors.write(&at.join(DISTANCES))?;
        let texts = [
            ("result.csv", verification_csv(result)),
            ("result.md", verification_markdown(result)),
            ("roc.csv", verification_roc_csv(curves)),
        ];
        for (name, text) in texts {
            atomic::write_bytes(&at.join(name), text.as_bytes())?;
        }
        for (set, features) in features {
            features.write(&at.join(format!("features-{set}.safetensors")))?;
        }
        Ok(())
    })
}
