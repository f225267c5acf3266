//! iresnet as a family: InsightFace's "modified ResNet".

use ficta_core::Result;
use ficta_tch_bridge::Parameters;
use serde_json::Value;

use crate::{
    Architecture, Params,
    architecture::block_name,
    entry::Entry,
    layout::{Family, Layout, Network, Size},
    network::IResNetLayers,
    onnx::{Convolution, Graph},
    recipe::Recipe,
};

/// iresnet18 to 200 and smaller ones.
pub struct IResNetFamily;

impl Family for IResNetFamily {
    const NAME: &'static str = "iresnet";
    type Params = Params;

    fn layout(params: &Params) -> Result<Box<dyn Layout>> {
        Ok(Box::new(params.architecture()?))
    }

    fn recipe(params: &Params) -> Result<Recipe> {
        params.shared(Self::NAME, params.dropout)
    }
}

impl Layout for Architecture {
    fn component(&self) -> &'static str {
        IResNetFamily::NAME
    }

    fn size(&self) -> Size {
        Size {
            input: self.input_size,
            channels: self.channels,
            dim: self.dim,
        }
    }

    fn entries(&self) -> Vec<Entry> {
        self.state_dict()
    }

    fn dropped(&self) -> usize {
        self.flat_features()
    }

    fn network(&self, among: &Parameters) -> Result<Box<dyn Network>> {
        Ok(Box::new(IResNetLayers::find(among, self)?))
    }

    fn describe(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    fn agrees_with(&self, described: &Value) -> bool {
        Self::deserialize_from(described).is_some_and(|other| self.same_as(&other))
    }

    fn draw(&self, graph: &mut Graph, image: &str) -> String {
        let eps = self.bn_eps;
        let x = graph.convolution(image, "conv1", Convolution::square(3, 1));
        let x = graph.norm(&x, "bn1", eps);
        let mut x = graph.prelu(&x, "prelu");
        for (layer, blocks) in self.blocks.into_iter().enumerate() {
            for block in 0..blocks {
                let name = |part: &str| format!("{}.{part}", block_name(layer, block));
                let stride = if block == 0 { 2 } else { 1 };
                let y = graph.norm(&x, &name("bn1"), eps);
                let y = graph.convolution(&y, &name("conv1"), Convolution::square(3, 1));
                let y = graph.norm(&y, &name("bn2"), eps);
                let y = graph.prelu(&y, &name("prelu"));
                let y = graph.convolution(&y, &name("conv2"), Convolution::square(3, stride));
                let y = graph.norm(&y, &name("bn3"), eps);
                if block == 0 {
                    x = graph.convolution(&x, &name("downsample.0"), Convolution::square(1, stride));
                    x = graph.norm(&x, &name("downsample.1"), eps);
                }
                x = graph.add(&y, &x, &block_name(layer, block));
            }
        }
        let x = graph.norm(&x, "bn2", eps);
        let x = graph.flatten(&x, "flatten");
        let x = graph.linear(&x, "fc", true);
        graph.norm(&x, "features", eps)
    }
}
