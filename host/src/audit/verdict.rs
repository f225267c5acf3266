use std::fmt;

use serde::Serialize;

use super::Finding;

/// What the findings amount to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// No fictional person is above the threshold to a real one, at any level.
    Clear,
    /// Some are, but no larger share than of real people to other real people: what chance gives at the stated false-match rate.
    AsRealPeople,
    /// A larger share of fictional people than of real ones is above the threshold at some level.
    Leak,
}

impl Verdict {
    /// The verdict on all findings.
    pub fn of(findings: &[Finding]) -> Self {
        let share = |above: usize, of: usize| above as f64 / of.max(1) as f64;
        let leaks = |f: &Finding| f.above > 0 && share(f.above, f.people) > share(f.real_above, f.real_people);
        match (findings.iter().any(leaks), findings.iter().any(|f| f.above > 0)) {
            (true, _) => Self::Leak,
            (false, true) => Self::AsRealPeople,
            (false, false) => Self::Clear,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Clear => "clear: no fictional person is taken for a real one",
            Self::AsRealPeople => {
                "as real people: some fictional people are taken for real ones, no larger a share than of real people"
            }
            Self::Leak => {
                "leak: a larger share of fictional people than of real ones is taken for a (different) real person"
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Level, *};

    fn finding(above: usize, real_above: usize) -> Finding {
        Finding {
            reference: "real".into(),
            level: Level::CentreCentre,
            threshold: 0.5,
            impostor_pairs: 10,
            people: 10,
            above,
            real_people: 20,
            real_above,
            largest: 0.4,
            matches: Vec::new(),
        }
    }

    #[test]
    fn shares_are_compared_and_not_counts() {
        assert_eq!(Verdict::of(&[]), Verdict::Clear);
        assert_eq!(Verdict::of(&[finding(0, 3)]), Verdict::Clear);
        assert_eq!(Verdict::of(&[finding(0, 3), finding(1, 2)]), Verdict::AsRealPeople);
        assert_eq!(Verdict::of(&[finding(2, 3), finding(0, 0)]), Verdict::Leak);
    }
}
