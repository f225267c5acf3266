//! What the operators of a graph do.

use candle_core::{Result, Tensor, bail};

use super::pool::{self, Pool};
use super::value::Value;
use crate::convolution::{Convolution, activation::Activation};
use crate::elementwise::{combine, map, relu};

/// A function of one value, element by element.
pub type Elementwise = fn(f32) -> f32;

/// An operator with all that is fixed about it.
#[derive(Debug)]
pub enum Operator {
    /// Of maps; with a second input, that is added.
    Convolution(Box<Convolution>),
    /// Of rows `[..., K]`: Gemm and MatMul with fixed weights.
    Linear(Box<Convolution>),
    /// Matrix product of two computed values.
    MatMul,
    /// `scale * x + shift` for each channel.
    Affine(Vec<f32>, Vec<f32>),
    Activation(Activation),
    Prelu,
    Elementwise(Elementwise),
    Binary(Binary),
    Flatten(i64),
    Reshape,
    Transpose(Option<Vec<i64>>),
    Identity,
    GlobalAveragePool,
    Pool(Pool),
    Concat(i64),
    Shape,
    Gather(i64),
    Unsqueeze(Option<Vec<i64>>),
    Squeeze(Option<Vec<i64>>),
    Cast(i64),
    Softmax(i64),
    ReduceMean(Option<Vec<i64>>, bool),
    /// Zeros around a map.
    Pad(Option<Vec<i64>>),
    Slice,
    /// Divides by the Euclidean norm along an axis.
    Normalise(i64),
}

/// Arithmetic of two values.
#[derive(Clone, Copy, Debug)]
pub enum Binary {
    Add,
    Sub,
    Mul,
    Div,
    Pow,
}

/// An axis counted from the front.
fn axis(axis: i64, rank: usize) -> Result<usize> {
    let from_front = if axis < 0 { axis + rank as i64 } else { axis };
    match usize::try_from(from_front) {
        Ok(axis) if axis < rank.max(1) => Ok(axis),
        _ => bail!("axis {axis} of a value of {rank} dimensions"),
    }
}

