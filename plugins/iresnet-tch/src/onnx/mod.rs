//! A trained network as an ONNX model.

mod graph;
mod messages;

use std::path::Path;

use ficta_core::{Error, Result};
use ficta_tch_bridge::checkpoint;
use prost::Message;

pub use graph::{Convolution, Graph};
use messages::{GraphProto, ModelProto, OperatorSet};

use crate::{layout::Layout, model::Model};

/// Name of the input, f32 `[N,C,H,W]` in [-1,1], RGB.
const INPUT: &str = "input";
/// Name of the output, f32 `[N,d]`: raw embeddings, not normalised.
const OUTPUT: &str = "embedding";
/// Operators of ONNX 1.8; every one used here has been the same since.
const OPERATORS: i64 = 13;
/// Format of ONNX 1.8.
const FORMAT: i64 = 7;
/// protobuf's own limit.
const MOST_BYTES: usize = i32::MAX as usize;

/// Writes the embedder to `path`, whole or not at all. Equal weights give equal bytes.
pub fn save(model: &Model, layout: &dyn Layout, path: &Path) -> Result<()> {
    let mut graph = Graph::new(model);
    let size = layout.size();
    let result = layout.draw(&mut graph, INPUT);
    graph.name_result(&result, OUTPUT);
    let (nodes, weights) = graph.finish()?;
    let pixels = [size.channels, size.input, size.input];
    let proto = ModelProto {
        ir_version: FORMAT,
        producer_name: "ficta".into(),
        producer_version: env!("CARGO_PKG_VERSION").into(),
        graph: Some(GraphProto {
            node: nodes,
            name: layout.component().into(),
            initializer: weights,
            input: vec![messages::value(INPUT, &pixels)],
            output: vec![messages::value(OUTPUT, &[size.dim])],
        }),
        opset_import: vec![OperatorSet {
            domain: String::new(),
            version: OPERATORS,
        }],
    };
    if proto.encoded_len() > MOST_BYTES {
        return Err(Error::unsupported("the network's ONNX model would exceed 2 GiB"));
    }
    checkpoint::place(path, &proto.encode_to_vec())
}
