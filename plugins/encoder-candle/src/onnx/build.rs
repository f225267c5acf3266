//! From nodes to operators.

use ficta_core::{Error, Result};

use super::operator::{Binary, Operator, sigmoid};
use super::pool::Pool;
use super::proto::Node;
use super::value::Value;
use crate::convolution::{Filters, activation::Activation, scratch::Scratch, window::Window};

/// What is understood.
pub const SUPPORTED: &str = "Abs, Add, AveragePool, BatchNormalization, Cast, Clip, Concat, Constant, Conv, Div, Dropout, Exp, Flatten, Gather, \
    Gemm, GlobalAveragePool, Identity, LpNormalization, MatMul, MaxPool, Mul, Neg, Pad, Pow, PRelu, ReduceMean, Relu, Reshape, Shape, Sigmoid, \
    Slice, Softmax, Sqrt, Squeeze, Sub, Tanh, Transpose, Unsqueeze";

/// A node in words.
pub fn named(node: &Node) -> String {
    match node.name.as_str() {
        "" => format!(
            "{} node that makes `{}`",
            node.op_type,
            node.output.first().map_or("", String::as_str)
        ),
        name => format!("{} node `{name}`", node.op_type),
    }
}

/// Puts the node before candle's message.
pub fn at<T>(node: &Node, result: candle_core::Result<T>) -> Result<T> {
    result.map_err(|e| Error::data(format!("{}: {e}", named(node))))
}

/// Whether a node has input `index`; optional ones are left out by an empty name.
fn named_input(node: &Node, index: usize) -> bool {
    node.input.get(index).is_some_and(|name| !name.is_empty())
}

/// The fixed f32 input `index` of a node, with its shape.
pub fn weights(node: &Node, index: usize, value: Option<&Value>) -> Result<(Vec<usize>, Vec<f32>)> {
    let Some(value) = value else {
        return Err(Error::unsupported(format!(
            "{}: input {index} is computed or missing; it is expected to be stored in the file",
            named(node)
        )));
    };
    let flat = value.plain().and_then(|t| t.flatten_all()?.to_vec1::<f32>());
    Ok((value.shape(), at(node, flat)?))
}

/// A convolution's filters and bias.
pub fn filters(node: &Node, weight: Option<&Value>, bias: Option<&Value>) -> Result<Filters> {
    let (shape, oihw) = weights(node, 1, weight)?;
    let [outputs, inputs, high, wide] = shape[..] else {
        return Err(Error::unsupported(format!(
            "{}: filters of shape {shape:?}; two-dimensional ones can be read",
            named(node)
        )));
    };
    let window = at(node, node.window([high, wide]))?;
    let bias = match bias {
        Some(_) => weights(node, 2, bias)?.1,
        None => vec![0.0; outputs],
    };
    let fits = window.size == [high, wide] && bias.len() == outputs && !oihw.is_empty();
    match usize::try_from(node.int("group", 1)) {
        Ok(1) if fits => Ok(Filters::from_oihw(window, [inputs, outputs], &oihw, &bias)),
        Ok(groups) if fits && groups == outputs && inputs == 1 => Ok(Filters::depthwise(window, outputs, &oihw, &bias)),
        // Other groups are one convolution with zeros between the groups.
        Ok(groups) if fits && groups > 1 && outputs % groups == 0 => {
            let mut whole = vec![0.0; oihw.len() * groups];
            let run = inputs * high * wide;
            for (output, filter) in oihw.chunks_exact(run).enumerate() {
                let group = output / (outputs / groups);
                whole[(output * groups + group) * run..][..run].copy_from_slice(filter);
            }
            Ok(Filters::from_oihw(window, [inputs * groups, outputs], &whole, &bias))
        }
        _ => Err(Error::data(format!(
            "{}: filters {shape:?}, {} biases, kernel {:?} and {} groups do not fit together",
            named(node),
            bias.len(),
            window.size,
            node.int("group", 1)
        ))),
    }
}

