//! As much of Python's pickle as state dicts need. Nothing is imported or called: the few names that state dicts use are known here, and any
//! other stays a name.
//!
//! Containers are kept in a table and named by number, so that neither nesting nor cycles can exhaust the stack or keep memory.

mod call;
mod input;
mod machine;
mod stack;
mod value;

pub(crate) use machine::read;
pub(crate) use value::{Pickled, Value};
