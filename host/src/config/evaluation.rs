//! `[evaluation]`.

use std::{collections::BTreeMap, path::PathBuf};

use ficta_core::{Error, Result};
use serde::{Deserialize, Serialize};

/// `[evaluation]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct EvaluationConfig {
    /// Folds of the verification protocol; fewer where there are too few people.
    pub folds: usize,
    /// How often the people are dealt to folds anew. Few people are better verified in two folds and several rounds than in many folds.
    pub rounds: usize,
    /// Resamplings of people for the intervals.
    pub bootstrap: usize,
    /// Verification sets by name, each verified with the weights that every training ends with: packs (.bin), LFW's pairs.txt, or .csv of
    /// path_a,path_b,same[,fold]. Where there are any, arms are compared by the mean accuracy over them, else by the held-out people.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub sets: BTreeMap<String, PathBuf>,
}

impl EvaluationConfig {
    /// What the held-out people are called in tables.
    pub const HELD_OUT: &str = "held-out people";

    /// Checks what the types cannot say.
    ///
    /// # Errors
    /// Fewer than two folds; a set that is called like the held-out people.
    pub fn check(&self) -> Result<()> {
        // A threshold is found on other folds than it scores, and a fold's impostor pairs need two people.
        if self.folds < 2 {
            return Err(Error::config(format!(
                "evaluation.folds is {}, expected at least 2",
                self.folds
            )));
        }
        if self.sets.contains_key(Self::HELD_OUT) {
            return Err(Error::config(format!(
                "evaluation.sets: `{}` is the name of the run's own set",
                Self::HELD_OUT
            ))
            .help("give the set another name"));
        }
        Ok(())
    }
}

impl Default for EvaluationConfig {
    fn default() -> Self {
        Self {
            folds: 10,
            rounds: 1,
            bootstrap: 1000,
            sets: BTreeMap::new(),
        }
    }
}
