//! MobileFaceNet (Chen et al. 2018, "MobileFaceNets: Efficient CNNs for Accurate Real-Time Face Verification on Mobile Devices") in the form of
//! InsightFace's `arcface_torch` (`backbones/mobilefacenet.py`): structure, key names and initial values.

mod layers;
mod params;
mod plan;

use ficta_core::Result;
use ficta_tch_bridge::Parameters;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    entry::{Entries, Entry, Role},
    layout::{Family, Layout, Network, Size},
    onnx::{Convolution, Graph},
    recipe::Recipe,
};

use layers::Layers;
pub use params::MobileFaceNetParams;
pub use plan::Plan;
use plan::{Form, Unit};

/// MobileFaceNet in its sizes.
pub struct MobileFaceNetFamily;

impl Family for MobileFaceNetFamily {
    const NAME: &'static str = "mobilefacenet";
    type Params = MobileFaceNetParams;

    fn layout(params: &MobileFaceNetParams) -> Result<Box<dyn Layout>> {
        Ok(Box::new(params.plan()?))
    }

    fn recipe(params: &MobileFaceNetParams) -> Result<Recipe> {
        params.shared(Self::NAME, 0.0)
    }
}

impl Layout for Plan {
    fn component(&self) -> &'static str {
        MobileFaceNetFamily::NAME
    }

    fn size(&self) -> Size {
        Size {
            input: self.input_size,
            channels: self.channels,
            dim: self.dim,
        }
    }

    fn entries(&self) -> Vec<Entry> {
        let mut list = Entries::default();
        for unit in self.units() {
            let Unit { name, form, .. } = &unit;
            let [outputs, inputs, kernel] = unit.filter();
            let role = Role::FanOut {
                outputs: outputs * kernel * kernel,
            };
            list.conv(&format!("{name}.layers.0"), [outputs, inputs, kernel], role);
            list.norm(&format!("{name}.layers.1"), outputs, Role::Scale);
            if *form == Form::Active {
                list.add(format!("{name}.layers.2.weight"), &[outputs], Role::Slope);
            }
        }
        let linear = Role::FanOut { outputs: self.dim };
        list.add("features.layers.2.weight", &[self.dim, self.last()], linear);
        list.norm("features.layers.3", self.dim, Role::Scale);
        list.0
    }

    fn dropped(&self) -> usize {
        0
    }

    fn network(&self, among: &Parameters) -> Result<Box<dyn Network>> {
        Ok(Box::new(Layers::find(among, self)?))
    }

    fn describe(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    fn agrees_with(&self, described: &Value) -> bool {
        Self::deserialize(described).is_ok_and(|other| {
            let plain = |plan: &Self| Self {
                bn_eps: 0.0,
                ..plan.clone()
            };
            // JSON may cost the constant its last bit.
            (self.bn_eps - other.bn_eps).abs() <= 1e-9 * self.bn_eps && plain(self) == plain(&other)
        })
    }

    fn draw(&self, graph: &mut Graph, image: &str) -> String {
        let (mut x, mut kept) = (image.to_owned(), String::new());
        for unit in self.units() {
            if unit.opens {
                kept.clone_from(&x);
            }
            let form = Convolution {
                kernel: unit.kernel,
                stride: unit.stride,
                padding: unit.padding,
                groups: unit.groups,
            };
            x = graph.convolution(&x, &format!("{}.layers.0", unit.name), form);
            x = graph.norm(&x, &format!("{}.layers.1", unit.name), self.bn_eps);
            if unit.form == Form::Active {
                x = graph.prelu(&x, &format!("{}.layers.2", unit.name));
            }
            if unit.closes {
                x = graph.add(&kept, &x, &format!("{}.add", unit.name));
            }
        }
        let x = graph.flatten(&x, "features.layers.1");
        let x = graph.linear(&x, "features.layers.2", false);
        graph.norm(&x, "features.layers.3", self.bn_eps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(json: &str) -> Plan {
        serde_json::from_str::<MobileFaceNetParams>(json)
            .unwrap()
            .plan()
            .unwrap()
    }

    /// Counted by PyTorch on arcface_torch's own modules (`tests/fixtures/mobilefacenet.py`).
    #[test]
    fn parameters_are_those_of_arcface_torch() {
        let mbf = plan("{}");
        assert_eq!((mbf.parameters(), mbf.entries().len()), PARAMETERS_OF_MBF);
        let large = plan(r#"{"blocks": [2, 8, 12, 4], "scale": 4}"#);
        assert_eq!((large.parameters(), large.entries().len()), PARAMETERS_OF_MBF_LARGE);
    }

    const PARAMETERS_OF_MBF: (u64, usize) = (2_059_520, 333);
    const PARAMETERS_OF_MBF_LARGE: (u64, usize) = (6_314_880, 606);
}
