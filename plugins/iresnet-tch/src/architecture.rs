//! What the network consists of: its tensors by name, shape and role, before any of them exists.

use serde::{Deserialize, Serialize};

/// Sizes that fix every tensor's shape, and the constant that fixes what they compute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Architecture {
    /// Residual blocks of the four layers.
    pub blocks: [usize; 4],
    /// Channels of the stem and of the four layers.
    pub widths: [usize; 5],
    /// Image height and width in pixels.
    pub input_size: usize,
    /// Image channels.
    pub channels: usize,
    /// Length of an embedding.
    pub dim: usize,
    /// Added to a batch normalisation's variance.
    pub bn_eps: f64,
}

/// What a tensor does; decides its initial value and whether it is trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Weight of a convolution `[out, in, k, k]`: N(0, 0.1).
    Convolution,
    /// Slopes of a PReLU, one a channel: 0.25.
    Slope,
    /// Weight or bias of the linear layer: U(-1/sqrt(n), 1/sqrt(n)) for n inputs.
    Linear {
        /// Inputs n.
        inputs: usize,
    },
    /// Scale of a batch normalisation: 1.
    Scale,
    /// Scale of the last batch normalisation: 1, never trained.
    FrozenScale,
    /// Shift of a batch normalisation: 0.
    Shift,
    /// Running mean: 0.
    RunningMean,
    /// Running (unbiased) variance: 1.
    RunningVariance,
    /// Number of training batches seen, i64 scalar: 0.
    BatchesTracked,
}

impl Role {
    /// Whether PyTorch's `parameters()` lists it; the others are buffers.
    pub fn is_parameter(self) -> bool {
        !matches!(self, Self::RunningMean | Self::RunningVariance | Self::BatchesTracked)
    }
    /// Whether the optimizer changes it.
    pub fn is_trained(self) -> bool {
        self.is_parameter() && self != Self::FrozenScale
    }
}

/// One entry of the state dict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Key as in `arcface_torch`.
    pub name: String,
    /// Extent of each dimension; empty for a scalar.
    pub shape: Vec<usize>,
    /// What it does.
    pub role: Role,
}

impl Architecture {
    /// Whether weights of the one compute the same in the other.
    pub fn agrees_with(&self, other: &Self) -> bool {
        // JSON may cost the constant its last bit.
        let eps = (self.bn_eps - other.bn_eps).abs() <= 1e-9 * self.bn_eps;
        eps && Self {
            bn_eps: 0.0,
            ..self.clone()
        } == Self {
            bn_eps: 0.0,
            ..other.clone()
        }
    }

    /// Height and width of the last feature map. Each layer halves, rounding up: 112 becomes 7.
    pub fn tail_size(&self) -> usize {
        self.blocks.iter().fold(self.input_size, |size, _| size.div_ceil(2))
    }

    /// Inputs of the linear layer.
    pub fn flat_features(&self) -> usize {
        self.widths[4] * self.tail_size().pow(2)
    }

    /// The state dict's entries, in PyTorch's order.
    pub fn entries(&self) -> Vec<Entry> {
        let mut list = List(Vec::new());
        list.conv("conv1", self.widths[0], self.channels, 3);
        list.norm("bn1", self.widths[0], Role::Scale);
        list.add("prelu.weight", &[self.widths[0]], Role::Slope);
        let mut inputs = self.widths[0];
        for (layer, (&blocks, &width)) in self.blocks.iter().zip(&self.widths[1..]).enumerate() {
            for block in 0..blocks {
                list.block(&block_name(layer, block), inputs, width, block == 0);
                inputs = width;
            }
        }
        list.norm("bn2", inputs, Role::Scale);
        let flat = self.flat_features();
        list.add("fc.weight", &[self.dim, flat], Role::Linear { inputs: flat });
        list.add("fc.bias", &[self.dim], Role::Linear { inputs: flat });
        list.norm("features", self.dim, Role::FrozenScale);
        list.0
    }

    /// Parameters as the field counts them: with the frozen scale, without buffers, without the head.
    pub fn parameters(&self) -> u64 {
        let parameters = self.entries().into_iter().filter(|e| e.role.is_parameter());
        parameters.map(|e| e.shape.iter().product::<usize>() as u64).sum()
    }
}

/// Key prefix of a block; both numbers from 0.
pub fn block_name(layer: usize, block: usize) -> String {
    format!("layer{}.{block}", layer + 1)
}

struct List(Vec<Entry>);

impl List {
    fn add(&mut self, name: impl Into<String>, shape: &[usize], role: Role) {
        self.0.push(Entry {
            name: name.into(),
            shape: shape.to_vec(),
            role,
        });
    }

    fn conv(&mut self, name: &str, outputs: usize, inputs: usize, kernel: usize) {
        self.add(
            format!("{name}.weight"),
            &[outputs, inputs, kernel, kernel],
            Role::Convolution,
        );
    }

    fn norm(&mut self, name: &str, channels: usize, scale: Role) {
        self.add(format!("{name}.weight"), &[channels], scale);
        self.add(format!("{name}.bias"), &[channels], Role::Shift);
        self.add(format!("{name}.running_mean"), &[channels], Role::RunningMean);
        self.add(format!("{name}.running_var"), &[channels], Role::RunningVariance);
        self.add(format!("{name}.num_batches_tracked"), &[], Role::BatchesTracked);
    }

    fn block(&mut self, name: &str, inputs: usize, outputs: usize, downsample: bool) {
        self.norm(&format!("{name}.bn1"), inputs, Role::Scale);
        self.conv(&format!("{name}.conv1"), outputs, inputs, 3);
        self.norm(&format!("{name}.bn2"), outputs, Role::Scale);
        self.add(format!("{name}.prelu.weight"), &[outputs], Role::Slope);
        self.conv(&format!("{name}.conv2"), outputs, outputs, 3);
        self.norm(&format!("{name}.bn3"), outputs, Role::Scale);
        if downsample {
            self.conv(&format!("{name}.downsample.0"), outputs, inputs, 1);
            self.norm(&format!("{name}.downsample.1"), outputs, Role::Scale);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::depth::Depth;

    fn named(depth: u32) -> Architecture {
        let blocks = Depth::new(depth).expect("a named depth").blocks();
        Architecture {
            blocks,
            widths: [64, 64, 128, 256, 512],
            input_size: 112,
            channels: 3,
            dim: 512,
            bn_eps: 1e-5,
        }
    }

    #[test]
    fn parameter_counts_are_those_of_arcface_torch() {
        let counts = [(18, 24_025_600), (34, 34_139_328), (50, 43_590_848), (100, 65_156_160)];
        for (depth, parameters) in counts {
            assert_eq!(named(depth).parameters(), parameters, "iresnet{depth}");
        }
    }

    #[test]
    fn iresnet50_has_475_entries_of_distinct_names() {
        let mut names: Vec<_> = named(50).entries().into_iter().map(|e| e.name).collect();
        assert_eq!(names.len(), 475);
        assert_eq!(names[0], "conv1.weight");
        assert_eq!(names[474], "features.num_batches_tracked");
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 475);
    }

    #[test]
    fn the_tail_follows_the_input_size() {
        for (input, tail) in [(112, 7), (32, 2), (33, 3), (16, 1), (64, 4), (100, 7)] {
            assert_eq!(
                Architecture {
                    input_size: input,
                    ..named(18)
                }
                .tail_size(),
                tail,
                "{input} px"
            );
        }
        assert_eq!(named(50).flat_features(), 25_088);
    }
}
