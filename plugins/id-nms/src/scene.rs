//! What a selector is given, checked.

use ficta_core::{Candidates, Error, Identities, Result, SelectionMut};

use crate::{
    metric::{Measure, Metric},
    rows::Rows,
};

/// Candidates and real identities of one dimension.
pub(crate) struct Scene<'a> {
    pub(crate) candidates: Rows<'a>,
    pub(crate) real: Rows<'a>,
    /// Two for each candidate, as rows of the real identities; what is no such row is no parent.
    pub(crate) parents: Option<&'a [i64]>,
    /// Predicted variance `[K]`, NaN where unknown; empty where there are none.
    pub(crate) variance: &'a [f32],
    /// Variance of the real identities `[M]`.
    pub(crate) real_variance: &'a [f32],
}

impl<'a> Scene<'a> {
    pub(crate) fn read(candidates: &'a Candidates<'_>, real: &'a Identities<'_>) -> Result<Self> {
        let rows = Rows::read(&candidates.feature, "candidate")?;
        let real_rows = Rows::read(&real.mean, "real identity")?;
        if rows.len() > 0 && real_rows.len() > 0 && rows.dim() != real_rows.dim() {
            return Err(Error::shape(format!(
                "candidates have {} dimensions, real identities {}",
                rows.dim(),
                real_rows.dim()
            ))
            .help("use candidates and identities of the same encoder"));
        }
        let variance: &[f32] = match candidates.variance.as_ref().into_option() {
            None => &[],
            Some(tensor) => {
                tensor.expect_shape("variance of the candidates", &[rows.len()])?;
                tensor.as_slice()?
            }
        };
        if let Some(row) = variance.iter().position(|v| v.is_infinite()) {
            return Err(
                Error::data(format!("variance of candidate row {row} is {}", variance[row]))
                    .help("give a finite variance, or NaN where there is none"),
            );
        }
        let parents = match candidates.parents.as_ref().into_option() {
            None => None,
            Some(tensor) => {
                tensor.expect_shape("parents of the candidates", &[rows.len(), 2])?;
                Some(tensor.as_slice()?)
            }
        };
        real.variance
            .expect_shape("variance of the real identities", &[real_rows.len()])?;
        Ok(Self {
            candidates: rows,
            real: real_rows,
            parents,
            variance,
            real_variance: real.variance.as_slice()?,
        })
    }

    /// K.
    pub(crate) fn len(&self) -> usize {
        self.candidates.len()
    }

    /// The measure that `metric` names.
    pub(crate) fn measure(&self, metric: Metric) -> Result<Measure<'_>> {
        match metric {
            Metric::Cosine => Ok(Measure::cosine()),
            Metric::VarianceDistance => Measure::variance_distance(self.variance, self.len(), self.real_variance),
        }
    }

    /// Each parent once, also where both are the same.
    pub(crate) fn parents_of(&self, candidate: usize) -> impl Iterator<Item = usize> + use<> {
        let [a, b] = self
            .parents
            .map_or([-1, -1], |p| [p[2 * candidate], p[2 * candidate + 1]]);
        let (b, real) = (if a == b { -1 } else { b }, self.real.len());
        [a, b]
            .into_iter()
            .filter_map(|p| usize::try_from(p).ok())
            .filter(move |p| *p < real)
    }
}

/// Checks that there is room for the outcome among `count` candidates.
pub(crate) fn check_room(out: &SelectionMut<'_>, count: usize) -> Result<()> {
    out.decision.expect_shape("decision", &[count])?;
    out.blocker.expect_shape("blocker", &[count])?;
    out.cosine.expect_shape("cosine", &[count])?;
    out.rank.expect_shape("rank", &[count])
}
