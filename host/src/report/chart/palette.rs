//! Colours for light and dark pages.
//!
//! Charts are drawn in the light colours. On a dark page, a style rule for each replaces it in the inlined SVG.

use plotters::style::RGBColor;

/// A colour of the charts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Colour {
    /// Text, and the arm of real images.
    Ink,
    /// Secondary text.
    Muted,
    /// Grid lines.
    Grid,
    /// One of the distinguishable colours of series; taken modulo their number.
    Series(usize),
}

const INK: (u32, u32) = (0x1b_1f_24, 0xe6_ea_f0);
const MUTED: (u32, u32) = (0x57_60_6a, 0xa3_ad_b8);
const GRID: (u32, u32) = (0xdd_e2_e8, 0x36_3d_47);

/// Light and dark of each; at least 4.5:1 against the page in both, and apart for the common colour-vision deficiencies.
const SERIES: [(u32, u32); 7] = [
    (0x0b_6b_cb, 0x6c_b6_ff),
    (0xc2_41_0c, 0xff_9a_5c),
    (0x0f_7b_5f, 0x4f_d1_a5),
    (0xa8_32_79, 0xf0_8c_c8),
    (0x80_65_00, 0xe3_c3_4a),
    (0x5b_4f_c7, 0xa9_9b_ff),
    (0x0e_74_90, 0x5c_d3_e8),
];

impl Colour {
    /// Number of colours before they repeat.
    pub const SERIES: usize = SERIES.len();

    fn pair(self) -> (u32, u32) {
        match self {
            Self::Ink => INK,
            Self::Muted => MUTED,
            Self::Grid => GRID,
            Self::Series(n) => SERIES[n % SERIES.len()],
        }
    }

    /// The colour as drawn.
    pub(super) fn light(self) -> RGBColor {
        let [_, r, g, b] = self.pair().0.to_be_bytes();
        RGBColor(r, g, b)
    }
}

/// Style rules for a dark page.
pub(crate) fn dark_rules() -> String {
    let all = [INK, MUTED, GRID].into_iter().chain(SERIES);
    let mut out = String::new();
    for (light, dark) in all {
        out.push_str(&format!(
            ".chart [fill=\"#{light:06X}\"]{{fill:#{dark:06x}}}.chart [stroke=\"#{light:06X}\"]{{stroke:#{dark:06x}}}\n"
        ));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance as WCAG 2 defines it.
    fn luminance(rgb: u32) -> f64 {
        let [_, r, g, b] = rgb.to_be_bytes();
        let linear = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.04045 {
                c / 12.92
            } else {
                ((c + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
    }

    fn contrast(a: u32, b: u32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// The page's backgrounds, as in page.css.
    const PAGE: (u32, u32) = (0xff_ff_ff, 0x12_16_1c);

    #[test]
    fn every_colour_of_text_and_data_is_readable_on_both_pages() {
        for (light, dark) in [INK, MUTED].into_iter().chain(SERIES) {
            assert!(
                contrast(light, PAGE.0) >= 4.5,
                "{light:06x}: {}",
                contrast(light, PAGE.0)
            );
            assert!(contrast(dark, PAGE.1) >= 4.5, "{dark:06x}: {}", contrast(dark, PAGE.1));
        }
    }

    #[test]
    fn every_colour_has_its_dark_rule() {
        assert_eq!(dark_rules().lines().count(), 3 + SERIES.len());
        assert!(dark_rules().contains(".chart [stroke=\"#0B6BCB\"]{stroke:#6cb6ff}"));
    }
}
