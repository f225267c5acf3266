//! The arms on the run's held-out people.

use ficta_core::Result;

use super::{
    super::evaluate::{ArmResult, OnHeldOut},
    FAR, Figure, SetFigures, mean,
};
use crate::{
    config::EvaluationConfig,
    evaluation::{Resample, interval, roc, verify},
    pipeline::{Place, held_out::HeldOut},
};

/// The people, and how they are resampled.
pub struct People {
    /// The people and their pairs.
    pub held_out: HeldOut,
    /// Resamplings that have both kinds of pairs.
    pub resamples: Vec<Resample>,
}

impl People {
    /// `None` where nobody is held out.
    pub fn read(place: &Place<'_>, settings: &EvaluationConfig, seed: u64) -> Result<Option<Self>> {
        let with_resamples = |held_out: HeldOut| {
            let (pairs, labels) = (&held_out.pairs.pairs, &held_out.images.labels);
            let resamples = (0..settings.bootstrap)
                .map(|number| Resample::new(pairs, labels, seed, number))
                .filter(|resample| resample.usable(pairs))
                .collect();
            Self { held_out, resamples }
        };
        Ok(HeldOut::read(place, settings)?.map(with_resamples))
    }

    /// An arm's figures, and its accuracy under each resampling.
    pub fn figures(&self, arm: &ArmResult) -> (SetFigures, Vec<f64>) {
        let pairs = &self.held_out.pairs;
        let seeds: Vec<&OnHeldOut> = arm.seeds.iter().filter_map(|seed| seed.held_out.as_ref()).collect();
        let (mut accuracy, mut eer) = (Vec::new(), Vec::new());
        let mut tar = vec![Vec::new(); FAR.len()];
        for resample in &self.resamples {
            let of_seed = |s: &&OnHeldOut| {
                let curve = roc(&s.distances, &pairs.pairs, &resample.weight);
                let decided = verify(&s.distances, pairs, &resample.weight);
                (decided.accuracy, curve.eer, FAR.map(|far| curve.tar_at(far)))
            };
            let all: Vec<_> = seeds.iter().map(of_seed).collect();
            accuracy.push(mean(&all.iter().map(|x| x.0).collect::<Vec<_>>()));
            eer.push(mean(&all.iter().map(|x| x.1).collect::<Vec<_>>()));
            for (i, tar) in tar.iter_mut().enumerate() {
                tar.push(mean(&all.iter().map(|x| x.2[i]).collect::<Vec<_>>()));
            }
        }
        let figure = |of: &dyn Fn(&OnHeldOut) -> f64, resampled: &[f64]| {
            let per_seed: Vec<f64> = seeds.iter().map(|seed| of(seed)).collect();
            Figure {
                mean: mean(&per_seed),
                per_seed,
                interval: interval(resampled),
            }
        };
        let figures = SetFigures {
            accuracy: figure(&|s| s.verification.accuracy, &accuracy),
            eer: figure(&|s| s.roc.eer, &eer),
            tar: FAR
                .iter()
                .zip(&tar)
                .map(|(far, resampled)| Some(figure(&|s| s.roc.tar_at(*far), resampled)))
                .collect(),
        };
        (figures, accuracy)
    }
}