/// Scales and shifts of a batch normalisation; inputs 1 to 4 are scale, bias, mean and variance.
pub fn norm<'a>(node: &Node, input: impl Fn(usize) -> Option<&'a Value>) -> Result<(Vec<f32>, Vec<f32>)> {
    let part = |i: usize| weights(node, i, input(i)).map(|(_, values)| values);
    let (weight, bias, mean, variance) = (part(1)?, part(2)?, part(3)?, part(4)?);
    let count = weight.len();
    if [&bias, &mean, &variance].iter().any(|v| v.len() != count) || variance.iter().any(|v| *v < 0.0) {
        return Err(Error::data(format!(
            "{}: its four inputs do not fit together",
            named(node)
        )));
    }
    let eps = f64::from(node.float("epsilon", 1e-5));
    let scales: Vec<f64> = weight
        .iter()
        .zip(&variance)
        .map(|(w, v)| f64::from(*w) / (f64::from(*v) + eps).sqrt())
        .collect();
    let shifts = bias.iter().zip(&mean).zip(&scales);
    let shifts = shifts
        .map(|((b, m), s)| (f64::from(*b) - f64::from(*m) * s) as f32)
        .collect();
    Ok((scales.into_iter().map(|s| s as f32).collect(), shifts))
}

/// The activation that a node is, if it is one with fixed parameters.
pub fn activation<'a>(
    node: &Node,
    input: impl Fn(usize) -> Option<&'a Value>,
    channels: Option<usize>,
) -> Result<Option<Activation>> {
    Ok(match node.op_type.as_str() {
        "Relu" => Some(Activation::Relu),
        "Clip" => {
            let bound = |i: usize, name: &str, default: f32| -> Result<f32> {
                match named_input(node, i) {
                    false => Ok(node.float(name, default)),
                    true => Ok(weights(node, i, input(i))?.1.first().copied().unwrap_or(default)),
                }
            };
            Some(Activation::Clip {
                low: bound(1, "min", f32::MIN)?,
                high: bound(2, "max", f32::MAX)?,
            })
        }
        "PRelu" => {
            let Some(channels) = channels else { return Ok(None) };
            let (shape, slopes) = weights(node, 1, input(1))?;
            match slopes.as_slice() {
                [slope] => Some(Activation::Prelu(vec![*slope; channels])),
                // One a channel: [C,1,1] or [1,C,1,1].
                _ if slopes.len() == channels && shape.len() >= 3 && shape[shape.len() - 2..] == [1, 1] => {
                    Some(Activation::Prelu(slopes))
                }
                _ => None,
            }
        }
        _ => None,
    })
}

/// The operator of a node that is not fused with others.
pub fn operator<'a>(
    node: &Node,
    opset: i64,
    input: impl Fn(usize) -> Option<&'a Value> + Copy,
    scratch: &Scratch,
) -> Result<Operator> {
    if !["", "ai.onnx"].contains(&node.domain.as_str()) {
        return Err(unsupported(node));
    }
    if let Some(activation) = activation(node, input, None)? {
        return Ok(Operator::Activation(activation));
    }
    let axes = || node.ints("axes").map(<[i64]>::to_vec);
    let pool = |mean: bool| -> Result<Operator> {
        if node.int("ceil_mode", 0) != 0 {
            return Err(Error::unsupported(format!(
                "{}: ceil_mode is not supported",
                named(node)
            )));
        }
        let window = at(node, node.window([1, 1]))?;
        let count_padding = node.int("count_include_pad", 0) != 0;
        Ok(Operator::Pool(Pool {
            window,
            mean,
            count_padding,
        }))
    };
    Ok(match node.op_type.as_str() {
        "Conv" => Operator::Convolution(Box::new(
            filters(node, input(1), input(2))?.into_convolution(Activation::Identity, scratch),
        )),
        "Gemm" => gemm(node, input, scratch)?,
        "MatMul" => match input(1).filter(|v| v.shape().len() == 2) {
            Some(value) => linear(node, value, None, [1.0, 1.0], false, scratch)?,
            None => Operator::MatMul,
        },
        "BatchNormalization" => {
            let (scales, shifts) = norm(node, input)?;
            Operator::Affine(scales, shifts)
        }
        "PRelu" => Operator::Prelu,
        "Sigmoid" => Operator::Elementwise(sigmoid),
        "Tanh" => Operator::Elementwise(f32::tanh),
        "Sqrt" => Operator::Elementwise(f32::sqrt),
        "Exp" => Operator::Elementwise(f32::exp),
        "Neg" => Operator::Elementwise(|x| -x),
        "Abs" => Operator::Elementwise(f32::abs),
        "Add" => Operator::Binary(Binary::Add),
        "Sub" => Operator::Binary(Binary::Sub),
        "Mul" => Operator::Binary(Binary::Mul),
        "Div" => Operator::Binary(Binary::Div),
        "Pow" => Operator::Binary(Binary::Pow),
        "Flatten" => Operator::Flatten(node.int("axis", 1)),
        "Reshape" if node.int("allowzero", 0) == 0 => Operator::Reshape,
        "Transpose" => Operator::Transpose(node.ints("perm").map(<[i64]>::to_vec)),
        "Dropout" | "Identity" => Operator::Identity,
        "GlobalAveragePool" => Operator::GlobalAveragePool,
        "MaxPool" => pool(false)?,
        "AveragePool" => pool(true)?,
        "Concat" => Operator::Concat(node.int("axis", 0)),
        "Shape" if node.attribute.is_empty() => Operator::Shape,
        "Gather" => Operator::Gather(node.int("axis", 0)),
        "Unsqueeze" => Operator::Unsqueeze(axes()),
        "Squeeze" => Operator::Squeeze(axes()),
        "Cast" => Operator::Cast(node.int("to", 1)),
        "Softmax" if opset >= 13 => Operator::Softmax(node.int("axis", -1)),
        "ReduceMean" => Operator::ReduceMean(axes(), node.int("keepdims", 1) != 0),
        "Pad" => {
            let constant = node.text("mode").unwrap_or("constant") == "constant";
            let value = match named_input(node, 2) {
                true => weights(node, 2, input(2))?.1,
                false => vec![node.float("value", 0.0)],
            };
            if !constant || value.iter().any(|v| *v != 0.0) {
                return Err(
                    Error::unsupported(format!("{}: only zeros are put around a map", named(node)))
                        .help("export the model anew with constant folding, or take another encoder"),
                );
            }
            if named_input(node, 3) {
                return Err(Error::unsupported(format!("{}: axes are not supported", named(node)))
                    .help("export the model with an opset below 18"));
            }
            Operator::Pad(node.ints("pads").map(<[i64]>::to_vec))
        }
        "Slice" => Operator::Slice,
        "LpNormalization" if node.int("p", 2) == 2 => Operator::Normalise(node.int("axis", -1)),
        _ => return Err(unsupported(node)),
    })
}

