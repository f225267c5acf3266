use abi_stable::StableAbi;

use crate::{Result, TensorMut, TensorRef};

/// How [`Communicator::all_reduce`] combines.
#[repr(transparent)]
#[derive(StableAbi, Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReduceOp(u8);

impl ReduceOp {
    /// Sum.
    pub const SUM: Self = Self(0);
    /// Maximum.
    pub const MAX: Self = Self(1);
    /// Minimum.
    pub const MIN: Self = Self(2);
}

/// Collective operations among the processes of a run. Every process calls the same operations in the same order.
pub trait Communicator: Send + Sync {
    /// This process, from 0.
    fn rank(&self) -> usize;
    /// How many processes there are.
    fn size(&self) -> usize;
    /// Combines `buffer` element by element over all processes; each gets the result.
    ///
    /// # Errors
    /// Unsupported element type, a failed transport.
    fn all_reduce(&self, buffer: TensorMut<'_>, op: ReduceOp) -> Result<()>;
    /// Concatenates everybody's `local` along the first dimension into `out`, by rank. Row counts may differ.
    ///
    /// # Errors
    /// Shapes that do not add up, a failed transport.
    fn all_gather(&self, local: TensorRef<'_>, out: TensorMut<'_>) -> Result<()>;
    /// Gives `root`'s `buffer` to all.
    ///
    /// # Errors
    /// No such rank, a failed transport.
    fn broadcast(&self, buffer: TensorMut<'_>, root: usize) -> Result<()>;
    /// Waits for all processes.
    ///
    /// # Errors
    /// A failed transport.
    fn barrier(&self) -> Result<()>;
}
