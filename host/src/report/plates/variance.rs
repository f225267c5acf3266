//! Fig. 1: pairs of real IDs with their fictional ID without and with variance.

use super::{Plate, PlateCell, PlateRow};
use crate::report::{
    input::{Interpolated, RealId, VariancePair},
    number::fixed,
};

pub(super) fn plate(pairs: &[VariancePair]) -> Option<Plate<'_>> {
    (!pairs.is_empty()).then(|| Plate {
        slug: "fig1-variance",
        label: "Fig. 1",
        title: "Fictional IDs without and with variance".into(),
        caption: "Left, the two real IDs that are interpolated; the one with the greater variance V stands above. \
            Then images of the fictional ID at the midpoint (without variance) and where the variances put it (with variance). \
            t is the place between the two, from the upper ID (0) to the lower (1); cosines are those of the ID feature."
            .into(),
        heads: ["Pair", "Real IDs", "Without variance", "With variance"].map(str::to_owned).to_vec(),
        rows: pairs.iter().map(row).collect(),
    })
}

fn row(pair: &VariancePair) -> PlateRow<'_> {
    // Unknown variances leave the order as given.
    let swap = pair.second.variance > pair.first.variance;
    let (upper, lower) = if swap {
        (&pair.second, &pair.first)
    } else {
        (&pair.first, &pair.second)
    };
    let real = PlateCell {
        pictures: upper
            .pictures
            .first()
            .into_iter()
            .chain(lower.pictures.first())
            .collect(),
        per_line: 1,
        words: vec![named("above", upper), named("below", lower)],
        alt: format!("Above, real ID {}; below, real ID {}", upper.name, lower.name),
    };
    let made = |how: &str, of: &'_ Interpolated| {
        let t = if swap { 1.0 - of.t } else { of.t };
        let (above, below) = if swap {
            (of.cosine_second, of.cosine_first)
        } else {
            (of.cosine_first, of.cosine_second)
        };
        let words = vec![
            format!("t {}", fixed(t, 2)),
            format!("cos above {}, below {}", fixed(above, 2), fixed(below, 2)),
        ];
        let alt = format!(
            "Fictional ID between {} and {} {how} variance, t {}",
            upper.name,
            lower.name,
            fixed(t, 2)
        );
        (words, alt)
    };
    let cell = |how: &str, of: &'_ Interpolated| made(how, of);
    let (without_words, without_alt) = cell("without", &pair.without);
    let (with_words, with_alt) = cell("with", &pair.with);
    PlateRow {
        name: format!("{} × {}", upper.name, lower.name),
        notes: Vec::new(),
        cells: vec![
            real,
            PlateCell {
                per_line: pair.without.pictures.len().div_ceil(2),
                pictures: pair.without.pictures.iter().collect(),
                words: without_words,
                alt: without_alt,
            },
            PlateCell {
                per_line: pair.with.pictures.len().div_ceil(2),
                pictures: pair.with.pictures.iter().collect(),
                words: with_words,
                alt: with_alt,
            },
        ],
    }
}

fn named(place: &str, id: &RealId) -> String {
    format!("{place} {}, V {}", id.name, fixed(id.variance, 2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::input::Picture;

    fn id(name: &str, variance: f64, grey: u8) -> RealId {
        RealId {
            name: name.into(),
            variance,
            pictures: vec![Picture::grey(1, 1, vec![grey]).unwrap()],
        }
    }

    #[test]
    fn the_greater_variance_stands_above_and_t_is_measured_from_it() {
        let at = |t: f64| Interpolated {
            t,
            cosine_first: 0.9,
            cosine_second: 0.6,
            pictures: Vec::new(),
        };
        let pair = VariancePair {
            first: id("a", 0.2, 1),
            second: id("b", 0.4, 2),
            without: at(0.5),
            with: at(0.3),
        };
        let plate = plate(std::slice::from_ref(&pair)).unwrap();
        let row = &plate.rows[0];
        assert_eq!(row.name, "b × a");
        assert_eq!(row.cells[0].pictures[0].rgb_at(0, 0)[0], 2);
        assert_eq!(row.cells[0].words, ["above b, V 0.40", "below a, V 0.20"]);
        assert_eq!(row.cells[2].words, ["t 0.70", "cos above 0.60, below 0.90"]);
    }
}
