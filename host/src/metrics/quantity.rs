//! What is measured on a set: names and conventions, for every place that shows a number.

/// A number of a set of images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Quantity {
    Uniqueness,
    Preservation,
    Recall,
    Distance,
    Fdr,
    Eer,
    Fmr100,
    Fmr1000,
    GenuineMean,
    GenuineDeviation,
    ImpostorMean,
    ImpostorDeviation,
    NearestRealMedian,
    NearestRealLargest,
    NearReal,
    Frechet,
}

/// What the numbers of a set, or of several that are shown together, were measured with.
#[derive(Clone, Copy, Debug)]
pub struct Conventions<'a> {
    /// How the threshold r came about.
    pub threshold: &'a str,
    /// Neighbours of improved recall.
    pub neighbours: usize,
    /// The pairs of images that genuine and impostor cosines are of.
    pub pairs: &'a str,
    /// Images, generated and real.
    pub images: (usize, usize),
}

impl Quantity {
    /// All, in the order to be shown.
    pub const ALL: [Self; 16] = [
        Self::Uniqueness,
        Self::Preservation,
        Self::Recall,
        Self::Distance,
        Self::Fdr,
        Self::Eer,
        Self::Fmr100,
        Self::Fmr1000,
        Self::GenuineMean,
        Self::GenuineDeviation,
        Self::ImpostorMean,
        Self::ImpostorDeviation,
        Self::NearestRealMedian,
        Self::NearestRealLargest,
        Self::NearReal,
        Self::Frechet,
    ];

    /// The short name, as `ficta metrics` gives it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Uniqueness => "U",
            Self::Preservation => "P",
            Self::Recall => "D_recall",
            Self::Distance => "D_distance",
            Self::Fdr => "FDR",
            Self::Eer => "EER",
            Self::Fmr100 => "FMR100",
            Self::Fmr1000 => "FMR1000",
            Self::GenuineMean => "genuine_mean",
            Self::GenuineDeviation => "genuine_deviation",
            Self::ImpostorMean => "impostor_mean",
            Self::ImpostorDeviation => "impostor_deviation",
            Self::NearestRealMedian => "nearest_real_median",
            Self::NearestRealLargest => "nearest_real_largest",
            Self::NearReal => "near_real",
            Self::Frechet => "frechet",
        }
    }

    /// Whether it is a number over genuine and impostor pairs.
    pub fn of_pairs(self) -> bool {
        use Quantity::*;
        matches!(
            self,
            Fdr | Eer | Fmr100 | Fmr1000 | GenuineMean | GenuineDeviation | ImpostorMean | ImpostorDeviation
        )
    }

    /// Whether the threshold r enters.
    pub fn takes_threshold(self) -> bool {
        matches!(self, Self::Uniqueness | Self::Preservation | Self::NearReal)
    }

    /// Similarity or distance, and over what.
    pub fn convention(self, with: &Conventions<'_>) -> String {
        let r = with.threshold;
        let pairs = |what: &str| format!("{what}; cosine similarity of images, {}", with.pairs);
        let near = "largest cosine similarity of a class centre to a real one, that of the same person left out";
        match self {
            Self::Uniqueness => format!("share of class centres with cosine similarity below r to all before; {r}"),
            Self::Preservation => {
                format!("mean share of an ID's images with cosine similarity above r to its class centre; {r}")
            }
            Self::Recall => format!(
                "improved recall an ID, k = {}, cosine distance, over labels that both sets have",
                with.neighbours
            ),
            Self::Distance => "mean cosine distance over pairs of images of one ID, averaged over IDs".into(),
            Self::Fdr => pairs("(m_g - m_i)^2 / (s_g^2 + s_i^2)"),
            Self::Eer => pairs("mean of FMR and FNMR where they differ least"),
            Self::Fmr100 => pairs("lowest FNMR at an FMR of at most 1/100"),
            Self::Fmr1000 => pairs("lowest FNMR at an FMR of at most 1/1000"),
            Self::GenuineMean => pairs("mean of genuine pairs"),
            Self::GenuineDeviation => pairs("population deviation of genuine pairs"),
            Self::ImpostorMean => pairs("mean of impostor pairs"),
            Self::ImpostorDeviation => pairs("population deviation of impostor pairs"),
            Self::NearestRealMedian | Self::NearestRealLargest => near.into(),
            Self::NearReal => format!(
                "share of class centres with cosine similarity above r to a real one, that of the same person left out; {r}"
            ),
            Self::Frechet => format!(
                "Frechet distance of Gaussians fitted to the unit features of {} generated and {} real images, covariance over N - 1",
                with.images.0, with.images.1
            ),
        }
    }
}
