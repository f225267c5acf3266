use std::ops::DerefMut;

use abi_stable::{
    sabi_trait,
    std_types::{RBox, RResult},
};

use super::{Guarded, guard};
use crate::{Ctx, Encoder, EncoderInfo, Error, Result, TensorMut, TensorRef};

#[sabi_trait]
pub trait EncoderAbi: Send {
    fn info(&self) -> RResult<EncoderInfo, Error>;
    #[sabi(last_prefix_field)]
    fn encode(&mut self, images: TensorRef<'_>, features: TensorMut<'_>, ctx: &Ctx<'_>) -> RResult<(), Error>;
}

pub type EncoderObj<'a> = EncoderAbi_TO<'a, RBox<()>>;

impl<'a, T: DerefMut<Target = dyn Encoder + 'a> + Send> EncoderAbi for Guarded<T> {
    fn info(&self) -> RResult<EncoderInfo, Error> {
        guard(|| Ok(self.get().info()))
    }
    fn encode(&mut self, images: TensorRef<'_>, features: TensorMut<'_>, ctx: &Ctx<'_>) -> RResult<(), Error> {
        guard(|| self.get_mut().encode(images, features, ctx))
    }
}

/// An encoder in another library.
pub struct RemoteEncoder {
    object: EncoderObj<'static>,
    info: EncoderInfo,
}

impl RemoteEncoder {
    pub fn new(object: EncoderObj<'static>) -> Result<Self> {
        let info = object.info().into_result()?;
        Ok(Self { object, info })
    }
}

impl Encoder for RemoteEncoder {
    fn info(&self) -> EncoderInfo {
        self.info.clone()
    }
    fn encode(&mut self, images: TensorRef<'_>, features: TensorMut<'_>, ctx: &Ctx<'_>) -> Result<()> {
        self.object.encode(images, features, ctx).into_result()
    }
}
