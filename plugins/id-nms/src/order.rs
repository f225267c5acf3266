//! Who is looked at first.

use ficta_core::{Ctx, Result, random::Stream};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{scene::Scene, seeker::Match};

/// The order in which candidates are looked at. Ties go to the lower index. The orders are ours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// Largest predicted variance first; those without a prediction last, in the order given.
    #[default]
    Variance,
    /// Smallest largest cosine to a real identity first: the farthest from all real people.
    MaxCosine,
    /// As given.
    Given,
    /// Drawn from the run's seed.
    Random,
}

impl Order {
    /// The candidates, first to last. `nearest` gives each one's largest cosine to a real identity; it is asked for where it is needed.
    pub(crate) fn of(
        self,
        scene: &Scene<'_>,
        nearest: impl FnOnce() -> Result<Vec<Option<Match>>>,
        ctx: &Ctx<'_>,
    ) -> Result<Vec<usize>> {
        let mut order: Vec<usize> = (0..scene.len()).collect();
        match self {
            Self::Given => {}
            Self::Random => Stream::new(ctx.seed(), "id-nms order", 0, 0).shuffle(&mut order),
            Self::Variance if scene.variance.is_empty() => {
                ctx.warn("the candidates have no variance: they are looked at in the order given");
            }
            // The sort is stable, so equals stay in the order of their index.
            Self::Variance => {
                let key = |i: usize| {
                    if scene.variance[i].is_nan() {
                        f32::NEG_INFINITY
                    } else {
                        scene.variance[i]
                    }
                };
                order.sort_by(|a, b| key(*b).partial_cmp(&key(*a)).expect("no NaN"));
            }
            Self::MaxCosine => {
                let nearest = nearest()?;
                let key = |i: usize| nearest[i].map_or(-1.0, |m| m.cosine);
                order.sort_by(|a, b| key(*a).partial_cmp(&key(*b)).expect("no NaN"));
            }
        }
        Ok(order)
    }
}
