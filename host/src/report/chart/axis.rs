//! Axes and their ticks.

use crate::report::number::fixed;

/// An axis with its ticks.
#[derive(Debug, Clone)]
pub(crate) struct Axis {
    pub label: String,
    /// Value and text, inside the range.
    pub ticks: Vec<(f64, String)>,
    low: f64,
    high: f64,
    log: bool,
}

impl Axis {
    /// A linear axis over at least [low, high], its ends on ticks.
    pub fn linear(label: impl Into<String>, low: f64, high: f64) -> Self {
        let (low, high) = sane(low, high);
        let step = nice_step((high - low) / 7.0);
        let (first, last) = ((low / step).floor(), (high / step).ceil());
        Self::stepped(label, first * step, last * step, step)
    }

    /// A linear axis over exactly [low, high].
    pub fn linear_exact(label: impl Into<String>, low: f64, high: f64) -> Self {
        let (low, high) = sane(low, high);
        Self::stepped(label, low, high, nice_step((high - low) / 7.0))
    }

    fn stepped(label: impl Into<String>, low: f64, high: f64, step: f64) -> Self {
        let decimals = decimals_of(step);
        let first = (low / step - 1e-9).ceil() as i64;
        let last = (high / step + 1e-9).floor() as i64;
        let ticks = (first..=last)
            .map(|k| {
                let at = k as f64 * step;
                (at, fixed(at, decimals).replace('-', "\u{2212}"))
            })
            .collect();
        Self {
            label: label.into(),
            ticks,
            low,
            high,
            log: false,
        }
    }

    /// A logarithmic axis over [low, high], both positive; `text` names the ticks.
    pub fn log(label: impl Into<String>, low: f64, high: f64, text: impl Fn(f64) -> String) -> Self {
        let low = if low > 0.0 && low.is_finite() { low } else { 1e-6 };
        let high = if high > low && high.is_finite() {
            high
        } else {
            low * 10.0
        };
        let decades = (high / low).log10();
        let steps: &[f64] = match decades {
            d if d <= 1.5 => &[1.0, 2.0, 3.0, 5.0],
            d if d <= 2.5 => &[1.0, 2.0, 5.0],
            _ => &[1.0],
        };
        let mut ticks = Vec::new();
        for exponent in low.log10().floor() as i32..=high.log10().ceil() as i32 {
            for step in steps {
                // Written and read back as decimal: 3 * 10^-2 has to be 0.03.
                let at: f64 = format!("{step}e{exponent}").parse().unwrap_or(f64::NAN);
                if at >= low * (1.0 - 1e-9) && at <= high * (1.0 + 1e-9) {
                    ticks.push((at, text(at)));
                }
            }
        }
        Self {
            label: label.into(),
            ticks,
            low,
            high,
            log: true,
        }
    }

    /// Rows with a name each, row 0 at the far end (on top, for a vertical axis).
    pub fn rows(label: impl Into<String>, names: &[String]) -> Self {
        let ticks = names
            .iter()
            .enumerate()
            .map(|(row, name)| (Self::row(names.len(), row), name.clone()))
            .collect();
        Self {
            label: label.into(),
            ticks,
            low: 0.0,
            high: names.len().max(1) as f64,
            log: false,
        }
    }

    /// Where row `row` of `rows` lies on such an axis.
    pub fn row(rows: usize, row: usize) -> f64 {
        (rows - row) as f64 - 0.5
    }

    /// Where a value lies between the ends (0 to 1), held inside; `None` where it is not finite.
    pub fn position(&self, value: f64) -> Option<f64> {
        if !value.is_finite() {
            return None;
        }
        let at = if self.log {
            let value = value.max(self.low);
            (value / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        };
        Some(at.clamp(0.0, 1.0))
    }
}

fn sane(low: f64, high: f64) -> (f64, f64) {
    match (low.is_finite(), high.is_finite()) {
        (true, true) if high > low => (low, high),
        (true, true) => (low - 0.5, low + 0.5),
        _ => (0.0, 1.0),
    }
}

/// 1, 2 or 5 times a power of ten, at least `rough`.
fn nice_step(rough: f64) -> f64 {
    let exponent = rough.log10().floor() as i32;
    for step in [1, 2, 5, 10] {
        let at: f64 = format!("{step}e{exponent}").parse().unwrap_or(1.0);
        if at >= rough * (1.0 - 1e-9) {
            return at;
        }
    }
    rough
}

fn decimals_of(step: f64) -> usize {
    (0..9)
        .find(|&d| {
            let scaled = step * 10_f64.powi(d);
            (scaled - scaled.round()).abs() < 1e-6
        })
        .unwrap_or(9) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|t| t.1.as_str()).collect()
    }

    #[test]
    fn linear_ticks_are_round_and_cover_the_data() {
        let a = Axis::linear("", -0.13, 0.94);
        assert_eq!(texts(&a), ["−0.2", "0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        let a = Axis::linear("", 0.0, 435.0);
        assert_eq!(texts(&a), ["0", "100", "200", "300", "400", "500"]);
        let a = Axis::linear_exact("", 0.0, 1.0);
        assert_eq!(texts(&a), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(a.position(0.25), Some(0.25));
        assert_eq!(a.position(f64::NAN), None);
        assert_eq!(a.position(7.0), Some(1.0));
    }

    #[test]
    fn log_ticks_are_decades() {
        let a = Axis::log("", 0.001, 1.0, |v| v.to_string());
        assert_eq!(texts(&a), ["0.001", "0.01", "0.1", "1"]);
        assert_eq!(a.position(0.0), Some(0.0));
        assert!((a.position(0.1).unwrap() - 2.0 / 3.0).abs() < 1e-12);
        let a = Axis::log("", 0.04, 0.5, |v| v.to_string());
        assert_eq!(texts(&a), ["0.05", "0.1", "0.2", "0.3", "0.5"]);
    }

    #[test]
    fn empty_and_infinite_ranges_still_give_an_axis() {
        for (low, high) in [
            (3.0, 3.0),
            (f64::NAN, 1.0),
            (f64::INFINITY, f64::NEG_INFINITY),
            (-1e300, 1e300),
        ] {
            let a = Axis::linear("", low, high);
            assert!((2..=20).contains(&a.ticks.len()), "{low} {high}: {:?}", a.ticks.len());
            assert!(a.position(0.0).is_some());
        }
        assert!(!Axis::log("", 0.0, f64::NAN, |v| v.to_string()).ticks.is_empty());
    }
}
