//! The entries of a state dict: names, shapes and roles, before any tensor exists.

/// What a tensor does; decides its initial value and whether it is trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Weight of a convolution `[out, in, k, k]` in iresnet: N(0, 0.1).
    Convolution,
    /// Weight of a convolution or linear layer in MobileFaceNet: N(0, 2 / n) for n outputs, as `kaiming_normal_` with `fan_out` has it.
    FanOut {
        /// Outputs n: of a convolution, output channels times the filter's positions.
        outputs: usize,
    },
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

/// A state dict's entries as they are listed.
#[derive(Default)]
pub struct Entries(pub Vec<Entry>);

impl Entries {
    /// One tensor.
    pub fn add(&mut self, name: impl Into<String>, shape: &[usize], role: Role) {
        self.0.push(Entry {
            name: name.into(),
            shape: shape.to_vec(),
            role,
        });
    }

    /// A convolution's weight, of an init of its family's: `role`.
    pub fn conv(&mut self, name: &str, [outputs, inputs, kernel]: [usize; 3], role: Role) {
        self.add(format!("{name}.weight"), &[outputs, inputs, kernel, kernel], role);
    }

    /// A batch normalisation's five tensors.
    pub fn norm(&mut self, name: &str, channels: usize, scale: Role) {
        self.add(format!("{name}.weight"), &[channels], scale);
        self.add(format!("{name}.bias"), &[channels], Role::Shift);
        self.add(format!("{name}.running_mean"), &[channels], Role::RunningMean);
        self.add(format!("{name}.running_var"), &[channels], Role::RunningVariance);
        self.add(format!("{name}.num_batches_tracked"), &[], Role::BatchesTracked);
    }
}
