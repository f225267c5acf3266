//! Borrowed, contiguous, row-major tensors that cross the boundary uncopied.

use std::{fmt, marker::PhantomData};

use abi_stable::StableAbi;

use crate::{DType, Device, Element, Error, Result};

/// Enough for NCHW and two more; inline, so that a view needs no allocation.
pub const MAX_NDIM: usize = 6;

macro_rules! view {
    ($(#[$doc:meta])* $name:ident, $life:ty) => {
        $(#[$doc])*
        #[repr(C)]
        #[derive(StableAbi)]
        pub struct $name<'a> {
            data: *mut u8,
            device: Device,
            dtype: DType,
            ndim: u32,
            shape: [usize; MAX_NDIM],
            _life: PhantomData<$life>,
        }

        // SAFETY: a view is a slice of `Element`s, which are Send and Sync, with the slice's lifetime.
        unsafe impl Send for $name<'_> {}
        // SAFETY: as for Send; `&self` gives out shared access only.
        unsafe impl Sync for $name<'_> {}

        impl<'a> $name<'a> {
            /// Extent of each dimension, outermost first.
            #[inline]
            pub fn shape(&self) -> &[usize] {
                &self.shape[..self.ndim as usize]
            }
            /// Number of elements.
            #[inline]
            pub fn len(&self) -> usize {
                self.shape().iter().product()
            }
            /// Whether there are no elements.
            #[inline]
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }
            /// Element type.
            #[inline]
            pub fn dtype(&self) -> DType {
                self.dtype
            }
            /// Where the memory is.
            #[inline]
            pub fn device(&self) -> Device {
                self.device
            }
            /// First element, for a backend that imports without copying. Valid for `len` elements and for `'a` only.
            #[inline]
            pub fn as_ptr(&self) -> *const u8 {
                self.data.cast_const()
            }
            /// The elements.
            ///
            /// # Errors
            /// Another element type than `T`, or memory that is not the host's.
            pub fn as_slice<T: Element>(&self) -> Result<&[T]> {
                check::<T>(self.dtype, self.device, self.shape())?;
                // SAFETY: made from a live slice of `len` elements of DTYPE, borrowed for 'a.
                Ok(unsafe { std::slice::from_raw_parts(self.data.cast_const().cast::<T>(), self.len()) })
            }
            /// The shape as an array: `let [n, c] = t.dims("cosines")?;`.
            ///
            /// # Errors
            /// Another number of dimensions; `what` names the tensor in the message.
            pub fn dims<const N: usize>(&self, what: &str) -> Result<[usize; N]> {
                self.shape().try_into().map_err(|_| {
                    Error::shape(format!("{what}: expected {N} dimensions, got shape {:?}", self.shape()))
                })
            }
            /// Checks the shape.
            ///
            /// # Errors
            /// Any other shape; `what` names the tensor in the message.
            pub fn expect_shape(&self, what: &str, shape: &[usize]) -> Result<()> {
                if self.shape() == shape {
                    return Ok(());
                }
                Err(Error::shape(format!("{what}: expected shape {shape:?}, got {:?}", self.shape())))
            }
        }

        impl fmt::Debug for $name<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "{:?} {:?} {:?}"), self.shape(), self.dtype, self.device)
            }
        }
    };
}

view!(
    /// Read-only input, lent for the length of a call.
    TensorRef, &'a u8
);
view!(
    /// Output buffer that the caller owns and the callee fills.
    TensorMut, &'a mut u8
);

impl Clone for TensorRef<'_> {
    fn clone(&self) -> Self {
        *self
    }
}
impl Copy for TensorRef<'_> {}

#[inline]
fn check<T: Element>(dtype: DType, device: Device, shape: &[usize]) -> Result<()> {
    if device != Device::CPU {
        return Err(Error::shape(format!(
            "tensor {shape:?} is on {device:?}, but host memory was asked for"
        )));
    }
    if dtype != T::DTYPE {
        return Err(Error::shape(format!(
            "tensor {shape:?} holds {dtype:?}, expected {:?}",
            T::DTYPE
        )));
    }
    Ok(())
}

#[inline]
fn pack(shape: &[usize], len: usize) -> Result<(u32, [usize; MAX_NDIM])> {
    let product = shape.iter().try_fold(1usize, |n, d| n.checked_mul(*d));
    if shape.len() > MAX_NDIM || product != Some(len) {
        return Err(does_not_hold(shape, len));
    }
    let mut dims = [0; MAX_NDIM];
    dims[..shape.len()].copy_from_slice(shape);
    Ok((shape.len() as u32, dims))
}

