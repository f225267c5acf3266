//! Proposers of fictional identities.
//!
//! `variance-interpolation` puts a fictional identity between two real ones, nearer to the one that varies less. That variances
//! shall decide, and the midpoint as the ablation without them, stand in the paper's supplement; the formulas are ours. Each
//! module says which is which. The others are what peers use, as baselines:
//!
//! | proposer | after | parents | predicted variance |
//! |---|---|---|---|
//! | `variance-interpolation` | the paper; formulas ours | two | (1 - t) V_a + t V_b |
//! | `two-coefficient-mix` | AugGen (Rahimi et al., NeurIPS 2025) | two | (1 - t) V_a + t V_b |
//! | `von-mises-fisher` | Wood 1994; kappa by Banerjee et al. 2005 or Sra 2012 | one | V of the parent |
//! | `uniform-sphere` | IDiff-Face (Boutros et al., ICCV 2023) | none | none |
//! | `pca-gaussian` | Vec2Face (Wu et al., ICLR 2025) | none | none |
//! | `orthogonal-prototypes` | VIGFace (Kim et al. 2024) | none | none |
//!
//! Candidate k depends on the real identities, the seed and k alone: asking for more only appends. Variances that are NaN are unknown;
//! proposers that need none take such identities.

mod concentration;
mod endpoints;
mod interpolate;
mod orthogonal_prototypes;
mod pairs;
mod pca_gaussian;
mod principal;
mod room;
mod rule;
mod sphere;
mod two_coefficient_mix;
mod uniform_sphere;
mod variance_interpolation;
mod von_mises_fisher;
mod wood;

pub use concentration::Concentration;
pub use interpolate::Interpolation;
pub use orthogonal_prototypes::{OrthogonalPrototypes, OrthogonalPrototypesParams};
pub use pairs::Pairs;
pub use pca_gaussian::{PcaGaussian, PcaGaussianParams};
pub use rule::Rule;
pub use two_coefficient_mix::{TwoCoefficientMix, TwoCoefficientMixParams};
pub use uniform_sphere::{UniformSphere, UniformSphereParams};
pub use variance_interpolation::{VarianceInterpolation, VarianceInterpolationParams};
pub use von_mises_fisher::{VonMisesFisher, VonMisesFisherParams};

ficta_core::register_proposer!(
    VarianceInterpolation,
    "variance-interpolation",
    "Between two real identities, nearer to the one that varies less"
);
ficta_core::register_proposer!(
    TwoCoefficientMix,
    "two-coefficient-mix",
    "alpha c_i + beta c_j with one (alpha, beta) for all pairs (AugGen)"
);
ficta_core::register_proposer!(
    VonMisesFisher,
    "von-mises-fisher",
    "Drawn around real identities, as widely as these vary or as told"
);
ficta_core::register_proposer!(
    UniformSphere,
    "uniform-sphere",
    "Uniform on the sphere, whoever the real identities are (IDiff-Face)"
);
ficta_core::register_proposer!(
    PcaGaussian,
    "pca-gaussian",
    "A Gaussian fitted to the real identities in their principal components (Vec2Face)"
);
ficta_core::register_proposer!(
    OrthogonalPrototypes,
    "orthogonal-prototypes",
    "At right angles to the real identities and to each other (VIGFace)"
);

ficta_core::export_plugin!();
