//! What the network consists of, convolution by convolution.

use serde::{Deserialize, Serialize};

/// Sizes that fix every tensor's shape, and the constant that fixes what they compute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Bottlenecks of the four stages.
    pub blocks: [usize; 4],
    /// Factor on the channels between bottlenecks.
    pub scale: usize,
    /// Base number of channels; 64 in the original.
    pub width: usize,
    /// Image height and width in pixels.
    pub input_size: usize,
    /// Image channels.
    pub channels: usize,
    /// Length of an embedding.
    pub dim: usize,
    /// Added to a batch normalisation's variance.
    pub bn_eps: f64,
}

/// What follows a convolution's batch normalisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// PReLU.
    Active,
    /// Nothing.
    Linear,
}

/// A convolution with its batch normalisation, and PReLU if active.
#[derive(Clone, Debug)]
pub struct Unit {
    /// Key prefix.
    pub name: String,
    /// What follows.
    pub form: Form,
    /// Input channels.
    pub inputs: usize,
    /// Output channels.
    pub outputs: usize,
    /// Height and width of the filters.
    pub kernel: usize,
    /// Stride.
    pub stride: usize,
    /// Zeros on each side.
    pub padding: usize,
    /// Groups of channels.
    pub groups: usize,
    /// Its input is kept for a sum.
    pub opens: bool,
    /// What was kept is added to its output.
    pub closes: bool,
    /// Whether `arcface_torch` computes it in f32 even in its fp16 mode.
    pub exact: bool,
}

impl Unit {
    /// Extents of the filters: output channels, input channels of a group, height.
    pub fn filter(&self) -> [usize; 3] {
        [self.outputs, self.inputs / self.groups, self.kernel]
    }
}

impl Plan {
    /// Channels before the last linear layer.
    pub fn last(&self) -> usize {
        8 * self.width
    }

    /// Height and width of the last feature map. Four units halve, rounding up: 112 becomes 7.
    pub fn tail_size(&self) -> usize {
        (0..4).fold(self.input_size, |size, _| size.div_ceil(2))
    }

    /// All convolutions, in the order of the state dict and of the computation.
    pub fn units(&self) -> Vec<Unit> {
        let (w, low, high) = (self.width, self.width * self.scale, 2 * self.width * self.scale);
        let mut units = vec![unit("layers.0".into(), Form::Active, [self.channels, low], [3, 2, 1])];
        match self.blocks[0] {
            1 => units.push(unit("layers.1".into(), Form::Active, [low, low], [3, 1, w])),
            count => residual(&mut units, "layers.1", low, 2 * w, count),
        }
        depthwise(&mut units, "layers.2", [low, 2 * w, low], 2);
        residual(&mut units, "layers.3", low, 2 * w, self.blocks[1]);
        depthwise(&mut units, "layers.4", [low, 4 * w, high], 2);
        residual(&mut units, "layers.5", high, 4 * w, self.blocks[2]);
        depthwise(&mut units, "layers.6", [high, 8 * w, high], 2);
        residual(&mut units, "layers.7", high, 4 * w, self.blocks[3]);
        let exact = |unit: Unit| Unit { exact: true, ..unit };
        units.push(exact(unit(
            "conv_sep".into(),
            Form::Active,
            [high, self.last()],
            [1, 1, 1],
        )));
        let pool = unit(
            "features.layers.0".into(),
            Form::Linear,
            [self.last(), self.last()],
            [self.tail_size(), 1, self.last()],
        );
        units.push(exact(Unit { padding: 0, ..pool }));
        units
    }
}

fn unit(name: String, form: Form, [inputs, outputs]: [usize; 2], [kernel, stride, groups]: [usize; 3]) -> Unit {
    Unit {
        name,
        form,
        inputs,
        outputs,
        kernel,
        stride,
        padding: kernel / 2,
        groups,
        opens: false,
        closes: false,
        exact: false,
    }
}

/// A bottleneck: 1x1, depthwise 3x3 with the stride, 1x1 without activation.
fn depthwise(units: &mut Vec<Unit>, name: &str, [inputs, middle, outputs]: [usize; 3], stride: usize) {
    let part = |i: usize| format!("{name}.layers.{i}");
    units.push(unit(part(0), Form::Active, [inputs, middle], [1, 1, 1]));
    units.push(unit(part(1), Form::Active, [middle, middle], [3, stride, middle]));
    units.push(unit(part(2), Form::Linear, [middle, outputs], [1, 1, 1]));
}

/// Bottlenecks with a shortcut each.
fn residual(units: &mut Vec<Unit>, name: &str, channels: usize, middle: usize, count: usize) {
    for block in 0..count {
        let first = units.len();
        depthwise(
            units,
            &format!("{name}.layers.{block}"),
            [channels, middle, channels],
            1,
        );
        units[first].opens = true;
        if let Some(last) = units.last_mut() {
            last.closes = true;
        }
    }
}
