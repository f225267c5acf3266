//! What the paired comparisons say, in the same words whichever way they fall.

use serde::Serialize;

use super::{
    input::{Better, Claim, Comparison},
    number::{difference_in_unit, difference_interval, in_unit},
    table::{Cell, Column, Table},
};

/// What the interval of a difference allows to be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Verdict {
    /// The interval excludes 0 in favour of the first side.
    FirstBetter,
    /// The interval excludes 0 in favour of the second side.
    SecondBetter,
    /// The interval excludes 0 above; neither direction is better.
    FirstHigher,
    /// The interval excludes 0 below; neither direction is better.
    SecondHigher,
    /// The interval includes 0.
    NotShown,
    /// There is no interval.
    NoInterval,
}

impl Verdict {
    pub fn of(comparison: &Comparison) -> Self {
        let Some((low, high)) = comparison.interval.filter(|(l, h)| l.is_finite() && h.is_finite()) else {
            return Self::NoInterval;
        };
        if low <= 0.0 && high >= 0.0 {
            return Self::NotShown;
        }
        match (comparison.better, low > 0.0) {
            (Better::Higher, true) | (Better::Lower, false) => Self::FirstBetter,
            (Better::Higher, false) | (Better::Lower, true) => Self::SecondBetter,
            (Better::Neither, true) => Self::FirstHigher,
            (Better::Neither, false) => Self::SecondHigher,
        }
    }

    pub fn words(self, comparison: &Comparison) -> String {
        let (first, second) = (&comparison.first.0, &comparison.second.0);
        match self {
            Self::FirstBetter => format!("{first} is better"),
            Self::SecondBetter => format!("{second} is better"),
            Self::FirstHigher => format!("{first} is higher"),
            Self::SecondHigher => format!("{second} is higher"),
            Self::NotShown => "no difference shown".to_owned(),
            Self::NoInterval => "no interval".to_owned(),
        }
    }
}

/// All comparisons of one claim.
pub(super) fn table(claim: &Claim) -> Table {
    let mut table = Table {
        columns: vec![
            Column::text("Measure"),
            Column::text("First"),
            Column::number("Value", ""),
            Column::text("Second"),
            Column::number("Value", ""),
            Column::number("Difference", ""),
            Column::text("Reading"),
        ],
        ..Table::default()
    };
    table.rows = claim.comparisons.iter().map(row).collect();
    table
}

fn row(of: &Comparison) -> Vec<Cell> {
    let measure = match of.unit {
        super::input::Unit::Percent => format!("{} (%)", of.measure),
        _ => of.measure.clone(),
    };
    vec![
        Cell::new(measure),
        Cell::new(&of.first.0),
        Cell::new(in_unit(of.first.1, of.unit)),
        Cell::new(&of.second.0),
        Cell::new(in_unit(of.second.1, of.unit)),
        Cell::with_interval(
            difference_in_unit(of.difference, of.unit),
            difference_interval(of.interval, of.unit),
        ),
        Cell::new(Verdict::of(of).words(of)),
    ]
}

/// What the readings mean.
pub(super) const LEGEND: &str = "Difference is first minus second, in percentage points where the measure is in percent, with its paired 95% interval. \
    \"No difference shown\": the interval includes 0, which is no proof of equality. Intervals are not corrected for the number of comparisons.";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::input::Unit;

    fn comparison(better: Better, interval: Option<(f64, f64)>) -> Comparison {
        Comparison {
            measure: "m".into(),
            unit: Unit::Plain,
            better,
            first: ("a".into(), 1.0),
            second: ("b".into(), 0.5),
            difference: 0.5,
            interval,
        }
    }

    #[test]
    fn every_direction_is_read_as_it_is() {
        use Verdict::*;
        let cases = [
            (Better::Higher, Some((0.1, 0.9)), FirstBetter),
            (Better::Higher, Some((-0.9, -0.1)), SecondBetter),
            (Better::Lower, Some((0.1, 0.9)), SecondBetter),
            (Better::Lower, Some((-0.9, -0.1)), FirstBetter),
            (Better::Neither, Some((0.1, 0.9)), FirstHigher),
            (Better::Neither, Some((-0.9, -0.1)), SecondHigher),
            (Better::Higher, Some((-0.1, 0.9)), NotShown),
            (Better::Higher, Some((0.0, 0.9)), NotShown),
            (Better::Higher, None, NoInterval),
            (Better::Higher, Some((f64::NAN, 0.9)), NoInterval),
        ];
        for (better, interval, expected) in cases {
            assert_eq!(
                Verdict::of(&comparison(better, interval)),
                expected,
                "{better:?} {interval:?}"
            );
        }
    }
}
