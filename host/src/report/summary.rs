//! The result in one or two sentences.

use super::{
    gap::{gap_percent, is_generated, reference},
    input::{Better, Input, Unit},
    number::{difference_in_unit, difference_interval, in_unit, interval, is_better, signed},
};

/// The best arm of generated images beside the arm of real ones; `None` where there is nothing to compare.
pub(super) fn summary(input: &Input) -> Option<String> {
    let arms = &input.arms;
    let best = arms
        .rows
        .iter()
        .filter(|a| is_generated(a) && a.average.mean.is_finite())
        .reduce(|a, b| {
            if is_better(b.average.mean, a.average.mean, Better::Higher) {
                b
            } else {
                a
            }
        })?;
    let value = |of: &super::input::Estimate| {
        let ends = interval(of.interval, Unit::Percent).map_or(String::new(), |i| format!(" {i}"));
        format!("{}%{ends}", in_unit(of.mean, Unit::Percent))
    };
    let mut out = format!(
        "Best arm of generated images: {}, average accuracy {}.",
        best.name,
        value(&best.average)
    );
    if let Some(real) = reference(arms).filter(|r| r.average.mean.is_finite()) {
        let difference = best.average.mean - real.average.mean;
        let ends =
            difference_interval(best.difference_interval, Unit::Percent).map_or(String::new(), |i| format!(" {i}"));
        out.push_str(&format!(
            " Real images ({}): {}. Difference {} points{ends}, gap {}%.",
            real.name,
            value(&real.average),
            difference_in_unit(difference, Unit::Percent),
            signed(gap_percent(real.average.mean, best.average.mean), 2)
        ));
    }
    Some(out)
}
