//! A model, ready to run.

use std::collections::{HashMap, HashSet};

use candle_core::{Result as CandleResult, Tensor, bail};
use ficta_core::{Error, Result};
use prost::Message;

use super::build::{self, at, named};
use super::fusion::{Uses, follow};
use super::operator::Operator;
use super::proto::{Model, Node};
use super::value::Value;
use crate::convolution::scratch::Scratch;

/// One operator at its place.
#[derive(Debug)]
struct Step {
    what: String,
    operator: Operator,
    inputs: Vec<String>,
    output: String,
    /// Computed values that nothing needs after this.
    last_use_of: Vec<String>,
}

/// The steps from the one input to the one output.
#[derive(Debug)]
pub struct Network {
    steps: Vec<Step>,
    fixed: HashMap<String, Value>,
    input: String,
    output: String,
    /// Extents of the input; `None` where free.
    pub input_shape: Vec<Option<usize>>,
    /// Whether the model itself subtracts and multiplies its input, as those converted from MXNet do.
    pub normalises: bool,
}

/// Operator sets that are read; older ones say some things differently.
const OPERATOR_SETS: std::ops::RangeInclusive<i64> = 7..=25;

impl Network {
    /// Reads a file's content.
    ///
    /// # Errors
    /// `DATA` for what is no whole model, `UNSUPPORTED` for an operator that is not known, with the node that has it.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let model = Model::decode(bytes).map_err(|e| {
            Error::wrap(ficta_core::ErrorKind::DATA, "no whole ONNX file", &e)
                .help("the file was cut short or is of another kind; fetch it again")
        })?;
        let graph = model.graph.as_ref().filter(|g| !g.node.is_empty());
        let graph = graph.ok_or_else(|| Error::data("an ONNX file without a graph").help("is it a model?"))?;
        let opset = model
            .opset_import
            .iter()
            .find(|o| ["", "ai.onnx"].contains(&o.domain.as_str()));
        let opset = opset.map_or(1, |o| o.version);
        if !OPERATOR_SETS.contains(&opset) {
            return Err(Error::unsupported(format!(
                "operator set {opset}, expected {} to {}",
                OPERATOR_SETS.start(),
                OPERATOR_SETS.end()
            ))
            .help("convert the model with onnx.version_converter"));
        }
        let mut fixed = HashMap::new();
        for tensor in &graph.initializer {
            let value = Value::of_file(tensor).map_err(|e| Error::data(e.to_string()))?;
            fixed.insert(tensor.name.clone(), value);
        }
        // Older files list their weights among the inputs.
        let inputs: Vec<_> = graph.input.iter().filter(|i| !fixed.contains_key(&i.name)).collect();
        let [input] = inputs.as_slice() else {
            return Err(Error::unsupported(format!(
                "a model of {} inputs, expected one: images",
                inputs.len()
            )));
        };
        let dims = input.kind.as_ref().and_then(|k| k.tensor.as_ref()?.shape.as_ref());
        let extent = |value: Option<i64>| value.and_then(|v| usize::try_from(v).ok()).filter(|v| *v > 0);
        let input_shape = dims.map_or(vec![None; 4], |s| s.dim.iter().map(|d| extent(d.value)).collect());
        let output = graph
            .output
            .first()
            .ok_or_else(|| Error::data("a model without an output"))?;
        let early: Vec<&str> = graph.node.iter().take(8).map(|n| n.op_type.as_str()).collect();
        let mut builder = Builder {
            steps: Vec::new(),
            fixed,
            computed: HashSet::from([input.name.clone()]),
            norms: HashMap::new(),
            scratch: Scratch::default(),
            opset,
        };
        let uses = Uses::of(graph);
        let mut done = HashSet::new();
        for (index, node) in graph.node.iter().enumerate() {
            if !done.contains(&index) {
                done.extend(builder.add(node, &uses)?);
            }
        }
        let Builder {
            mut steps,
            fixed,
            computed,
            ..
        } = builder;
        if !computed.contains(&output.name) {
            return Err(Error::data(format!(
                "nothing makes the output `{}` from the images",
                output.name
            )));
        }
        let mut later = HashSet::from([output.name.clone()]);
        for step in steps.iter_mut().rev() {
            step.last_use_of = step
                .inputs
                .iter()
                .filter(|name| later.insert((*name).clone()))
                .cloned()
                .collect();
        }
        Ok(Self {
            normalises: early.contains(&"Sub") && early.contains(&"Mul"),
            steps,
            fixed,
            input: input.name.clone(),
            output: output.name.clone(),
            input_shape,
        })
    }

    /// `[N,H,W,C]` to `[N,d]`: what the first output holds for each image.
    pub fn forward(&self, pictures: &Tensor) -> CandleResult<Tensor> {
        let number = pictures.dim(0)?;
        let mut values: HashMap<&str, Value> = HashMap::new();
        values.insert(&self.input, Value::Maps(pictures.clone()));
        for step in &self.steps {
            let find = |name: &String| values.get(name.as_str()).or_else(|| self.fixed.get(name));
            let inputs: Option<Vec<&Value>> = step.inputs.iter().map(find).collect();
            let Some(inputs) = inputs else {
                bail!("{}: an input of {:?} is not there", step.what, step.inputs)
            };
            let result = step.operator.run(&inputs);
            let result = result.map_err(|e| candle_core::Error::Msg(format!("{}: {e}", step.what)))?;
            for name in &step.last_use_of {
                values.remove(name.as_str());
            }
            values.insert(&step.output, result);
        }
        match values.get(self.output.as_str()) {
            Some(value) if value.shape().first() == Some(&number) => value.plain()?.contiguous()?.reshape((number, ())),
            Some(value) => bail!("the output has shape {:?} for {number} images", value.shape()),
            None => bail!("the output was not made"),
        }
    }
}