fn unsupported(node: &Node) -> Error {
    let domain = match node.domain.as_str() {
        "" | "ai.onnx" => String::new(),
        other => format!(" of `{other}`"),
    };
    Error::unsupported(format!(
        "{}{domain}: the operator, or this form of it, is not supported",
        named(node)
    ))
    .help(format!(
        "supported are {SUPPORTED}; onnxsim or onnxruntime's offline optimisation may rewrite the model into these"
    ))
}

fn gemm<'a>(node: &Node, input: impl Fn(usize) -> Option<&'a Value>, scratch: &Scratch) -> Result<Operator> {
    if node.int("transA", 0) != 0 {
        return Err(Error::unsupported(format!("{}: transA is not supported", named(node))));
    }
    let weight = input(1).ok_or_else(|| Error::unsupported(format!("{}: computed weights", named(node))))?;
    if named_input(node, 2) && input(2).is_none() {
        return Err(Error::unsupported(format!("{}: a computed bias", named(node))));
    }
    let factors = [node.float("alpha", 1.0), node.float("beta", 1.0)];
    linear(node, weight, input(2), factors, node.int("transB", 0) != 0, scratch)
}

/// `alpha * x * B + beta * C`, as a convolution of single pixels.
fn linear(
    node: &Node,
    weight: &Value,
    bias: Option<&Value>,
    [alpha, beta]: [f32; 2],
    transposed: bool,
    scratch: &Scratch,
) -> Result<Operator> {
    let (shape, values) = weights(node, 1, Some(weight))?;
    let [rows, columns] = shape[..] else {
        return Err(Error::data(format!("{}: weights of shape {shape:?}", named(node))));
    };
    let (inputs, outputs) = if transposed { (columns, rows) } else { (rows, columns) };
    if inputs == 0 || outputs == 0 {
        return Err(Error::data(format!("{}: weights of shape {shape:?}", named(node))));
    }
    let bias = match bias {
        None => vec![0.0; outputs],
        Some(bias) => {
            let values = weights(node, 2, Some(bias))?.1;
            match values.len() {
                1 => vec![beta * values[0]; outputs],
                n if n == outputs => values.iter().map(|b| beta * b).collect(),
                n => {
                    return Err(Error::data(format!(
                        "{}: {n} biases for {outputs} outputs",
                        named(node)
                    )));
                }
            }
        }
    };
    let scaled: Vec<f32> = values.iter().map(|v| alpha * v).collect();
    let window = Window::square(1, 1, 0);
    let filters = match transposed {
        true => Filters::from_oihw(window, [inputs, outputs], &scaled, &bias),
        false => Filters::new(window, [inputs, outputs], scaled, &bias),
    };
    Ok(Operator::Linear(Box::new(
        filters.into_convolution(Activation::Identity, scratch),
    )))
}
