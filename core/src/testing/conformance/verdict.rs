//! What a conformance suite found.

use std::fmt;

use crate::Kind;

/// How one check ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The contract is kept.
    Passed,
    /// It is not: what was done, what was expected and what happened.
    Failed(String),
    /// Not checked, and why.
    Skipped(String),
}

/// One check of a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Its name, as `--skip` takes it.
    pub name: &'static str,
    /// How it ended.
    pub outcome: Outcome,
}

/// All checks of a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What the component is.
    pub kind: Kind,
    /// Its name.
    pub component: String,
    /// The checks, in order.
    pub checks: Vec<Check>,
}

impl Verdict {
    /// Whether no check failed.
    pub fn passed(&self) -> bool {
        !self.checks.iter().any(|c| matches!(c.outcome, Outcome::Failed(_)))
    }

    /// The names of the checks that failed.
    pub fn failures(&self) -> Vec<&'static str> {
        let failed = self.checks.iter().filter(|c| matches!(c.outcome, Outcome::Failed(_)));
        failed.map(|c| c.name).collect()
    }

    /// Asserts that no check failed.
    ///
    /// # Panics
    /// Where one did, with all of them.
    #[track_caller]
    pub fn assert_passed(&self) {
        assert!(self.passed(), "{self}");
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.passed() {
            "keeps the contract"
        } else {
            "BREAKS the contract"
        };
        writeln!(f, "{} `{}` {word}", self.kind, self.component)?;
        for check in &self.checks {
            let (mark, why) = match &check.outcome {
                Outcome::Passed => ("ok", ""),
                Outcome::Failed(why) => ("FAILED", why.as_str()),
                Outcome::Skipped(why) => ("skipped", why.as_str()),
            };
            let line = format!("  {mark:7} {}", check.name);
            match why {
                "" => writeln!(f, "{line}")?,
                why => writeln!(f, "{line}: {}", why.replace('\n', "\n            "))?,
            }
        }
        Ok(())
    }
}
