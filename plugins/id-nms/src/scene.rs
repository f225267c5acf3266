//! What a selector is given, checked.

use ficta_core::{Candidates, Error, Identities, Result, SelectionMut};

use crate::rows::Rows;

/// Candidates and real identities of one dimension.
pub(crate) struct Scene<'a> {
    pub(crate) candidates: Rows<'a>,
    pub(crate) real: Rows<'a>,
    /// Predicted variance `[K]`, NaN where unknown; empty where there are none.
    pub(crate) variance: &'a [f32],
}

impl<'a> Scene<'a> {
    pub(crate) fn read(candidates: &'a Candidates<'_>, real: &'a Identities<'_>) -> Result<Self> {
        let rows = Rows::read(&candidates.feature, "candidate")?;
        let real = Rows::read(&real.mean, "real identity")?;
        if rows.len() > 0 && real.len() > 0 && rows.dim() != real.dim() {
            return Err(Error::shape(format!(
                "candidates have {} dimensions, real identities {}",
                rows.dim(),
                real.dim()
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
        Ok(Self {
            candidates: rows,
            real,
            variance,
        })
    }

    /// K.
    pub(crate) fn len(&self) -> usize {
        self.candidates.len()
    }
}

/// Checks that there is room for the outcome among `count` candidates.
pub(crate) fn check_room(out: &SelectionMut<'_>, count: usize) -> Result<()> {
    out.decision.expect_shape("decision", &[count])?;
    out.blocker.expect_shape("blocker", &[count])?;
    out.cosine.expect_shape("cosine", &[count])?;
    out.rank.expect_shape("rank", &[count])
}
