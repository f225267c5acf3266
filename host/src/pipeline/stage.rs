//! One step of a run.

use std::collections::BTreeMap;

use ficta_core::{Kind, Result};
use serde_json::Value;

use super::Place;
use crate::config::ComponentChoice;

/// What a stage does, given a place to do it in.
pub type Work = Box<dyn Fn(&Place<'_>) -> Result<()>>;

/// One step of a run. Its results depend on `inputs`, `params`, `components` and the run's seed alone.
pub struct Stage {
    /// Name, and folder in the run folder: `generate/fictional`.
    pub id: String,
    /// Stages whose outputs it reads.
    pub inputs: Vec<String>,
    /// Everything in the run file that its outputs depend on.
    pub params: Value,
    /// The components it uses.
    pub components: Vec<(Kind, ComponentChoice)>,
    /// Components that only show how the work goes: no result that another stage reads depends on them.
    pub aside: Vec<(Kind, ComponentChoice)>,
    /// Does the work.
    pub work: Work,
}

impl Stage {
    /// A stage without components.
    pub fn new(id: impl Into<String>, inputs: Vec<String>, params: Value, work: Work) -> Self {
        Self {
            id: id.into(),
            inputs,
            params,
            components: Vec::new(),
            aside: Vec::new(),
            work,
        }
    }

    /// Every component that it calls.
    pub fn called(&self) -> impl Iterator<Item = &(Kind, ComponentChoice)> {
        self.components.iter().chain(&self.aside)
    }

    /// Adds a component.
    #[must_use]
    pub fn with(mut self, kind: Kind, choice: &ComponentChoice) -> Self {
        self.components.push((kind, choice.clone()));
        self
    }
}

/// Fingerprints of stages by their name.
pub type Fingerprints = BTreeMap<String, String>;