#[cold]
fn does_not_hold(shape: &[usize], len: usize) -> Error {
    Error::shape(format!("shape {shape:?} does not hold {len} elements"))
}

fn rows_of(shape: &[usize], start: usize, count: usize) -> Result<(usize, [usize; MAX_NDIM])> {
    let fits = start
        .checked_add(count)
        .zip(shape.first())
        .is_some_and(|(end, rows)| end <= *rows);
    if !fits {
        return Err(Error::shape(format!(
            "rows {start}..{start}+{count} of a tensor of shape {shape:?}"
        )));
    }
    let mut dims = [0; MAX_NDIM];
    dims[..shape.len()].copy_from_slice(shape);
    dims[0] = count;
    Ok((start * shape[1..].iter().product::<usize>(), dims))
}

impl<'a> TensorRef<'a> {
    /// A view of `data` in host memory.
    ///
    /// # Errors
    /// A shape that does not hold exactly `data.len()` elements, or of more than [`MAX_NDIM`] dimensions.
    pub fn new<T: Element>(data: &'a [T], shape: &[usize]) -> Result<Self> {
        let (ndim, shape) = pack(shape, data.len())?;
        Ok(Self {
            data: data.as_ptr().cast_mut().cast(),
            device: Device::CPU,
            dtype: T::DTYPE,
            ndim,
            shape,
            _life: PhantomData,
        })
    }

    /// The view's `count` outermost entries from `start`.
    ///
    /// # Errors
    /// Rows that do not exist.
    pub fn rows(&self, start: usize, count: usize) -> Result<TensorRef<'a>> {
        let (skip, shape) = rows_of(self.shape(), start, count)?;
        Ok(Self {
            // SAFETY: `rows_of` has checked that the first row lies inside, or one past the end where count is 0.
            data: unsafe { self.data.add(skip * self.dtype.size()) },
            shape,
            ..*self
        })
    }
}

impl<'a> TensorMut<'a> {
    /// A writable view of `data` in host memory.
    ///
    /// # Errors
    /// As for [`TensorRef::new`].
    pub fn new<T: Element>(data: &'a mut [T], shape: &[usize]) -> Result<Self> {
        let (ndim, shape) = pack(shape, data.len())?;
        Ok(Self {
            data: data.as_mut_ptr().cast(),
            device: Device::CPU,
            dtype: T::DTYPE,
            ndim,
            shape,
            _life: PhantomData,
        })
    }

    /// The elements, writable.
    ///
    /// # Errors
    /// As for [`TensorMut::as_slice`].
    pub fn as_mut_slice<T: Element>(&mut self) -> Result<&mut [T]> {
        check::<T>(self.dtype, self.device, self.shape())?;
        // SAFETY: as for `as_slice`; `&mut self` makes the access unique.
        Ok(unsafe { std::slice::from_raw_parts_mut(self.data.cast::<T>(), self.len()) })
    }

    /// First element, for a backend that writes without copying. Valid for `len` elements and for `'a` only.
    #[inline]
    pub fn as_mut_ptr(&mut self) -> *mut u8 {
        self.data
    }

    /// The same buffer for a shorter time, to lend to another call.
    #[inline]
    pub fn reborrow(&mut self) -> TensorMut<'_> {
        TensorMut {
            data: self.data,
            device: self.device,
            dtype: self.dtype,
            ndim: self.ndim,
            shape: self.shape,
            _life: PhantomData,
        }
    }

    /// The same buffer, read-only.
    #[inline]
    pub fn as_ref(&self) -> TensorRef<'_> {
        TensorRef {
            data: self.data,
            device: self.device,
            dtype: self.dtype,
            ndim: self.ndim,
            shape: self.shape,
            _life: PhantomData,
        }
    }

    /// The buffer's `count` outermost entries from `start`, writable.
    ///
    /// # Errors
    /// Rows that do not exist.
    pub fn rows_mut(&mut self, start: usize, count: usize) -> Result<TensorMut<'_>> {
        let (skip, shape) = rows_of(self.shape(), start, count)?;
        // SAFETY: as for `TensorRef::rows`.
        let data = unsafe { self.data.add(skip * self.dtype.size()) };
        Ok(TensorMut {
            data,
            device: self.device,
            dtype: self.dtype,
            ndim: self.ndim,
            shape,
            _life: PhantomData,
        })
    }
}