struct Builder {
    steps: Vec<Step>,
    fixed: HashMap<String, Value>,
    computed: HashSet<String>,
    /// Batch normalisations that go into the convolutions behind them: by their output, their input, scales and shifts.
    norms: HashMap<String, (String, Vec<f32>, Vec<f32>)>,
    scratch: Scratch,
    opset: i64,
}

impl Builder {
    /// Adds a node; the others that are done with it.
    fn add(&mut self, node: &Node, uses: &Uses<'_>) -> Result<Vec<usize>> {
        let Some(output) = node.output.first().filter(|o| !o.is_empty()) else {
            return Err(Error::data(format!("{}: it has no output", named(node))));
        };
        if node.op_type == "Constant" {
            let tensor = node.tensor().ok_or_else(|| {
                Error::unsupported(format!(
                    "{}: constants other than tensors are not supported",
                    named(node)
                ))
            })?;
            self.fixed.insert(output.clone(), at(node, Value::of_file(tensor))?);
            return Ok(Vec::new());
        }
        let fixed = &self.fixed;
        let input = |i: usize| node.input.get(i).and_then(|name| fixed.get(name));
        if node.op_type == "BatchNormalization"
            && uses.only_convolved(output, |name| fixed.contains_key(name))
            && let Some(source) = node.input.first()
        {
            let (scales, shifts) = build::norm(node, input)?;
            self.norms.insert(output.clone(), (source.clone(), scales, shifts));
            return Ok(Vec::new());
        }
        let first = node.input.first().cloned().unwrap_or_default();
        if node.op_type == "Conv" && input(1).is_some() && !fixed.contains_key(&first) {
            let mut filters = build::filters(node, input(1), input(2))?;
            let mut source = first;
            if let Some((from, scales, shifts)) = self.norms.get(&source) {
                if scales.len() != filters.inputs() {
                    return Err(Error::data(format!(
                        "{}: {} channels are normalised before it, it takes {}",
                        named(node),
                        scales.len(),
                        filters.inputs()
                    )));
                }
                filters.scale_input(scales, shifts);
                source = from.clone();
            }
            let computed = &self.computed;
            let fused = follow(
                uses,
                &mut filters,
                output,
                |name| fixed.get(name),
                |name| computed.contains(name),
            )?;
            let convolution = filters.into_convolution(fused.activation, &self.scratch);
            let inputs = std::iter::once(source).chain(fused.residual).collect();
            self.step(node, Operator::Convolution(Box::new(convolution)), inputs, fused.output)?;
            return Ok(fused.nodes);
        }
        let operator = build::operator(node, self.opset, input, &self.scratch)?;
        let inputs: Vec<String> = match &operator {
            // Their other inputs are part of them.
            Operator::Convolution(_)
            | Operator::Linear(_)
            | Operator::Affine(..)
            | Operator::Activation(_)
            | Operator::Identity => {
                vec![first]
            }
            // Optional inputs are left out by an empty name.
            _ => node.input.iter().filter(|name| !name.is_empty()).cloned().collect(),
        };
        if inputs.iter().all(|name| self.fixed.contains_key(name)) && !inputs.is_empty() {
            let values: Vec<&Value> = inputs.iter().filter_map(|name| self.fixed.get(name)).collect();
            let value = at(node, operator.run(&values))?;
            self.fixed.insert(output.clone(), value);
            return Ok(Vec::new());
        }
        self.step(node, operator, inputs, output.clone())?;
        Ok(Vec::new())
    }

    fn step(&mut self, node: &Node, operator: Operator, inputs: Vec<String>, output: String) -> Result<()> {
        if let Some(missing) = inputs
            .iter()
            .find(|n| !self.computed.contains(*n) && !self.fixed.contains_key(*n))
        {
            return Err(Error::data(format!(
                "{}: nothing before it makes its input `{missing}`",
                named(node)
            )));
        }
        self.computed.insert(output.clone());
        self.steps.push(Step {
            what: named(node),
            operator,
            inputs,
            output,
            last_use_of: Vec::new(),
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests;
