//! Numbers as readers see them.

use super::input::{Better, Estimate, Unit};

/// Stands where a number is not known.
pub(super) const MISSING: &str = "–";

/// `x` with so many decimals; a dash where `x` is not finite; never "-0.00".
pub(super) fn fixed(x: f64, decimals: usize) -> String {
    if !x.is_finite() {
        return MISSING.to_owned();
    }
    let text = format!("{x:.decimals$}");
    match text.strip_prefix('-') {
        Some(rest) if rest.chars().all(|c| matches!(c, '0' | '.')) => rest.to_owned(),
        _ => text,
    }
}

/// As [`fixed`], with the sign always shown (zero has none).
pub(super) fn signed(x: f64, decimals: usize) -> String {
    let text = fixed(x, decimals);
    let is_zero = text.chars().all(|c| matches!(c, '0' | '.'));
    if x > 0.0 && x.is_finite() && !is_zero {
        format!("+{text}")
    } else {
        text
    }
}

/// A value in its unit: percent with two decimals, plain with three, counts whole.
pub(super) fn in_unit(x: f64, unit: Unit) -> String {
    match unit {
        Unit::Percent => fixed(x * 100.0, 2),
        Unit::Plain => fixed(x, 3),
        Unit::Count => fixed(x, 0),
    }
}

/// A difference in its unit, with its sign.
pub(super) fn difference_in_unit(x: f64, unit: Unit) -> String {
    match unit {
        Unit::Percent => signed(x * 100.0, 2),
        Unit::Plain => signed(x, 3),
        Unit::Count => signed(x, 0),
    }
}

/// `[lower, upper]` in the unit; `None` where there is no interval or an end is not finite.
pub(super) fn interval(ends: Option<(f64, f64)>, unit: Unit) -> Option<String> {
    let (low, high) = ends.filter(|(l, h)| l.is_finite() && h.is_finite())?;
    Some(format!("[{}, {}]", in_unit(low, unit), in_unit(high, unit)))
}

/// As [`interval`], for differences.
pub(super) fn difference_interval(ends: Option<(f64, f64)>, unit: Unit) -> Option<String> {
    let (low, high) = ends.filter(|(l, h)| l.is_finite() && h.is_finite())?;
    Some(format!(
        "[{}, {}]",
        difference_in_unit(low, unit),
        difference_in_unit(high, unit)
    ))
}

/// A rate as percent without needless decimals: 0.01 is "1%", 0.001 is "0.1%".
pub(super) fn rate(x: f64) -> String {
    if !x.is_finite() {
        return MISSING.to_owned();
    }
    // Rounded to nine decimals first: 0.07 * 100 is 7.000000000000001.
    format!("{}%", (x * 100.0 * 1e9).round() / 1e9)
}

/// A count with a thin group separator for readers: 10177 is "10,177".
pub(crate) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// `n` and its noun, in the plural where needed: "1 person" has to be asked for as ("row", 1).
pub(super) fn counted(n: usize, noun: &str) -> String {
    format!("{} {noun}{}", grouped(n as u64), if n == 1 { "" } else { "s" })
}

/// The machine's form of a number for CSV: shortest that reads back the same; empty where not finite.
pub(super) fn raw(x: f64) -> String {
    if x.is_finite() { format!("{x}") } else { String::new() }
}

/// Whether `a` is the better value; anything beats a value that is not finite.
pub(super) fn is_better(a: f64, b: f64, better: Better) -> bool {
    match (a.is_finite(), b.is_finite()) {
        (true, true) => match better {
            Better::Higher => a > b,
            Better::Lower => a < b,
            Better::Neither => false,
        },
        (finite, other) => finite && !other,
    }
}

/// The ends of an estimate's interval as raw numbers, NaN where there is none.
pub(super) fn ends(of: &Estimate) -> (f64, f64) {
    of.interval.unwrap_or((f64::NAN, f64::NAN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_raw_nan_and_no_negative_zero() {
        assert_eq!(fixed(f64::NAN, 2), "–");
        assert_eq!(fixed(f64::INFINITY, 2), "–");
        assert_eq!(fixed(-0.001, 2), "0.00");
        assert_eq!(signed(0.001, 2), "0.00");
        assert_eq!(signed(f64::INFINITY, 2), "–");
        assert_eq!(interval(Some((f64::NAN, 1.0)), Unit::Plain), None);
        assert_eq!(raw(f64::NEG_INFINITY), "");
        assert_eq!(rate(f64::NAN), "–");
    }

    #[test]
    fn units() {
        assert_eq!(in_unit(0.93514, Unit::Percent), "93.51");
        assert_eq!(difference_in_unit(0.0123, Unit::Percent), "+1.23");
        assert_eq!(difference_in_unit(-0.5, Unit::Plain), "-0.500");
        assert_eq!(rate(0.07), "7%");
        assert_eq!(rate(0.0001), "0.01%");
        assert_eq!(grouped(10177), "10,177");
        assert_eq!(grouped(202_599_000), "202,599,000");
        assert_eq!(grouped(7), "7");
        assert_eq!(counted(1, "pair"), "1 pair");
        assert_eq!(counted(1200, "pair"), "1,200 pairs");
    }

    #[test]
    fn a_missing_value_is_never_the_better_one() {
        assert!(is_better(0.1, f64::NAN, Better::Higher));
        assert!(!is_better(f64::NAN, 0.1, Better::Higher));
        assert!(is_better(0.1, 0.2, Better::Lower));
        assert!(!is_better(0.1, 0.2, Better::Neither));
    }
}
