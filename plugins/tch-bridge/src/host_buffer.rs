//! libtorch memory that is lent to other components.

use ficta_core::{Error, Result, TensorMut, TensorRef};
use tch::{Device, Kind, Tensor};

use crate::{OrBackend, cuda};

/// A row-major f32 tensor that nobody else refers to, so that its memory can be lent as an ordinary slice: a backbone lends its cosines to a
/// loss and gets the gradient in another.
pub struct HostBuffer {
    tensor: Tensor,
    shape: Vec<usize>,
}

impl HostBuffer {
    /// Zeros, for what works on `device`: page-locked for a GPU, which copies it several times as fast.
    ///
    /// # Errors
    /// libtorch's: out of memory.
    pub fn zeros(shape: &[usize], device: Device) -> Result<Self> {
        let mut tensor = room(shape, device)?;
        let _ = tensor.f_zero_().or_backend("clearing a buffer")?;
        Ok(Self {
            tensor,
            shape: shape.to_vec(),
        })
    }

    /// The values of `source`, cut from its graph.
    ///
    /// # Errors
    /// libtorch's: out of memory.
    pub fn copy_of(source: &Tensor) -> Result<Self> {
        let shape: Vec<usize> = source.size().iter().map(|d| *d as usize).collect();
        let mut tensor = room(&shape, source.device())?;
        tch::no_grad(|| tensor.f_copy_(source)).or_backend("copying into a buffer")?;
        Ok(Self { tensor, shape })
    }

    /// Lends it for reading.
    ///
    /// # Errors
    /// More dimensions than a view can have.
    pub fn view(&self) -> Result<TensorRef<'_>> {
        // SAFETY: `numel` f32 in row-major order, filled by the constructors; no other tensor shares the memory, so nothing writes to it
        // while `self` is borrowed.
        let data = unsafe { std::slice::from_raw_parts(self.data()?, self.tensor.numel()) };
        TensorRef::new(data, &self.shape)
    }

    /// Lends it for writing.
    ///
    /// # Errors
    /// More dimensions than a view can have.
    pub fn view_mut(&mut self) -> Result<TensorMut<'_>> {
        // SAFETY: as in `view`; `&mut self` makes the access unique.
        let data = unsafe { std::slice::from_raw_parts_mut(self.data()?, self.tensor.numel()) };
        TensorMut::new(data, &self.shape)
    }

    /// The tensor, for libtorch again: itself on the CPU, else a copy on `device`.
    ///
    /// # Errors
    /// libtorch's: out of memory.
    pub fn into_tensor(self, device: Device) -> Result<Tensor> {
        self.tensor
            .f_to_device(device)
            .or_backend("copying a buffer to another device")
    }

    fn data(&self) -> Result<*mut f32> {
        if self.tensor.numel() == 0 {
            // libtorch gives a null pointer where there is nothing, which no slice may have.
            return Ok(std::ptr::NonNull::dangling().as_ptr());
        }
        let data = self.tensor.data_ptr().cast::<f32>();
        if data.is_null() {
            return Err(Error::backend("libtorch gave no memory for a buffer"));
        }
        Ok(data)
    }
}

/// Memory that is not filled.
fn room(shape: &[usize], device: Device) -> Result<Tensor> {
    let size: Vec<i64> = shape.iter().map(|d| *d as i64).collect();
    let page_locked = device.is_cuda().then(|| cuda::page_locked(&size)).flatten();
    page_locked.map_or_else(
        || Tensor::f_empty(size, (Kind::Float, Device::Cpu)).or_backend("allocating a buffer"),
        Ok,
    )
}
