//! Tensors of the host as libtorch's.

use std::marker::PhantomData;

use ficta_core::{Device, Error, Result, TensorRef};
use tch::{Kind, Tensor};

use crate::{OrBackend, channels_last, kind::kind_of};

/// A libtorch tensor over the host's memory, for as long as the host lends it.
///
/// libtorch counts references to the tensor's header but knows nothing of Rust's lifetimes. Safe code therefore gets only tensors in new
/// memory, made by the one pass that converts type or order anyway; the alias itself is [`Borrowed::tensor`].
pub struct Borrowed<'a> {
    alias: Tensor,
    _life: PhantomData<TensorRef<'a>>,
}

impl<'a> Borrowed<'a> {
    /// Takes a view in, without copying.
    ///
    /// # Errors
    /// Memory that is not the host's, or an element type that libtorch lacks (u64).
    pub fn new(view: TensorRef<'a>) -> Result<Self> {
        if view.device() != Device::CPU {
            return Err(
                Error::unsupported(format!("input on {:?}, expected host memory", view.device()))
                    .help("copy it to the CPU first; a component that computes elsewhere takes it there itself"),
            );
        }
        let shape: Vec<i64> = view.shape().iter().map(|d| *d as i64).collect();
        // SAFETY: the view describes `len` initialised elements of that type in row-major order, live for 'a; `_life` keeps us within it,
        // and the alias is never written to.
        let alias =
            unsafe { Tensor::f_from_blob(view.as_ptr(), &shape, &[], kind_of(view.dtype())?, tch::Device::Cpu) }
                .or_backend("taking a tensor in")?;
        Ok(Self {
            alias,
            _life: PhantomData,
        })
    }

    /// A row-major copy of this type on this device.
    ///
    /// # Errors
    /// libtorch's: out of memory.
    pub fn copy(&self, kind: Kind, device: tch::Device) -> Result<Tensor> {
        self.alias
            .f_to_device_(device, kind, false, true)
            .or_backend("copying a tensor in")
    }

    /// A copy of an NCHW tensor in the memory order NHWC, on this device.
    ///
    /// # Errors
    /// Not four dimensions; out of memory.
    pub fn channels_last(&self, kind: Kind, device: tch::Device) -> Result<Tensor> {
        channels_last::copy(&self.alias, kind, device).or_backend("reordering a tensor to channels-last")
    }

    /// The alias itself.
    ///
    /// # Safety
    /// Nothing that shares its memory (a `shallow_clone`, a view, a recorded graph) may outlive `self`, and nothing may write to it.
    pub unsafe fn tensor(&self) -> &Tensor {
        &self.alias
    }
}
