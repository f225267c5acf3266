//! Reads the data in a Python pickle without running any of it.
//!
//! A pickle is a program for a stack machine that may call any function of any module. This machine knows the opcodes that build lists, tuples,
//! numbers, text and bytes, and the few calls by which bytes and NumPy arrays of numbers are stored (protocols 0 to 5, of Python 2 and 3). It
//! refuses every other opcode and every other global at the offset where it stands, and calls nothing. Bytes stay where they are in the file:
//! a value holds their [`Span`] alone.
//!
//! Containers are kept in tables and named by number, so that neither nesting nor cycles can exhaust the stack.

mod call;
mod input;
mod machine;
mod opcode;
mod span;
mod value;

pub use machine::{Limits, load};
pub use span::{Encoding, Span};
pub use value::{Array, Pickled, Value};

#[cfg(test)]
mod tests;
