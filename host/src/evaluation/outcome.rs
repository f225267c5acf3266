//! The result of evaluating one network on verification sets, as it is written down.

use std::path::Path;

use ficta_core::{Error, Result};
use serde::{Deserialize, Serialize};

use super::{Answers, Difference, Measures, Protocol};
use crate::storage::{Tensors, json};

/// The result, in a result folder.
pub const RESULT: &str = "result.json";
/// Distance, answer and fold of each pair, in a result folder.
pub const DISTANCES: &str = "distances.safetensors";

/// A network's figures on all sets.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Evaluation {
    /// Name of the row.
    pub name: String,
    /// What was evaluated: encoder and weights, backbone and weights, or the features' files.
    pub network: String,
    /// What must be known of the network before its figures are believed: that its weights were chosen by an evaluation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cautions: Vec<String>,
    /// The protocol.
    pub protocol: Protocol,
    /// One entry a set, in the order given.
    pub sets: Vec<SetOutcome>,
    /// Mean accuracy over the sets.
    pub average: f64,
    /// The row that gaps refer to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
    /// Another network on the same pairs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comparison: Option<Comparison>,
}

/// One set's figures.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct SetOutcome {
    /// Name of the set.
    pub set: String,
    /// Where it lies.
    pub path: String,
    /// Images that were scaled to the network's size.
    #[serde(default)]
    pub scaled_images: usize,
    /// The figures.
    #[serde(flatten)]
    pub measures: Measures,
}

/// What the gap refers to.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Reference {
    /// Its name.
    pub name: String,
    /// Its accuracy on each set; empty where only the mean was given.
    pub accuracies: Vec<f64>,
    /// Its mean accuracy over the same sets.
    pub average: f64,
    /// `(reference - this)/this * 100`, in percent: how the paper's supplement counts.
    pub gap_percent: f64,
    /// This less the reference, as a fraction.
    pub difference: f64,
}

/// A paired bootstrap against another network.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Comparison {
    /// Name of the other.
    pub name: String,
    /// Its accuracy on each set.
    pub accuracies: Vec<f64>,
    /// Its mean accuracy.
    pub average: f64,
    /// This less the other, by set.
    pub differences: Vec<Difference>,
    /// Of the mean over the sets.
    pub average_difference: Difference,
    /// Resamplings.
    pub resamplings: usize,
    /// Seed of the resamplings.
    pub seed: u64,
}

impl Evaluation {
    /// Reads a result folder.
    ///
    /// # Errors
    /// Reading failed.
    pub fn read(folder: &Path) -> Result<Self> {
        json::read(&folder.join(RESULT)).map_err(|e| e.help("`ficta evaluate ... --out DIR` writes result folders"))
    }

    /// Accuracies of the sets of these names.
    ///
    /// # Errors
    /// A set that it was not evaluated on.
    pub fn accuracies(&self, sets: &[String]) -> Result<Vec<f64>> {
        let of_set = |name: &String| {
            let there = self.sets.iter().find(|s| &s.set == name);
            there.map(|s| s.measures.accuracy).ok_or_else(|| {
                let names: Vec<&str> = self.sets.iter().map(|s| s.set.as_str()).collect();
                Error::config(format!(
                    "`{}` was not evaluated on `{name}`, only on {}",
                    self.name,
                    names.join(", ")
                ))
            })
        };
        sets.iter().map(of_set).collect()
    }
}

/// Puts a set's pairs into the tensors of [`DISTANCES`].
///
/// # Errors
/// None that well-formed answers can give.
pub fn insert_pairs(tensors: &mut Tensors, set: &str, distances: &[f64], answers: Answers<'_>) -> Result<()> {
    let n = distances.len();
    tensors.insert(&format!("{set}.distance"), &[n], distances.to_vec())?;
    tensors.insert(
        &format!("{set}.same"),
        &[n],
        answers.same.iter().map(|s| u8::from(*s)).collect(),
    )?;
    tensors.insert(
        &format!("{set}.fold"),
        &[n],
        answers.fold.iter().map(|f| *f as i64).collect(),
    )
}

/// Distances of another network on the pairs of a set, from its [`DISTANCES`].
///
/// # Errors
/// No such set in it; other answers or folds.
pub fn same_pairs(tensors: &Tensors, set: &str, answers: Answers<'_>) -> Result<Vec<f64>> {
    let (distances, [n]) = tensors.get::<f64, 1>(&format!("{set}.distance"))?;
    let (same, fold) = (
        tensors.get_shaped::<u8>(&format!("{set}.same"), &[n])?,
        tensors.get_shaped::<i64>(&format!("{set}.fold"), &[n])?,
    );
    let equal = n == answers.same.len()
        && same.iter().zip(answers.same).all(|(a, b)| (*a == 1) == *b)
        && fold.iter().zip(answers.fold).all(|(a, b)| *a == *b as i64);
    if !equal {
        return Err(
            Error::data(format!("{tensors}: `{set}` there has other pairs or folds than here"))
                .help("evaluate both networks on the same file, with the same --folds"),
        );
    }
    Ok(distances.to_vec())
}
