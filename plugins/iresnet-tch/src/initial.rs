//! New weights.

use ficta_core::Result;
use ficta_tch_bridge::{Initialiser, OrBackend, Parameters};
use tch::{Device, Kind, Tensor};

use crate::{
    entry::{Entry, Role},
    layout::Layout,
};

/// Standard deviation of a new head, as in `arcface_torch`.
const HEAD_DEVIATION: f64 = 0.01;

/// Name of the head's class centres among the parameters and in checkpoints.
pub const HEAD: &str = "head.weight";

/// Adds every tensor of the network, with the values that its role starts from.
pub fn add_network(to: &mut Parameters, layout: &dyn Layout, draw: Initialiser) -> Result<()> {
    for entry in layout.entries() {
        let start = start(&entry, draw)?;
        add(to, entry, start)?;
    }
    Ok(())
}

/// Adds a head of class centres `[classes, dim]`, N(0, 0.01).
pub fn add_head(to: &mut Parameters, classes: usize, dim: usize, draw: Initialiser) -> Result<()> {
    to.add(HEAD, draw.normal(HEAD, &[classes as i64, dim as i64], HEAD_DEVIATION)?)?;
    Ok(())
}

/// Adds one tensor, to be trained or not, as its role asks.
pub fn add(to: &mut Parameters, entry: Entry, value: Tensor) -> Result<()> {
    if entry.role.is_trained() {
        to.add(entry.name, value)
    } else {
        to.add_buffer(entry.name, value)
    }
    .map(drop)
}

/// Zeros of the entry's shape and type.
pub fn blank(entry: &Entry) -> Result<Tensor> {
    let kind = if entry.role == Role::BatchesTracked {
        Kind::Int64
    } else {
        Kind::Float
    };
    Tensor::f_zeros(dims(entry), (kind, Device::Cpu)).or_backend("creating weights")
}

fn start(entry: &Entry, draw: Initialiser) -> Result<Tensor> {
    let (name, shape) = (&entry.name, dims(entry));
    match entry.role {
        Role::Convolution => draw.normal(name, &shape, 0.1),
        Role::FanOut { outputs } => draw.normal(name, &shape, (2.0 / outputs as f64).sqrt()),
        Role::Linear { inputs } => draw.fan_in_uniform(name, &shape, inputs as i64),
        Role::Slope => draw.constant(&shape, 0.25),
        Role::Scale | Role::FrozenScale | Role::RunningVariance => draw.constant(&shape, 1.0),
        Role::Shift | Role::RunningMean | Role::BatchesTracked => blank(entry),
    }
}

fn dims(entry: &Entry) -> Vec<i64> {
    entry.shape.iter().map(|d| *d as i64).collect()
}
