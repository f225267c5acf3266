//! Where landmarks come to lie.

use ficta_core::{Error, Result};

use super::Points;

/// InsightFace's templates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, serde::Serialize, serde::Deserialize)]
pub enum Template {
    /// Square, 112x112 at its own size.
    #[default]
    #[value(name = "arcface112")]
    #[serde(rename = "arcface112")]
    Arcface112,
    /// 112 high and 96 wide: the square one without 8 columns on either side.
    #[value(name = "arcface112x96")]
    #[serde(rename = "arcface112x96")]
    Arcface112x96,
}

/// In an image of 112x112.
const ARCFACE: Points = [
    [38.2946, 51.6963],
    [73.5318, 51.5014],
    [56.0252, 71.7366],
    [41.5493, 92.3655],
    [70.7299, 92.2041],
];

impl Template {
    /// The template and (height, width) of an image of this height. A height divisible by 112 scales the template; one divisible by 128 has the
    /// 112-pixel template in its middle columns (x + 8), as InsightFace has it.
    ///
    /// # Errors
    /// A height divisible by neither; for 112x96, one not divisible by 112.
    pub fn at(self, size: usize) -> Result<(Points, usize, usize)> {
        let wide = self == Self::Arcface112x96;
        let (ratio, shift) = match size {
            0 => (0.0, 0.0),
            _ if size.is_multiple_of(112) => (size as f64 / 112.0, if wide { -8.0 } else { 0.0 }),
            _ if size.is_multiple_of(128) && !wide => (size as f64 / 128.0, 8.0),
            _ => (0.0, 0.0),
        };
        if ratio == 0.0 || size > 4096 {
            return Err(Error::config(format!(
                "size {size}: expected a multiple of 112{} up to 4096",
                if wide { "" } else { " or 128" }
            )));
        }
        let width = if wide { size / 112 * 96 } else { size };
        Ok((ARCFACE.map(|[x, y]| [(x + shift) * ratio, y * ratio]), size, width))
    }
}
