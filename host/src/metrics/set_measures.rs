//! Everything that is measured on one set of images: the one implementation that runs and `ficta metrics` share.

use ficta_core::{Ctx, Error, Result};

use super::{
    Identified, PairsTaken, Quantity, Sampled, Separability, improved_recall_of_each, mean_interval, mean_of_known,
    nearest_before, pairwise_distance_of_each, preservation_of_each, separability, uniqueness_of_each,
};
use crate::{
    evaluation::Interval,
    pipeline::matrix::Matrix,
    similarity::{Neighbour, top_k},
};

/// A set of images in an evaluator's feature space.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// Unit features and their identities.
    pub features: &'a Identified,
    /// Unit centre of each identity, by ascending label.
    pub centers: &'a Matrix,
}

/// What the people of a set are to the real ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum People {
    /// The set is the real one.
    Themselves,
    /// Equal labels name one person.
    Same,
    /// Others.
    Others,
}

/// What is measured on one set. Vectors have a value for each identity, by ascending label; NaN where there is none.
#[derive(Clone, Debug)]
pub struct SetMeasures {
    /// Identities.
    pub identities: usize,
    /// Images.
    pub images: usize,
    /// The most similar centre before each; see [`nearest_before`].
    pub before: Vec<Option<Neighbour>>,
    /// See [`uniqueness_of_each`].
    pub unique: Vec<f64>,
    /// See [`preservation_of_each`].
    pub preserved: Vec<f64>,
    /// See [`improved_recall_of_each`]; none but for [`People::Same`].
    pub recall: Vec<f64>,
    /// See [`pairwise_distance_of_each`].
    pub distance: Vec<f64>,
    /// The real centre that is most similar to each, that of the same person left out.
    pub nearest_real: Vec<Option<Neighbour>>,
    /// Genuine against impostor pairs.
    pub separability: Separability,
    /// The pairs that it is of.
    pub pairs: PairsTaken,
    /// Cosine threshold r.
    pub threshold: f64,
}

impl SetMeasures {
    /// Measures a set beside a real one at the cosine threshold `r`, with `neighbours` for improved recall. `pairs` are those of the set.
    /// Memory is that of the features, the pairs and a few numbers an identity.
    ///
    /// # Errors
    /// Features of different dimensions, another number of centres than of identities; cancellation.
    pub fn of(
        set: Subject<'_>,
        pairs: &Sampled,
        (real, people): (Subject<'_>, People),
        (r, neighbours): (f64, usize),
        ctx: &Ctx<'_>,
    ) -> Result<Self> {
        let Subject { features, centers } = set;
        for Subject { features, centers } in [set, real] {
            if features.label.len() != centers.rows {
                return Err(Error::shape(format!(
                    "{} centres of {} identities with images",
                    centers.rows,
                    features.label.len()
                )));
            }
        }
        let before = nearest_before(centers, ctx)?;
        let nearest = top_k(
            centers,
            real.centers,
            1,
            |i, j| people != People::Others && features.label[i] == real.features.label[j],
            |n| ctx.progress(n as u64, centers.rows as u64, "identities against real ones"),
        )?;
        let recall = match people {
            People::Same => {
                let (ours, theirs) = (labels_of(features), labels_of(real.features));
                let theirs = (&real.features.unit, &theirs[..]);
                improved_recall_of_each((&features.unit, &ours), theirs, neighbours, ctx)?
            }
            _ => vec![f64::NAN; centers.rows],
        };
        Ok(Self {
            identities: centers.rows,
            images: features.unit.rows,
            unique: uniqueness_of_each(&before, r),
            before,
            preserved: preservation_of_each(&features.unit, &features.identity, centers, r),
            recall,
            distance: pairwise_distance_of_each(&features.unit, &features.identity, ctx)?,
            nearest_real: nearest.iter().map(|n| n.first().copied()).collect(),
            separability: separability(&pairs.cosines),
            pairs: pairs.taken(),
            threshold: r,
        })
    }

    /// The largest cosine of each centre to a real one; NaN where there is no other person.
    pub fn nearest_real_cosines(&self) -> Vec<f64> {
        let cosine = |n: &Option<Neighbour>| n.map_or(f64::NAN, |n| n.cosine);
        self.nearest_real.iter().map(cosine).collect()
    }

    /// The values whose mean a number is, for numbers that are a mean over identities.
    pub fn of_each(&self, quantity: Quantity) -> Option<Vec<f64>> {
        Some(match quantity {
            Quantity::Uniqueness => self.unique.clone(),
            Quantity::Preservation => self.preserved.clone(),
            Quantity::Recall => self.recall.clone(),
            Quantity::Distance => self.distance.clone(),
            Quantity::NearReal => {
                let above = |cosine: f64| f64::from(u8::from(cosine > self.threshold));
                self.nearest_real_cosines().into_iter().map(above).collect()
            }
            _ => return None,
        })
    }

    /// 95% bootstrap interval over identities of a mean over them ([`mean_interval`]); `None` for other numbers.
    pub fn interval(&self, quantity: Quantity, seed: u64) -> Option<Interval> {
        mean_interval(&self.of_each(quantity)?, seed)
    }

    /// The number; NaN where it is not defined on this set, and for the Frechet distance, which is of two sets.
    pub fn value(&self, quantity: Quantity) -> f64 {
        match quantity {
            Quantity::NearestRealMedian => middle(&self.nearest_real_cosines()),
            Quantity::NearestRealLargest => largest(&self.nearest_real_cosines()),
            other => match self.of_each(other) {
                Some(of_each) => mean_of_known(&of_each),
                None => self.separability.value(other),
            },
        }
    }
}

/// The upper of the middle values; NaN without any.
pub fn middle(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The largest value; NaN without any.
pub fn largest(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NAN, f64::max)
}

fn labels_of(set: &Identified) -> Vec<i64> {
    set.identity.iter().map(|id| set.label[*id as usize]).collect()
}

#[cfg(test)]
mod tests;
