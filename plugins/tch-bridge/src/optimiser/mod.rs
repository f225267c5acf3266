//! Optimisers over [`crate::Parameters`], with PyTorch's arithmetic and a state that can be saved.
//!
//! One pass over each tensor on the calling thread, each operation correctly rounded: results do not depend on the number of threads, and on a CPU the
//! pass takes as long as its memory traffic. Tensors on a GPU take the same steps in PyTorch's fused kernels.

mod adamw;
mod sgd;
mod state;

pub use adamw::{AdamW, AdamWSettings};
pub use sgd::{Sgd, SgdSettings};
