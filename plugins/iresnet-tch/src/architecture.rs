//! What the network consists of: its tensors by name, shape and role, before any of them exists.

use serde::{Deserialize, Serialize};

use crate::entry::{Entries, Entry, Role};

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

impl Architecture {
    /// Whether weights of the one compute the same in the other.
    pub(crate) fn same_as(&self, other: &Self) -> bool {
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

    pub(crate) fn deserialize_from(described: &serde_json::Value) -> Option<Self> {
        Self::deserialize(described).ok()
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
    pub(crate) fn state_dict(&self) -> Vec<Entry> {
        let mut list = Entries::default();
        list.conv("conv1", [self.widths[0], self.channels, 3], Role::Convolution);
        list.norm("bn1", self.widths[0], Role::Scale);
        list.add("prelu.weight", &[self.widths[0]], Role::Slope);
        let mut inputs = self.widths[0];
        for (layer, (&blocks, &width)) in self.blocks.iter().zip(&self.widths[1..]).enumerate() {
            for block in 0..blocks {
                add_block(&mut list, &block_name(layer, block), inputs, width, block == 0);
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
}

/// Key prefix of a block; both numbers from 0.
pub fn block_name(layer: usize, block: usize) -> String {
    format!("layer{}.{block}", layer + 1)
}

fn add_block(list: &mut Entries, name: &str, inputs: usize, outputs: usize, downsample: bool) {
    list.norm(&format!("{name}.bn1"), inputs, Role::Scale);
    list.conv(&format!("{name}.conv1"), [outputs, inputs, 3], Role::Convolution);
    list.norm(&format!("{name}.bn2"), outputs, Role::Scale);
    list.add(format!("{name}.prelu.weight"), &[outputs], Role::Slope);
    list.conv(&format!("{name}.conv2"), [outputs, outputs, 3], Role::Convolution);
    list.norm(&format!("{name}.bn3"), outputs, Role::Scale);
    if downsample {
        list.conv(&format!("{name}.downsample.0"), [outputs, inputs, 1], Role::Convolution);
        list.norm(&format!("{name}.downsample.1"), outputs, Role::Scale);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{depth::Depth, layout::Layout};

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
        let counts = [
            (18, 24_025_600),
            (34, 34_139_328),
            (50, 43_590_848),
            (100, 65_156_160),
            (200, 118_833_920),
        ];
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