impl Operator {
    /// The output.
    pub fn run(&self, inputs: &[&Value]) -> Result<Value> {
        let input = |i: usize| match inputs.get(i) {
            Some(value) => Ok(*value),
            None => bail!("input {i} is missing"),
        };
        let first = input(0)?;
        let rank = first.shape().len();
        match self {
            Self::Convolution(convolution) => {
                let maps = first.maps()?;
                match inputs.get(1) {
                    Some(other) => convolution.forward_add(&maps, &other.maps()?),
                    None => convolution.forward(&maps),
                }
                .map(Value::Maps)
            }
            Self::Linear(weights) => {
                let rows = first.plain()?.contiguous()?;
                let Some((depth, leading)) = rows.dims().split_last() else {
                    bail!("a product with a scalar")
                };
                let pixels = rows.reshape(((), 1, 1, *depth))?;
                let mut shape = leading.to_vec();
                let out = weights.forward(&pixels)?;
                shape.push(out.dim(3)?);
                out.reshape(shape).map(Value::Plain)
            }
            Self::MatMul => first.plain()?.broadcast_matmul(&input(1)?.plain()?).map(Value::Plain),
            Self::Affine(scales, shifts) => {
                let device = candle_core::Device::Cpu;
                let vector = |v: &Vec<f32>| Tensor::from_slice(v, v.len(), &device);
                let apply = |x: &Tensor| {
                    let scaled = combine(x, &vector(scales)?, |x, scale| x * scale)?;
                    combine(&scaled, &vector(shifts)?, |x, shift| x + shift)
                };
                match rank {
                    4 => apply(&first.maps()?).map(Value::Maps),
                    2 => apply(&first.plain()?).map(Value::Plain),
                    _ => bail!("a batch normalisation of {rank} dimensions"),
                }
            }
            Self::Activation(activation) => match activation {
                Activation::Identity => Ok(first.clone()),
                Activation::Relu => each(first, relu),
                Activation::Clip { low, high } => each(first, |x| {
                    if x < *low {
                        *low
                    } else if x > *high {
                        *high
                    } else {
                        x
                    }
                }),
                Activation::Prelu(_) => bail!("slopes of a separate PReLU are an input"),
            },
            Self::Prelu => {
                let slope = |x: f32, slope: f32| if x < 0.0 { x * slope } else { x };
                both(first, input(1)?, slope)
            }
            Self::Elementwise(function) => each(first, function),
            Self::Binary(kind) => binary(*kind, first, input(1)?),
            Self::Flatten(at) => {
                let shape = first.shape();
                let at = if *at == rank as i64 { rank } else { axis(*at, rank)? };
                let sizes: (usize, usize) = (shape[..at].iter().product(), shape[at..].iter().product());
                first.plain()?.contiguous()?.reshape(sizes).map(Value::Plain)
            }
            Self::Reshape => reshape(first, &input(1)?.ints()?),
            Self::Transpose(order) => {
                let order = match order {
                    Some(order) => order.iter().map(|a| axis(*a, rank)).collect::<Result<_>>()?,
                    None => (0..rank).rev().collect::<Vec<_>>(),
                };
                first.plain()?.permute(order)?.contiguous().map(Value::Plain)
            }
            Self::Identity => Ok(first.clone()),
            Self::GlobalAveragePool => first.maps()?.mean_keepdim((1, 2)).map(Value::Maps),
            Self::Pool(pool) => pool::run(pool, &first.maps()?).map(Value::Maps),
            Self::Concat(at) => concat(inputs, *at),
            Self::Shape => {
                let shape: Vec<i64> = first.shape().into_iter().map(|d| d as i64).collect();
                Ok(Value::Ints(vec![shape.len()], shape))
            }
            Self::Gather(at) => gather(first, input(1)?, *at),
            Self::Unsqueeze(axes) => unsqueeze(first, &axes_of(axes, inputs)?.unwrap_or_default()),
            Self::Squeeze(axes) => squeeze(first, axes_of(axes, inputs)?),
            Self::Cast(to) => match to {
                1 | 10 | 11 | 16 => match first {
                    Value::Ints(..) => first.plain().map(Value::Plain),
                    other => Ok(other.clone()),
                },
                6 | 7 => Ok(Value::Ints(first.shape(), first.ints()?)),
                other => bail!("a cast to ONNX type {other} is not supported"),
            },
            Self::Softmax(at) => {
                let (x, at) = (first.plain()?, axis(*at, rank)?);
                let powers = combine(&x, &x.max_keepdim(at)?, |x, most| (x - most).exp())?;
                combine(&powers, &powers.sum_keepdim(at)?, |x, sum| x / sum).map(Value::Plain)
            }
            Self::ReduceMean(axes, keep) => {
                let axes = axes_of(axes, inputs)?.unwrap_or_else(|| (0..rank as i64).collect());
                let axes = axes.iter().map(|a| axis(*a, rank)).collect::<Result<Vec<_>>>()?;
                let x = first.plain()?;
                if *keep { x.mean_keepdim(axes) } else { x.mean(axes) }.map(Value::Plain)
            }
            Self::Pad(pads) => pool::pad(first, &axes_of(pads, inputs)?.unwrap_or_default()),
            Self::Slice => slice(inputs),
            Self::Normalise(at) => {
                let (x, at) = (first.plain()?, axis(*at, rank)?);
                let squares = map(&x, |x| x * x)?.sum_keepdim(at)?;
                combine(&x, &squares, |x, sum| x / sum.sqrt()).map(Value::Plain)
            }
        }
    }
}

/// Axes as an attribute (older operator sets) or as the second input.
fn axes_of(attribute: &Option<Vec<i64>>, inputs: &[&Value]) -> Result<Option<Vec<i64>>> {
    match (attribute, inputs.get(1)) {
        (Some(axes), _) => Ok(Some(axes.clone())),
        (None, Some(value)) => value.ints().map(Some),
        (None, None) => Ok(None),
    }
}

fn each(value: &Value, function: impl Fn(f32) -> f32 + Send + Sync) -> Result<Value> {
    match value {
        Value::Maps(maps) => map(maps, function).map(Value::Maps),
        other => map(&other.plain()?, function).map(Value::Plain),
    }
}

fn binary(kind: Binary, a: &Value, b: &Value) -> Result<Value> {
    if let (Value::Ints(shape, x), Value::Ints(others, y)) = (a, b) {
        return integers(kind, [shape, others], [x, y]);
    }
    match kind {
        Binary::Add => both(a, b, |a, b| a + b),
        Binary::Sub => both(a, b, |a, b| a - b),
        Binary::Mul => both(a, b, |a, b| a * b),
        Binary::Div => both(a, b, |a, b| a / b),
        Binary::Pow => both(a, b, f32::powf),
    }
}

