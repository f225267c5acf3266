//! What `ficta train` may be told about verification on the way.

use std::{collections::BTreeMap, path::PathBuf};

use ficta_core::{Error, Result};

use super::evaluate::{name_of, path_of};
use crate::config::TrainingEvaluationConfig;

/// Verification while a network is trained.
#[derive(clap::Args, Debug)]
pub struct TrainEvaluationArgs {
    /// Verifies this set on the way: a pack (.bin), LFW's pairs.txt, or a .csv of path_a,path_b,same[,fold]; NAME=PATH gives it another name than the
    /// file's. The figures go to evaluations.jsonl and to TensorBoard, and change no weight.
    #[arg(long = "eval", value_name = "PATH")]
    sets: Vec<String>,
    /// Steps between evaluations, instead of as many as between checkpoints; the last step is always followed by one.
    #[arg(long, value_name = "N", requires = "sets")]
    eval_every: Option<usize>,
    /// Keeps the weights with the best mean accuracy over the --eval sets, in place of the last step's. What is measured on those sets afterwards is too
    /// good; the model card says so.
    #[arg(long, requires = "sets")]
    select_by_eval: bool,
}

impl TrainEvaluationArgs {
    /// `None` where nothing is to be verified.
    ///
    /// # Errors
    /// Two sets of one name; an interval of 0.
    pub fn config(&self, checkpoint_every: usize) -> Result<Option<TrainingEvaluationConfig>> {
        if self.sets.is_empty() {
            return Ok(None);
        }
        let mut sets: BTreeMap<String, PathBuf> = BTreeMap::new();
        for text in &self.sets {
            let path = PathBuf::from(path_of(text));
            let stem = || path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let name = name_of(text).map_or_else(stem, str::to_owned);
            if sets.insert(name.clone(), path).is_some() {
                return Err(Error::config(format!("two sets are named `{name}`"))
                    .help("give one of them another name: --eval NAME=PATH"));
            }
        }
        let config = TrainingEvaluationConfig {
            every: self.eval_every.unwrap_or(checkpoint_every),
            held_out: false,
            sets,
            select: self.select_by_eval,
        };
        config.check("--eval")?;
        Ok(Some(config))
    }
}
