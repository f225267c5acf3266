//! The backbone as a host uses it.

mod average;
mod bf16;
mod embedding;
mod errors;
mod files;
mod gradients;
mod initial;
mod learning;
mod mobilefacenet;
mod onnx;
mod partial_fc;
mod pieces;
mod reference;
mod resume;
mod scene;
mod schema;
mod step;
mod tensor_file;
mod torch_save;
