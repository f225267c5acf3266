//! Checks that a component departs from on purpose, as it says itself.

use serde_json::Value;

use super::{Outcome, Verdict};

/// Where a component's parameter schema names them: `{"x-departs": {"gradient": "why"}}`. With schemars:
/// `#[schemars(extend("x-departs" = {"gradient": "why"}))]` on the parameters.
pub const DEPARTS: &str = "x-departs";

impl Verdict {
    /// Shows the failures that `schema`, the component's own, names under [`DEPARTS`] as skipped, with the reason given there.
    #[must_use]
    pub fn without_departures(mut self, schema: &str) -> Self {
        let schema: Value = serde_json::from_str(schema).unwrap_or_default();
        for check in &mut self.checks {
            let reason = schema[DEPARTS][check.name].as_str();
            if let (Outcome::Failed(_), Some(reason)) = (&check.outcome, reason) {
                check.outcome = Outcome::Skipped(format!("it departs from this on purpose: {reason}"));
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Kind, testing::conformance::Check};

    #[test]
    fn only_what_is_named_is_excused() {
        let failed = |name| Check {
            name,
            outcome: Outcome::Failed("seen".into()),
        };
        let verdict = || Verdict {
            kind: Kind::LOSS,
            component: "x".into(),
            checks: vec![failed("gradient"), failed("nan")],
        };
        let seen = verdict().without_departures(r#"{"x-departs": {"gradient": "t is constant"}}"#);
        assert_eq!(seen.failures(), ["nan"]);
        assert!(
            seen.to_string()
                .contains("gradient: it departs from this on purpose: t is constant")
        );
        for schema in ["{}", "", r#"{"x-departs": {"gradient": 1}}"#] {
            assert_eq!(verdict().without_departures(schema).failures().len(), 2);
        }
    }
}
