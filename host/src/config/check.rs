//! What the types of a run file cannot say: names that refer to other tables, and ranges.

use ficta_core::{Error, Result};

use super::{REAL, RunConfig};
use crate::nearest::suggestion;

impl RunConfig {
    /// Checks what the types cannot say: names that refer to other tables, and ranges.
    ///
    /// # Errors
    /// The first that does not hold, with the key and what is allowed.
    pub fn check(&self) -> Result<()> {
        self.check_numbers()?;
        self.check_names()?;
        self.check_arms()?;
        self.check_references()
    }

    fn check_numbers(&self) -> Result<()> {
        let positive = [
            ("training.steps", self.training.steps),
            ("training.batch", self.training.batch),
            ("training.seeds", self.training.seeds),
            ("training.checkpoint_every", self.training.checkpoint_every),
            ("generation.batch", self.generation.batch),
            ("evaluation.folds", self.evaluation.folds),
            ("evaluation.rounds", self.evaluation.rounds),
            ("metrics.neighbours", self.metrics.neighbours),
            ("metrics.pairs", self.metrics.pairs),
        ];
        let of_denoiser = self.denoiser.iter().flat_map(|denoiser| {
            let t = &denoiser.training;
            [
                ("denoiser.training.steps", t.steps),
                ("denoiser.training.batch", t.batch),
                ("denoiser.training.checkpoint_every", t.checkpoint_every),
            ]
        });
        if let Some((key, _)) = positive.into_iter().chain(of_denoiser).find(|(_, value)| *value == 0) {
            return Err(Error::config(format!("{key} is 0, expected at least 1")));
        }
        self.evaluation.check()?;
        let held_out = self.data.held_out;
        if held_out < 4 && (held_out > 0 || self.evaluation.sets.is_empty()) {
            return Err(Error::config(format!(
                "data.held_out is {held_out}, expected at least 4, since verification takes two folds of two people; or 0 with [evaluation.sets] to verify on"
            )));
        }
        let rate = self.metrics.false_match_rate;
        if !(rate > 0.0 && rate < 1.0) {
            return Err(Error::config(format!(
                "metrics.false_match_rate is {rate}, expected a number between 0 and 1"
            )));
        }
        self.training.learning_rate.check("training.learning_rate")?;
        if let Some(evaluation) = &self.training.evaluation {
            evaluation.check("training.evaluation")?;
            if evaluation.held_out && held_out == 0 {
                return Err(
                    Error::config("training.evaluation verifies held-out people, but data.held_out is 0")
                        .help("set training.evaluation.held_out = false"),
                );
            }
        }
        self.denoiser.as_ref().map_or(Ok(()), |denoiser| {
            denoiser.training.learning_rate.check("denoiser.training.learning_rate")
        })
    }

    fn check_names(&self) -> Result<()> {
        for name in self.ids.keys().chain(self.arms.keys()) {
            if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
                return Err(Error::config(format!(
                    "`{name}`: names of arms and id sets are letters, digits, - and _"
                )));
            }
        }
        if self.ids.contains_key(REAL) {
            return Err(Error::config(
                "[ids.real]: `real` stands for the real identities; take another name",
            ));
        }
        Ok(())
    }

    /// The names in claims and figures.
    fn check_references(&self) -> Result<()> {
        for (name, claim) in &self.claims {
            for (key, arm) in [("first", &claim.first), ("second", &claim.second)] {
                if !self.arms.contains_key(arm) {
                    let near = suggestion(arm, self.arms.keys().map(String::as_str));
                    return Err(Error::config(format!("claims.{name}.{key}: no arm `{arm}`; {near}")));
                }
            }
        }
        let figures = [
            ("set", &self.figures.set),
            ("without_variance", &self.figures.without_variance),
        ];
        for (key, set) in figures {
            if let Some(set) = set.as_ref().filter(|s| !self.ids.contains_key(*s)) {
                let near = suggestion(set, self.ids.keys().map(String::as_str));
                return Err(Error::config(format!(
                    "figures.{key}: no set of identities `{set}`; {near}"
                )));
            }
        }
        Ok(())
    }

    fn check_arms(&self) -> Result<()> {
        if self.arms.is_empty() {
            return Err(Error::config(
                "no [arms.NAME]: a run compares at least one training set",
            ));
        }
        for (name, arm) in &self.arms {
            if arm.steps == Some(0) {
                return Err(Error::config(format!("arms.{name}.steps is 0, expected at least 1")));
            }
            match &arm.ids {
                None if !arm.real => {
                    return Err(Error::config(format!(
                        "arms.{name} is empty: set `real = true`, `ids`, or both"
                    )));
                }
                None => {}
                Some(_) if arm.images == 0 => {
                    return Err(Error::config(format!(
                        "arms.{name}.images is 0, expected images for each identity"
                    )));
                }
                Some(ids) if ids != REAL && !self.ids.contains_key(ids) => {
                    let known = self.ids.keys().map(String::as_str).chain([REAL]);
                    let near = suggestion(ids, known);
                    return Err(Error::config(format!(
                        "arms.{name}.ids: no set of identities `{ids}`; {near}"
                    )));
                }
                Some(_) if self.denoiser.is_none() || self.sampler.is_none() => {
                    return Err(Error::config(format!(
                        "arms.{name} wants generated images, but there is no [denoiser] or no [sampler]"
                    )));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }
}
