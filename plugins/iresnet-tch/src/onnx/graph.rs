//! Operations one after the other, with the weights that they name.

use ficta_core::{Error, Result};
use ficta_tch_bridge::HostBuffer;

use crate::model::Model;

use super::messages::{Attribute, FLOAT, NodeProto, TensorProto};

/// Shape of a convolution.
#[derive(Clone, Copy, Debug)]
pub struct Convolution {
    /// Height and width of the filters.
    pub kernel: usize,
    /// Stride.
    pub stride: usize,
    /// Zeros on each side.
    pub padding: usize,
    /// Groups of channels.
    pub groups: usize,
}

impl Convolution {
    /// In one group, padded so that stride 1 keeps the size.
    pub fn square(kernel: usize, stride: usize) -> Self {
        Self {
            kernel,
            stride,
            padding: kernel / 2,
            groups: 1,
        }
    }
}

/// A graph as it is laid. Operations bear the names of PyTorch's modules; each result bears its operation's.
pub struct Graph<'a> {
    model: &'a Model,
    nodes: Vec<NodeProto>,
    weights: Vec<TensorProto>,
    missing: Option<String>,
}

impl<'a> Graph<'a> {
    /// Empty, over a network's weights for use.
    pub fn new(model: &'a Model) -> Self {
        Self {
            model,
            nodes: Vec::new(),
            weights: Vec::new(),
            missing: None,
        }
    }

    /// A convolution without bias.
    pub fn convolution(&mut self, x: &str, name: &str, form: Convolution) -> String {
        let weight = self.weight(&format!("{name}.weight"), None);
        let attributes = vec![
            Attribute::ints("kernel_shape", &[form.kernel; 2]),
            Attribute::ints("strides", &[form.stride; 2]),
            Attribute::ints("pads", &[form.padding; 4]),
            Attribute::int("group", form.groups as i64),
        ];
        self.node("Conv", &[x.into(), weight], name, attributes)
    }

    /// A batch normalisation by its running statistics.
    pub fn norm(&mut self, x: &str, name: &str, eps: f64) -> String {
        let mut inputs = vec![x.to_owned()];
        for part in ["weight", "bias", "running_mean", "running_var"] {
            inputs.push(self.weight(&format!("{name}.{part}"), None));
        }
        self.node(
            "BatchNormalization",
            &inputs,
            name,
            vec![Attribute::float("epsilon", eps as f32)],
        )
    }

    /// A PReLU with a slope a channel of a feature map.
    pub fn prelu(&mut self, x: &str, name: &str) -> String {
        let slopes = self.weight(&format!("{name}.weight"), Some(&[-1, 1, 1]));
        self.node("PRelu", &[x.into(), slopes], name, Vec::new())
    }

    /// A sum.
    pub fn add(&mut self, a: &str, b: &str, name: &str) -> String {
        self.node("Add", &[a.into(), b.into()], name, Vec::new())
    }

    /// All but the rows in one dimension.
    pub fn flatten(&mut self, x: &str, name: &str) -> String {
        self.node("Flatten", &[x.into()], name, vec![Attribute::int("axis", 1)])
    }

    /// A linear layer.
    pub fn linear(&mut self, x: &str, name: &str, bias: bool) -> String {
        let mut inputs = vec![x.to_owned(), self.weight(&format!("{name}.weight"), None)];
        if bias {
            inputs.push(self.weight(&format!("{name}.bias"), None));
        }
        self.node("Gemm", &inputs, name, vec![Attribute::int("transB", 1)])
    }

    /// Gives the last operation's result another name.
    pub fn name_result(&mut self, result: &str, name: &str) {
        if let Some(output) = self
            .nodes
            .last_mut()
            .and_then(|n| n.output.first_mut())
            .filter(|o| *o == result)
        {
            name.clone_into(output);
        }
    }

    /// Operations and weights.
    pub fn finish(self) -> Result<(Vec<NodeProto>, Vec<TensorProto>)> {
        match self.missing {
            None => Ok((self.nodes, self.weights)),
            Some(name) => Err(Error::backend(format!(
                "the network has no tensor `{name}`, or it cannot be read"
            ))),
        }
    }

    fn node(&mut self, operator: &str, inputs: &[String], name: &str, attribute: Vec<Attribute>) -> String {
        let output = format!("{name}.out");
        self.nodes.push(NodeProto {
            input: inputs.to_vec(),
            output: vec![output.clone()],
            name: name.into(),
            op_type: operator.into(),
            attribute,
        });
        output
    }

    /// Takes a tensor up, in another shape if given (-1 for its length).
    fn weight(&mut self, name: &str, shape: Option<&[i64]>) -> String {
        match self.read(name, shape) {
            Some(tensor) => self.weights.push(tensor),
            None => self.missing = self.missing.take().or_else(|| Some(name.into())),
        }
        name.into()
    }

    fn read(&self, name: &str, shape: Option<&[i64]>) -> Option<TensorProto> {
        let tensor = self.model.parameters.find(name)?.of(self.model.for_use());
        let buffer = HostBuffer::copy_of(tensor).ok()?;
        let values = buffer.view().ok()?;
        let values = values.as_slice::<f32>().ok()?;
        let dims = match shape {
            None => tensor.size(),
            Some(shape) => shape
                .iter()
                .map(|d| if *d < 0 { values.len() as i64 } else { *d })
                .collect(),
        };
        Some(TensorProto {
            dims,
            data_type: FLOAT,
            name: name.into(),
            raw_data: values.iter().flat_map(|v| v.to_le_bytes()).collect(),
        })
    }
}
