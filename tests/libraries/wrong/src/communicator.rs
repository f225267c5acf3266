use ficta_core::{Communicator, Configure, Error, ReduceOp, Result, TensorMut, TensorRef};
use my_communicator::MyCommunicator;

use crate::Params;

pub struct Wrong {
    fault: String,
    good: MyCommunicator,
}

impl Configure for Wrong {
    type Params = Params;
    fn configure(params: Params) -> Result<Self> {
        Ok(Self {
            fault: params.fault,
            good: MyCommunicator::configure(my_communicator::Params::default())?,
        })
    }
}

impl Communicator for Wrong {
    fn rank(&self) -> usize {
        usize::from(self.fault == "ranks-from-one")
    }
    fn size(&self) -> usize {
        1
    }
    fn all_reduce(&self, mut buffer: TensorMut<'_>, op: ReduceOp) -> Result<()> {
        if self.fault == "adds-itself"
            && let Ok(values) = buffer.as_mut_slice::<f32>()
        {
            values.iter_mut().for_each(|x| *x *= 2.0);
        }
        self.good.all_reduce(buffer, op)
    }
    fn all_gather(&self, local: TensorRef<'_>, mut out: TensorMut<'_>) -> Result<()> {
        if self.fault == "takes-any-shape" && local.shape() != out.shape() {
            return Ok(());
        }
        self.good.all_gather(local, out.reborrow())?;
        if self.fault == "turns-around"
            && let Ok(values) = out.as_mut_slice::<i64>()
        {
            values.reverse();
        }
        Ok(())
    }
    fn broadcast(&self, buffer: TensorMut<'_>, root: usize) -> Result<()> {
        self.good
            .broadcast(buffer, if self.fault == "any-root" { 0 } else { root })
    }
    fn barrier(&self) -> Result<()> {
        match &*self.fault {
            "breaks-at-the-barrier" => Err(Error::backend("the barrier broke")),
            _ => self.good.barrier(),
        }
    }
}

ficta_core::register_communicator!(Wrong, "wrong-communicator", "Breaks the contract");
