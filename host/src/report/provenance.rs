//! What is the paper's and what is ours, for the components that ficta brings.

use super::input::{Provenance, Source};

/// The standing notes. The paper's main text was not available to us: what only it can say is our reconstruction.
pub fn provenance() -> Vec<Provenance> {
    use Source::{Ours, Paper, Peers};
    [
        (
            "ID feature, conditioning",
            Paper,
            "A frozen FR encoder gives each ID a feature, and the generator is conditioned on it, for real and fictional IDs alike.",
        ),
        (
            "Mean and variance of an ID",
            Ours,
            "Mean of unit features, V = 1 - |mean|², with the unbiased and shrunk estimate; centring of features where the encoder needs it. \
             That endpoints are ranked by average variance is the paper's.",
        ),
        (
            "Interpolation of two real IDs by their variances",
            Paper,
            "That it is done, and the midpoint as the ablation without variance.",
        ),
        (
            "Interpolation rules (std-ratio and others), clamp, predicted variance",
            Ours,
            "The formulas are our reconstruction from what the supplement says about their effect.",
        ),
        (
            "ID-NMS",
            Paper,
            "An ID is discarded when it is too similar to an existing ID or to one already selected.",
        ),
        (
            "ID-NMS: order, thresholds, similarity",
            Ours,
            "Descending predicted variance and cosine thresholds; neither score nor threshold is published.",
        ),
        (
            "Diffusion network, resolution, sampler, guidance",
            Ours,
            "Only that a diffusion model is conditioned on the ID feature is the paper's, and 20 and 40 images an ID.",
        ),
        (
            "FR training",
            Paper,
            "CosFace, SGD with momentum 0.9 and weight decay 5e-4, step schedule, horizontal flip alone. \
             Size, batch and length are scaled to the run: see the configuration.",
        ),
        (
            "Gap",
            Paper,
            "The supplement prints gaps to real without their definition; (REAL - SYN)/SYN × 100 reproduces them.",
        ),
        (
            "Uniqueness, preservation, diversity",
            Peers,
            "The names are the paper's; the formulas are DCFace's and others'.",
        ),
        (
            "Intervals, paired comparisons, equal optimizer steps",
            Ours,
            "The paper prints single values.",
        ),
    ]
    .into_iter()
    .map(|(part, source, note)| Provenance {
        part: part.to_owned(),
        source,
        note: note.to_owned(),
    })
    .collect()
}
