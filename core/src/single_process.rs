//! The communicator of a run of one process.

use crate::{Communicator, Error, ReduceOp, Result, TensorMut, TensorRef};

/// One process: every collective is the identity.
#[derive(Clone, Copy, Debug, Default)]
pub struct SingleProcess;

/// What `all_gather` is for one process.
pub(crate) fn copy(local: TensorRef<'_>, out: &mut TensorMut<'_>) -> Result<()> {
    out.expect_shape("all_gather's output", local.shape())?;
    if out.dtype() != local.dtype() || out.device() != local.device() {
        return Err(Error::shape(format!("all_gather from {local:?} into {out:?}")));
    }
    let bytes = local.len() * local.dtype().size();
    // SAFETY: both views hold `bytes` bytes; a unique and a shared borrow cannot overlap.
    unsafe { std::ptr::copy_nonoverlapping(local.as_ptr(), out.as_mut_ptr(), bytes) };
    Ok(())
}

impl Communicator for SingleProcess {
    fn rank(&self) -> usize {
        0
    }
    fn size(&self) -> usize {
        1
    }
    fn all_reduce(&self, _: TensorMut<'_>, _: ReduceOp) -> Result<()> {
        Ok(())
    }
    fn all_gather(&self, local: TensorRef<'_>, mut out: TensorMut<'_>) -> Result<()> {
        copy(local, &mut out)
    }
    fn broadcast(&self, _: TensorMut<'_>, root: usize) -> Result<()> {
        match root {
            0 => Ok(()),
            _ => Err(Error::config(format!(
                "broadcast from rank {root}, but there is one process"
            ))),
        }
    }
    fn barrier(&self) -> Result<()> {
        Ok(())
    }
}
