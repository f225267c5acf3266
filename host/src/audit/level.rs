use std::fmt;

use serde::{Serialize, Serializer};

/// What is compared with what; the fictional side first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Class centres with class centres.
    CentreCentre,
    /// Images with class centres.
    ImageCentre,
    /// Images with images.
    ImageImage,
}

impl Level {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::CentreCentre, Self::ImageCentre, Self::ImageImage];

    /// Whether each side is images.
    pub fn of_images(self) -> (bool, bool) {
        match self {
            Self::CentreCentre => (false, false),
            Self::ImageCentre => (true, false),
            Self::ImageImage => (true, true),
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::CentreCentre => "centre-centre",
            Self::ImageCentre => "image-centre",
            Self::ImageImage => "image-image",
        })
    }
}

impl Serialize for Level {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
