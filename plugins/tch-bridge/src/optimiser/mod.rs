//! Optimisers over [`crate::Parameters`], with PyTorch's arithmetic and a state that can be saved.
//!
//! Every operation is one elementwise product, sum or quotient, each correctly rounded: results do not depend on the number of threads.

mod adamw;
mod sgd;
mod state;

pub use adamw::{AdamW, AdamWSettings};
pub use sgd::{Sgd, SgdSettings};