fn both(a: &Value, b: &Value, function: impl Fn(f32, f32) -> f32 + Send + Sync) -> Result<Value> {
    // With channels last, what is broadcast must be turned as well.
    let turned = |value: &Value| -> Result<Tensor> {
        if let Value::Maps(maps) = value {
            return Ok(maps.clone());
        }
        let tensor = value.plain()?;
        let mut shape = vec![1; 4usize.saturating_sub(tensor.rank())];
        shape.extend(tensor.dims());
        tensor.reshape(shape)?.permute((0, 2, 3, 1))?.contiguous()
    };
    let ranks = [a.shape().len(), b.shape().len()];
    match (a, b) {
        (Value::Maps(_), _) | (_, Value::Maps(_)) if ranks.iter().all(|r| *r <= 4) => {
            combine(&turned(a)?, &turned(b)?, function).map(Value::Maps)
        }
        _ => combine(&a.plain()?, &b.plain()?, function).map(Value::Plain),
    }
}

fn integers(kind: Binary, [shape, others]: [&Vec<usize>; 2], [x, y]: [&Vec<i64>; 2]) -> Result<Value> {
    let (longer, count) = if x.len() >= y.len() {
        (shape, x.len())
    } else {
        (others, y.len())
    };
    if x.is_empty() || y.is_empty() || (x.len() != y.len() && x.len() != 1 && y.len() != 1) {
        bail!("arithmetic of integers of shapes {shape:?} and {others:?}")
    }
    let values = (0..count).map(|i| {
        let (x, y) = (x[i % x.len()], y[i % y.len()]);
        match kind {
            Binary::Add => x.checked_add(y),
            Binary::Sub => x.checked_sub(y),
            Binary::Mul => x.checked_mul(y),
            Binary::Div => x.checked_div(y),
            Binary::Pow => u32::try_from(y).ok().and_then(|y| x.checked_pow(y)),
        }
    });
    match values.collect::<Option<Vec<_>>>() {
        Some(values) => Ok(Value::Ints(longer.clone(), values)),
        None => bail!("{kind:?} of integers has no result"),
    }
}

fn reshape(value: &Value, to: &[i64]) -> Result<Value> {
    let from = value.shape();
    let count: usize = from.iter().product();
    let mut shape = Vec::with_capacity(to.len());
    for (i, extent) in to.iter().enumerate() {
        shape.push(match extent {
            0 if i < from.len() => from[i],
            -1 => usize::MAX,
            _ => usize::try_from(*extent).unwrap_or(usize::MAX - 1),
        });
    }
    let known = shape
        .iter()
        .filter(|d| **d != usize::MAX)
        .try_fold(1usize, |n, d| n.checked_mul(*d));
    if let (Some(at), Some(known)) = (shape.iter().position(|d| *d == usize::MAX), known)
        && known > 0
    {
        shape[at] = count / known;
    }
    if shape.iter().try_fold(1usize, |n, d| n.checked_mul(*d)) != Some(count) {
        bail!("a value of shape {from:?} cannot become {to:?}")
    }
    match value {
        Value::Ints(_, values) => Ok(Value::Ints(shape, values.clone())),
        other => other.plain()?.contiguous()?.reshape(shape).map(Value::Plain),
    }
}

fn concat(inputs: &[&Value], at: i64) -> Result<Value> {
    let rank = inputs.first().map_or(0, |v| v.shape().len());
    let at = axis(at, rank)?;
    if inputs
        .iter()
        .all(|v| matches!(v, Value::Ints(shape, _) if shape.len() <= 1))
    {
        let mut all = Vec::new();
        for value in inputs {
            all.extend(value.ints()?);
        }
        return Ok(Value::Ints(vec![all.len()], all));
    }
    if inputs.iter().all(|v| matches!(v, Value::Maps(_))) {
        let maps = inputs.iter().map(|v| v.maps()).collect::<Result<Vec<_>>>()?;
        return Tensor::cat(&maps, [0, 3, 1, 2][at])?.contiguous().map(Value::Maps);
    }
    let plain = inputs.iter().map(|v| v.plain()).collect::<Result<Vec<_>>>()?;
    Tensor::cat(&plain, at)?.contiguous().map(Value::Plain)
}

