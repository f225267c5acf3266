//! What network a file holds.

use ficta_core::{Error, Result};
use ficta_state_dict::StateDict;

use super::params::IResNetParams;

/// Sizes of an iresnet.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkShape {
    /// Residual blocks of the four layers.
    pub blocks: [usize; 4],
    /// Channels of the stem and of the four layers.
    pub widths: [usize; 5],
    /// Channels of an image.
    pub channels: usize,
    /// Height and width of an image.
    pub input_size: usize,
    /// Length of a feature.
    pub dim: usize,
    /// Added to each variance.
    pub bn_eps: f64,
}

/// Depths that have a name, and their blocks (InsightFace, `arcface_torch/backbones/iresnet.py`).
const NAMED: [(u32, [usize; 4]); 5] = [
    (18, [2, 2, 2, 2]),
    (34, [3, 4, 6, 3]),
    (50, [3, 4, 14, 3]),
    (100, [3, 13, 30, 3]),
    (200, [6, 26, 60, 6]),
];

/// `arcface_torch`'s constant.
const BN_EPS: f64 = 1e-5;

impl NetworkShape {
    /// Of the network whose weights these are: `params` say what the file leaves open, and what it is expected to be.
    ///
    /// # Errors
    /// `CONFIG` for parameters that contradict each other, `DATA` where the file holds no iresnet, or another.
    pub fn of(weights: &StateDict, params: &IResNetParams) -> Result<Self> {
        let described = |key: &str| Some(weights.description()?.get("architecture")?.get(key)?.clone());
        let [first, channels, _, _] = dims(weights, "conv1.weight")?;
        let mut widths = [first; 5];
        let mut blocks = [0; 4];
        for layer in 0..4 {
            let name = format!("layer{}.0.conv2.weight", layer + 1);
            widths[layer + 1] = dims::<4>(weights, &name)?[0];
            blocks[layer] = blocks_of(weights, layer + 1);
        }
        let expected = params.expected_blocks()?;
        if let Some(expected) = expected.filter(|expected| *expected != blocks) {
            return Err(Error::data(format!(
                "{} holds {}, expected {}",
                weights.source(),
                name_of(blocks),
                name_of(expected)
            ))
            .help("leave `depth` and `blocks` out to take them from the file, or name another file"));
        }
        if let Some(expected) = params.widths.filter(|expected| *expected != widths) {
            return Err(Error::data(format!(
                "{} holds a network of widths {widths:?}, expected {expected:?}",
                weights.source()
            ))
            .help("leave `widths` out to take them from the file, or name another file"));
        }
        if ![1, 3].contains(&channels) {
            return Err(Error::unsupported(format!(
                "{}: `conv1.weight` takes images of {channels} channels; 1 and 3 can be made",
                weights.source()
            )));
        }
        let [dim, flat] = dims(weights, "fc.weight")?;
        let tail = (1..=64).find(|tail| tail * tail * widths[4] == flat).ok_or_else(|| {
            Error::data(format!(
                "{}: `fc.weight` takes {flat} numbers, which no square map of {} channels has",
                weights.source(),
                widths[4]
            ))
        })?;
        let given = described("input_size").and_then(|v| usize::try_from(v.as_u64()?).ok());
        let input_size = params.input_size.or(given).unwrap_or(16 * tail);
        // Four layers halve, rounding up.
        if input_size.div_ceil(16) != tail {
            return Err(Error::data(format!(
                "{}: `fc.weight` belongs to images of {} to {} pixels, not {input_size}",
                weights.source(),
                16 * (tail - 1) + 1,
                16 * tail
            ))
            .help("set input_size to what the network was trained on"));
        }
        let bn_eps = params
            .bn_eps
            .or_else(|| described("bn_eps")?.as_f64())
            .unwrap_or(BN_EPS);
        if !(bn_eps > 0.0 && bn_eps <= 1.0) {
            return Err(Error::config(format!(
                "bn_eps = {bn_eps}, expected a number above 0 and at most 1"
            )));
        }
        Ok(Self {
            blocks,
            widths,
            channels,
            input_size,
            dim,
            bn_eps,
        })
    }

    /// "iresnet50", or what else it is.
    pub fn name(&self) -> String {
        match self.widths {
            [64, 64, 128, 256, 512] => name_of(self.blocks),
            widths => format!("{} of widths {widths:?}", name_of(self.blocks)),
        }
    }
}

fn name_of(blocks: [usize; 4]) -> String {
    match NAMED.iter().find(|(_, named)| *named == blocks) {
        Some((depth, _)) => format!("iresnet{depth}"),
        None => format!("an iresnet of {blocks:?} blocks"),
    }
}

/// The blocks of a named depth.
pub fn blocks_of_depth(depth: u32) -> Option<[usize; 4]> {
    NAMED
        .iter()
        .find(|(named, _)| *named == depth)
        .map(|(_, blocks)| *blocks)
}

fn dims<const RANK: usize>(weights: &StateDict, name: &str) -> Result<[usize; RANK]> {
    let shape = weights.shape(name).ok_or_else(|| weights.missing(name))?;
    let dims = shape.try_into().map_err(|_| {
        Error::data(format!(
            "{}: tensor `{name}` has shape {shape:?}, expected {RANK} dimensions",
            weights.source()
        ))
    })?;
    match shape.contains(&0) {
        false => Ok(dims),
        true => Err(Error::data(format!(
            "{}: tensor `{name}` has shape {shape:?}, and no extent of it may be 0",
            weights.source()
        ))
        .help("the file holds no network; fetch or write it again")),
    }
}

/// One more than the highest block of which the file holds anything.
fn blocks_of(weights: &StateDict, layer: usize) -> usize {
    let prefix = format!("layer{layer}.");
    let block = |name: &str| name.strip_prefix(&prefix)?.split('.').next()?.parse::<usize>().ok();
    weights
        .names()
        .filter_map(block)
        .max()
        .map_or(0, |highest| highest.saturating_add(1))
}
