use std::ops::DerefMut;

use abi_stable::{
    sabi_trait,
    std_types::{RBox, RResult},
};

use super::{Guarded, guard};
use crate::{Communicator, Error, ReduceOp, Result, TensorMut, TensorRef};

#[sabi_trait]
pub trait CommunicatorAbi: Send + Sync {
    fn rank(&self) -> RResult<usize, Error>;
    fn size(&self) -> RResult<usize, Error>;
    fn all_reduce(&self, buffer: TensorMut<'_>, op: ReduceOp) -> RResult<(), Error>;
    fn all_gather(&self, local: TensorRef<'_>, out: TensorMut<'_>) -> RResult<(), Error>;
    fn broadcast(&self, buffer: TensorMut<'_>, root: usize) -> RResult<(), Error>;
    #[sabi(last_prefix_field)]
    fn barrier(&self) -> RResult<(), Error>;
}

pub type CommunicatorObj<'a> = CommunicatorAbi_TO<'a, RBox<()>>;

impl<'a, T: DerefMut<Target = dyn Communicator + 'a> + Send + Sync> CommunicatorAbi for Guarded<T> {
    fn rank(&self) -> RResult<usize, Error> {
        guard(|| Ok(self.get().rank()))
    }
    fn size(&self) -> RResult<usize, Error> {
        guard(|| Ok(self.get().size()))
    }
    fn all_reduce(&self, buffer: TensorMut<'_>, op: ReduceOp) -> RResult<(), Error> {
        guard(|| self.get().all_reduce(buffer, op))
    }
    fn all_gather(&self, local: TensorRef<'_>, out: TensorMut<'_>) -> RResult<(), Error> {
        guard(|| self.get().all_gather(local, out))
    }
    fn broadcast(&self, buffer: TensorMut<'_>, root: usize) -> RResult<(), Error> {
        guard(|| self.get().broadcast(buffer, root))
    }
    fn barrier(&self) -> RResult<(), Error> {
        guard(|| self.get().barrier())
    }
}

/// A communicator in another library. Rank and size are fixed for its life.
pub struct RemoteCommunicator {
    object: CommunicatorObj<'static>,
    rank: usize,
    size: usize,
}

impl RemoteCommunicator {
    pub fn new(object: CommunicatorObj<'static>) -> Result<Self> {
        let (rank, size) = (object.rank().into_result()?, object.size().into_result()?);
        if rank >= size {
            return Err(Error::data(format!("communicator: rank {rank} of {size} processes"))
                .help("a plugin's ranks count from 0 to the number of processes less 1"));
        }
        Ok(Self { object, rank, size })
    }
}

impl Communicator for RemoteCommunicator {
    fn rank(&self) -> usize {
        self.rank
    }
    fn size(&self) -> usize {
        self.size
    }
    fn all_reduce(&self, buffer: TensorMut<'_>, op: ReduceOp) -> Result<()> {
        self.object.all_reduce(buffer, op).into_result()
    }
    fn all_gather(&self, local: TensorRef<'_>, out: TensorMut<'_>) -> Result<()> {
        self.object.all_gather(local, out).into_result()
    }
    fn broadcast(&self, buffer: TensorMut<'_>, root: usize) -> Result<()> {
        self.object.broadcast(buffer, root).into_result()
    }
    fn barrier(&self) -> Result<()> {
        self.object.barrier().into_result()
    }
}
