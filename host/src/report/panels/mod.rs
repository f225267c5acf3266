//! The report's charts, built from its input.

mod arms;
mod differences;
mod roc;
mod similarities;
mod training;
mod yields;

use super::{
    chart::{Chart, Colour},
    input::{Authenticity, Input},
};

/// All charts that the input has data for, in the order shown.
pub(super) fn all(input: &Input) -> Vec<Chart> {
    let mut charts = Vec::new();
    charts.extend(arms::chart(input));
    charts.extend(differences::chart(input));
    charts.extend(roc::charts(input));
    charts.extend(similarities::charts(input));
    charts.extend(training::charts(input));
    charts.extend(yields::nms(input));
    charts.extend(yields::variance(input));
    make_distinct(&mut charts);
    charts
}

/// Two titles may give one file name: the later ones take a number.
fn make_distinct(charts: &mut [Chart]) {
    let mut taken: Vec<String> = Vec::new();
    for chart in charts {
        let plain = chart.slug.clone();
        let mut number = 1;
        while taken.contains(&chart.slug) {
            number += 1;
            chart.slug = format!("{plain}-{number}");
        }
        taken.push(chart.slug.clone());
    }
}

/// Colour of an arm: the same in every chart. Arms of real images are ink, the others take colours in their order.
/// The second value asks for a dashed line, once the colours repeat.
fn arm_colour(input: &Input, name: &str) -> Option<(Colour, bool)> {
    let mut next = 0;
    for arm in &input.arms.rows {
        let colour = match arm.authenticity {
            Authenticity::Real => (Colour::Ink, false),
            _ => {
                let colour = (Colour::Series(next), next >= Colour::SERIES);
                next += 1;
                colour
            }
        };
        if arm.name == name {
            return Some(colour);
        }
    }
    None
}

/// A file name from a title: lower case, words joined by hyphens.
fn slug(prefix: &str, title: &str) -> String {
    let mut out = prefix.to_owned();
    for word in title
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|w| !w.is_empty())
    {
        out.push('-');
        out.push_str(&word.to_ascii_lowercase());
    }
    out
}

/// Titles in the order of their first appearance.
fn distinct<'a>(titles: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut out = Vec::new();
    for title in titles {
        if !out.contains(&title) {
            out.push(title);
        }
    }
    out
}
