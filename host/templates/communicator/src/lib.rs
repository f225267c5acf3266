//! One process, whose collectives check what they are given: the frame of a communicator. Replace the transport by one of your own.

use ficta_core::{Communicator, Configure, Element, Error, ReduceOp, Result, TensorMut, TensorRef};

/// Parameters in the run file: none yet. The comments become the schema that users see.
#[derive(Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "MyCommunicator")]
pub struct Params {}

/// See the crate's documentation.
pub struct MyCommunicator;

impl Configure for MyCommunicator {
    type Params = Params;

    fn configure(_: Params) -> Result<Self> {
        // Here: find the other processes, for example from the environment that mpirun or Slurm set.
        Ok(Self)
    }
}

/// Copies where both sides hold elements of this type.
fn copy<T: Element>(local: &TensorRef<'_>, out: &mut TensorMut<'_>) -> Result<bool> {
    if local.dtype() != T::DTYPE {
        return Ok(false);
    }
    out.as_mut_slice::<T>()?.copy_from_slice(local.as_slice::<T>()?);
    Ok(true)
}

impl Communicator for MyCommunicator {
    fn rank(&self) -> usize {
        0
    }

    fn size(&self) -> usize {
        1
    }

    fn all_reduce(&self, _buffer: TensorMut<'_>, _op: ReduceOp) -> Result<()> {
        // Over one process the sum, the maximum and the minimum are what is there.
        Ok(())
    }

    fn all_gather(&self, local: TensorRef<'_>, mut out: TensorMut<'_>) -> Result<()> {
        out.expect_shape("all_gather's output", local.shape())?;
        let done = copy::<f32>(&local, &mut out)?
            || copy::<f64>(&local, &mut out)?
            || copy::<i64>(&local, &mut out)?
            || copy::<u64>(&local, &mut out)?
            || copy::<u8>(&local, &mut out)?;
        match done {
            true => Ok(()),
            false => Err(Error::unsupported(format!("all_gather of {:?}", local.dtype()))),
        }
    }

    fn broadcast(&self, _buffer: TensorMut<'_>, root: usize) -> Result<()> {
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

ficta_core::register_communicator!(MyCommunicator, "my-communicator", "One process");
ficta_core::export_plugin!();
