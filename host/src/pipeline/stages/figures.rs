//! figures: images for figures 1 to 3, made of candidates that stayed and that did not.

use ficta_core::{Decision, Kind, Result, random::derive_seed};
use serde_json::json;

use crate::{
    config::{ComponentChoice, DenoiserConfig, RunConfig},
    pipeline::{
        Place, Stage, candidates::CandidateTable, generator::Generator, identities::IdentityTable, images::Images,
        matrix::Matrix,
    },
    storage::{Table, Tensors, json as json_file},
};

/// Rows of each figure.
const ROWS: usize = 6;
/// Images of each candidate.
pub const EACH: usize = 2;

/// Candidates to show, by the set they come from.
#[derive(Clone, Debug, Default, serde::Deserialize, serde::Serialize)]
pub struct Shown {
    /// Fig. 1: candidate with variance, and candidate without, of the same parents.
    pub variance: Vec<(usize, usize)>,
    /// Fig. 2: candidates that were dropped.
    pub discarded: Vec<usize>,
    /// Fig. 3: candidates that stayed.
    pub selected: Vec<usize>,
}

/// Pixels of the shown candidates, in the order of [`Shown`], [`EACH`] a candidate.
pub const IMAGES: &str = "images.safetensors";
pub const SHOWN: &str = "shown.json";

pub fn stage(config: &RunConfig, denoiser: &DenoiserConfig, sampler: &ComponentChoice) -> Option<Stage> {
    let (with, without) = config.figures.sets(&config.ids)?;
    let mut inputs = vec![
        "statistics".into(),
        "train-denoiser".into(),
        format!("propose/{with}"),
        format!("select/{with}"),
    ];
    inputs.extend(without.iter().map(|w| format!("propose/{w}")));
    let (denoiser_choice, sampler_choice) = (denoiser.clone(), sampler.clone());
    let (with_name, without_name) = (with.clone(), without.clone());
    let work = move |place: &Place<'_>| {
        let read = |ids: &str| CandidateTable::read(&place.file(&format!("propose/{ids}"), super::propose::CANDIDATES));
        let candidates = read(&with_name)?;
        let baseline = without_name.as_deref().map(read).transpose()?;
        let real = IdentityTable::read(&place.file("statistics", super::statistics::FULL))?;
        let decisions = decisions(place, &with_name)?;
        let shown = Shown {
            variance: baseline
                .as_ref()
                .map_or_else(Vec::new, |b| variance_pairs(&candidates, b, &real)),
            discarded: spread(&decisions, |d| {
                d == Decision::REAL.name() || d == Decision::SELECTED.name()
            }),
            selected: spread(&decisions, |d| d == Decision::KEEP.name()),
        };
        let mut features = Vec::new();
        for (a, b) in &shown.variance {
            features.extend_from_slice(candidates.feature.row(*a));
            features.extend_from_slice(baseline.as_ref().map_or(&[][..], |t| t.feature.row(*b)));
        }
        for i in shown.discarded.iter().chain(&shown.selected) {
            features.extend_from_slice(candidates.feature.row(*i));
        }
        let conditions = Matrix::new(features.clone(), features.len() / real.mean.cols, real.mean.cols)?;
        let rows: Vec<_> = (0..conditions.rows * EACH).map(|i| i / EACH).collect();
        // The same noise in every row: what differs is the identity.
        let seeds: Vec<_> = (0..rows.len())
            .map(|i| derive_seed(place.seed, "figures", (i % EACH) as u64, 0))
            .collect();
        let images = if rows.is_empty() {
            Images::default()
        } else {
            Generator::trained(place, &denoiser_choice, &sampler_choice)?.make(
                &conditions.select(&rows),
                &seeds,
                place,
            )?
        };
        let mut out = Tensors::new();
        out.insert(
            "images",
            &[images.len(), images.height, images.width, 3],
            images.pixels.to_vec(),
        )?;
        out.insert("label", &[images.len()], images.labels)?;
        out.write(&place.dir.join(IMAGES))?;
        json_file::write(&place.dir.join(SHOWN), &shown)
    };
    let params = json!({"with": with, "without": without});
    Some(
        Stage::new("figures", inputs, params, Box::new(work))
            .with(Kind::DENOISER, &denoiser.component())
            .with(Kind::SAMPLER, sampler),
    )
}

fn decisions(place: &Place<'_>, ids: &str) -> Result<Vec<String>> {
    let path = place.file(&format!("select/{ids}"), "audit.parquet");
    Ok(Table::read_parquet(&path)?.texts("decision")?.to_vec())
}

/// Up to [`ROWS`] of the candidates with a fitting decision, evenly spread over them.
fn spread(decisions: &[String], fits: impl Fn(&str) -> bool) -> Vec<usize> {
    let all: Vec<_> = (0..decisions.len()).filter(|i| fits(&decisions[*i])).collect();
    let n = ROWS.min(all.len());
    (0..n).map(|i| all[i * all.len() / n]).collect()
}

/// Pairs of parents that both tables have, those first whose variances differ most; each parent once.
fn variance_pairs(with: &CandidateTable, without: &CandidateTable, real: &IdentityTable) -> Vec<(usize, usize)> {
    let mut pairs: Vec<_> = (0..with.len())
        .filter_map(|i| {
            let parents = with.parents_of(i)?;
            let twin = (0..without.len()).find(|j| without.parents_of(*j) == Some(parents))?;
            Some((
                (real.variance[parents.0] - real.variance[parents.1]).abs(),
                i,
                twin,
                parents,
            ))
        })
        .collect();
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let (mut seen, mut chosen) = (Vec::new(), Vec::new());
    for (_, i, twin, (a, b)) in pairs {
        if chosen.len() < ROWS && !seen.contains(&a) && !seen.contains(&b) {
            seen.extend([a, b]);
            chosen.push((i, twin));
        }
    }
    chosen
}