fn gather(value: &Value, indices: &Value, at: i64) -> Result<Value> {
    let (shape, wanted) = (value.shape(), indices.ints()?);
    let at = axis(at, shape.len())?;
    let extent = shape.get(at).copied().unwrap_or(0);
    let index = |i: &i64| match usize::try_from(if *i < 0 { *i + extent as i64 } else { *i }) {
        Ok(i) if i < extent => Ok(i),
        _ => bail!("index {i} along an axis of {extent}"),
    };
    let chosen = wanted.iter().map(index).collect::<Result<Vec<_>>>()?;
    let mut to = shape[..at].to_vec();
    to.extend(indices.shape());
    to.extend(&shape[(at + 1).min(shape.len())..]);
    if let Value::Ints(own, values) = value {
        if own.len() != 1 {
            bail!("Gather of integers of shape {own:?}")
        }
        return Ok(Value::Ints(to, chosen.into_iter().map(|i| values[i]).collect()));
    }
    let plain = value.plain()?;
    let parts = chosen
        .into_iter()
        .map(|i| plain.narrow(at, i, 1))
        .collect::<Result<Vec<_>>>()?;
    Tensor::cat(&parts, at)?.contiguous()?.reshape(to).map(Value::Plain)
}

fn unsqueeze(value: &Value, axes: &[i64]) -> Result<Value> {
    let mut shape = value.shape();
    let rank = shape.len() + axes.len();
    let mut axes = axes.iter().map(|a| axis(*a, rank)).collect::<Result<Vec<_>>>()?;
    axes.sort_unstable();
    for at in axes {
        if at > shape.len() {
            bail!("axis {at} of a value of {rank} dimensions")
        }
        shape.insert(at, 1);
    }
    with_shape(value, shape)
}

fn squeeze(value: &Value, axes: Option<Vec<i64>>) -> Result<Value> {
    let shape = value.shape();
    let drop: Vec<usize> = match axes {
        Some(axes) => axes.iter().map(|a| axis(*a, shape.len())).collect::<Result<_>>()?,
        None => (0..shape.len()).filter(|i| shape[*i] == 1).collect(),
    };
    if let Some(at) = drop.iter().find(|at| shape.get(**at) != Some(&1)) {
        bail!("axis {at} of shape {shape:?} is not 1")
    }
    let left = shape.iter().enumerate().filter(|(i, _)| !drop.contains(i));
    with_shape(value, left.map(|(_, d)| *d).collect())
}

fn with_shape(value: &Value, shape: Vec<usize>) -> Result<Value> {
    match value {
        Value::Ints(_, values) => Ok(Value::Ints(shape, values.clone())),
        other => other.plain()?.contiguous()?.reshape(shape).map(Value::Plain),
    }
}

/// Data, starts, ends, axes, steps; steps of 1 only.
fn slice(inputs: &[&Value]) -> Result<Value> {
    let [data, starts, ends, rest @ ..] = inputs else {
        bail!("a slice without starts and ends: operator set 10 or later is expected")
    };
    let (starts, ends) = (starts.ints()?, ends.ints()?);
    let shape = data.shape();
    let axes = match rest.first() {
        Some(axes) => axes.ints()?,
        None => (0..starts.len() as i64).collect(),
    };
    if rest
        .get(1)
        .map(|steps| steps.ints())
        .transpose()?
        .is_some_and(|steps| steps.iter().any(|s| *s != 1))
    {
        bail!("a slice with steps other than 1 is not supported")
    }
    if starts.len() != axes.len() || ends.len() != axes.len() {
        bail!(
            "a slice of {} starts, {} ends and {} axes",
            starts.len(),
            ends.len(),
            axes.len()
        )
    }
    let mut plain = data.plain()?;
    for ((start, end), at) in starts.iter().zip(&ends).zip(&axes) {
        let at = axis(*at, shape.len())?;
        let extent = shape[at] as i64;
        let place = |v: i64| (if v < 0 { v.saturating_add(extent) } else { v }).clamp(0, extent) as usize;
        let (from, to) = (place(*start), place(*end));
        plain = plain.narrow(at, from, to.saturating_sub(from))?;
    }
    match data {
        Value::Ints(..) => Ok(Value::Ints(
            plain.dims().to_vec(),
            Value::Plain(plain.contiguous()?).ints()?,
        )),
        _ => plain.contiguous().map(Value::Plain),
    }
}

/// `1 / (1 + exp(-x))`.
pub fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}
