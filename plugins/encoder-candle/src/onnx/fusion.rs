//! What becomes part of a convolution: the batch normalisation before it, and what follows it.

use std::collections::HashMap;

use ficta_core::Result;

use super::build;
use super::proto::{Graph, Node};
use super::value::Value;
use crate::convolution::{Filters, activation::Activation};

/// Who uses which value.
pub struct Uses<'a> {
    nodes: &'a [Node],
    of: HashMap<&'a str, Vec<usize>>,
}

impl<'a> Uses<'a> {
    /// Of a graph. Its outputs count as a use that is no node's.
    pub fn of(graph: &'a Graph) -> Self {
        let mut of: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, node) in graph.node.iter().enumerate() {
            for name in &node.input {
                of.entry(name).or_default().push(index);
            }
        }
        for output in &graph.output {
            of.entry(&output.name).or_default().push(usize::MAX);
        }
        Self { nodes: &graph.node, of }
    }

    /// The only node that uses a value.
    fn only(&self, name: &str) -> Option<(usize, &'a Node)> {
        match self.of.get(name)?.as_slice() {
            [index] => Some((*index, self.nodes.get(*index)?)),
            _ => None,
        }
    }

    /// Whether all that uses the value is the input of convolutions with fixed filters.
    pub fn only_convolved(&self, name: &str, fixed: impl Fn(&str) -> bool) -> bool {
        self.of.get(name).is_some_and(|uses| {
            uses.iter().all(|index| {
                self.nodes.get(*index).is_some_and(|node| {
                    let [input, weight, ..] = node.input.as_slice() else {
                        return false;
                    };
                    node.op_type == "Conv" && input == name && fixed(weight) && weight != name
                })
            })
        })
    }
}

/// What follows a convolution and was taken into it.
pub struct Fused {
    /// Added before the activation.
    pub residual: Option<String>,
    /// The activation.
    pub activation: Activation,
    /// The value that all this makes.
    pub output: String,
    /// The nodes that are done with.
    pub nodes: Vec<usize>,
}

/// Takes into `filters` what follows them. `fixed` gives values of the file, `there` tells whether a value is computed before.
pub fn follow<'a>(
    uses: &Uses<'_>,
    filters: &mut Filters,
    output: &str,
    fixed: impl Fn(&str) -> Option<&'a Value> + Copy,
    there: impl Fn(&str) -> bool,
) -> Result<Fused> {
    let mut fused = Fused {
        residual: None,
        activation: Activation::Identity,
        output: output.to_owned(),
        nodes: Vec::new(),
    };
    while let Some((index, node)) = uses.only(&fused.output) {
        let input = |i: usize| node.input.get(i).and_then(|name| fixed(name));
        let first = node.input.first() == Some(&fused.output);
        match node.op_type.as_str() {
            "BatchNormalization" if first && fused.residual.is_none() => {
                let (scales, shifts) = build::norm(node, input)?;
                if scales.len() != filters.outputs() {
                    break;
                }
                filters.scale_output(&scales, &shifts);
            }
            "Add" if fused.residual.is_none() => {
                let other = node.input.iter().find(|name| **name != fused.output);
                match other.filter(|other| there(other)) {
                    Some(other) => fused.residual = Some(other.clone()),
                    None => break,
                }
            }
            "Relu" | "PRelu" | "Clip" if first => match build::activation(node, input, Some(filters.outputs())) {
                Ok(Some(activation)) => fused.activation = activation,
                _ => break,
            },
            _ => break,
        }
        let Some(next) = node.output.first() else { break };
        fused.output = next.clone();
        fused.nodes.push(index);
        if fused.activation != Activation::Identity {
            break;
        }
    }
    Ok(fused)
}
