//! What a kind of network brings: its entries, its layers, its ONNX graph. Everything else is shared.

use ficta_core::Result;
use ficta_tch_bridge::{ParameterId, Parameters, TchResult};
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use tch::{Kind, Tensor};

use crate::{entry::Entry, onnx::Graph, recipe::Recipe};

/// A kind of network, as users name it.
pub trait Family: Send + Sync + 'static {
    /// Component name.
    const NAME: &'static str;
    /// Parameters in the run file.
    type Params: Clone + Serialize + DeserializeOwned + JsonSchema + Send;

    /// The network that the parameters ask for.
    fn layout(params: &Self::Params) -> Result<Box<dyn Layout>>;
    /// How they ask for it to be trained.
    fn recipe(params: &Self::Params) -> Result<Recipe>;
}

/// Images and embeddings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Height and width of the images in pixels.
    pub input: usize,
    /// Channels of the images.
    pub channels: usize,
    /// Length of an embedding.
    pub dim: usize,
}

/// A network before any of its tensors exists.
pub trait Layout: Send + Sync {
    /// Component name.
    fn component(&self) -> &'static str;
    /// Images and embeddings.
    fn size(&self) -> Size;
    /// The state dict's entries, in PyTorch's order.
    fn entries(&self) -> Vec<Entry>;
    /// Values of an image that dropout may drop; 0 where the network has no dropout.
    fn dropped(&self) -> usize;
    /// Layers over tensors that are there.
    fn network(&self, among: &Parameters) -> Result<Box<dyn Network>>;
    /// What a file tells of it.
    fn describe(&self) -> Value;
    /// Whether weights of a described network compute the same in this one.
    fn agrees_with(&self, described: &Value) -> bool;
    /// Lays the network from `image` to the embeddings; the name of the result.
    fn draw(&self, graph: &mut Graph, image: &str) -> String;

    /// Parameters as the field counts them: with a frozen scale, without buffers, without the head.
    fn parameters(&self) -> u64 {
        let parameters = self.entries().into_iter().filter(|e| e.role.is_parameter());
        parameters.map(|e| e.shape.iter().product::<usize>() as u64).sum()
    }
}

/// How the network runs.
pub struct Mode {
    /// Statistics of the batch, not the running ones.
    pub training: bool,
    /// Whether the batch moves the running statistics; of account in training only.
    pub track: bool,
    /// Arithmetic of the convolutions and type of the feature maps.
    pub compute: Kind,
    /// Factors on the flattened last feature map `[B, dropped]`, f32.
    pub dropout: Option<Tensor>,
}

/// Layers; each knows the places of its weights.
pub trait Network: Send + Sync {
    /// `images` `[B,C,H,W]` to raw embeddings f32 `[B,d]`.
    fn forward(&self, weights: &[Tensor], images: &Tensor, mode: &Mode) -> TchResult;
}

/// The place of a tensor that must be there.
pub fn id(among: &Parameters, name: &str) -> Result<ParameterId> {
    among
        .find(name)
        .ok_or_else(|| ficta_core::Error::backend(format!("the network has no tensor `{name}`")))
}
