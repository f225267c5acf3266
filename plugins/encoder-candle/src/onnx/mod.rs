//! ONNX models.

mod attributes;
mod build;
mod component;
mod fusion;
mod graph;
mod operator;
mod params;
mod pool;
mod proto;
mod value;

pub use component::Onnx;
pub use params::OnnxParams;
