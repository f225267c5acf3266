//! From images to embeddings.

use ficta_core::Result;
use ficta_tch_bridge::{ParameterId, Parameters, TchResult};
use tch::{Kind, Tensor};

use super::plan::{Form, Plan, Unit};
use crate::{
    batch_norm::BatchNorm,
    convolution::convolve_groups,
    layout::{Mode, Network, id},
};

/// A unit and the places of its weights.
#[derive(Clone, Debug)]
struct Layer {
    unit: Unit,
    filter: ParameterId,
    norm: BatchNorm,
    slopes: Option<ParameterId>,
}

/// The network's layers.
#[derive(Clone, Debug)]
pub struct Layers {
    layers: Vec<Layer>,
    linear: ParameterId,
    features: BatchNorm,
}

impl Layers {
    /// Finds the layers' weights.
    pub fn find(among: &Parameters, plan: &Plan) -> Result<Self> {
        let layer = |unit: Unit| {
            let part = |i: usize| format!("{}.layers.{i}", unit.name);
            Ok(Layer {
                filter: id(among, &format!("{}.weight", part(0)))?,
                norm: BatchNorm::find(among, &part(1), plan.bn_eps)?,
                slopes: match unit.form {
                    Form::Active => Some(id(among, &format!("{}.weight", part(2)))?),
                    Form::Linear => None,
                },
                unit,
            })
        };
        Ok(Self {
            layers: plan.units().into_iter().map(layer).collect::<Result<_>>()?,
            linear: id(among, "features.layers.2.weight")?,
            features: BatchNorm::find(among, "features.layers.3", plan.bn_eps)?,
        })
    }
}

impl Network for Layers {
    /// The last 1x1 convolution and what follows it are f32, as in `arcface_torch`'s fp16 mode.
    fn forward(&self, weights: &[Tensor], images: &Tensor, mode: &Mode) -> TchResult {
        let (mut x, mut kept) = (images.shallow_clone(), None);
        for Layer {
            unit,
            filter,
            norm,
            slopes,
        } in &self.layers
        {
            if unit.opens {
                kept = Some(x.shallow_clone());
            }
            let compute = if unit.exact { Kind::Float } else { mode.compute };
            let form = [unit.stride, unit.padding, unit.groups].map(|n| n as i64);
            x = convolve_groups(&x, filter.of(weights), form, compute)?;
            x = match slopes {
                Some(slopes) => norm.forward_prelu(weights, &x, slopes.of(weights), mode)?,
                None => norm.forward(weights, &x, mode)?,
            };
            if let (true, Some(before)) = (unit.closes, kept.take_if(|_| unit.closes)) {
                x = before.f_add(&x)?;
            }
        }
        let x = x.f_flatten(1, -1)?.f_linear(self.linear.of(weights), None::<&Tensor>)?;
        self.features.forward(weights, &x, mode)
    }
}
