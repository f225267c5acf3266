//! Exchange of owned tensors with other libraries by DLPack (feature `dlpack`), without copying.
//!
//! Tensors that cross the plugin boundary are borrowed for a call, in DLPack's terms for element type and device. What outlives a call needs an owner:
//! [`export`] hands memory over to one, [`view`] borrows what one holds. PyTorch, NumPy, JAX and CuPy take and give such tensors (`from_dlpack`, `__dlpack__`).

use dlpk::{
    DLPackTensor,
    sys::{DLDataType, DLDataTypeCode, DLDevice, DLDeviceType, DLManagedTensorVersioned, DLPackVersion, DLTensor},
};

pub use dlpk;

use crate::{DType, Element, Error, Result, TensorRef};

/// What a tensor that was handed over owns.
struct Owner<T> {
    values: Vec<T>,
    shape: Vec<i64>,
    strides: Vec<i64>,
}

/// Frees what [`export`] handed over.
///
/// # Safety
/// `tensor` comes from [`export`] with this `T`, and is not used afterwards: what DLPack asks of who calls a deleter.
unsafe extern "C" fn delete<T>(tensor: *mut DLManagedTensorVersioned) {
    // SAFETY: both were made by `Box::into_raw` in `export`, and DLPack calls a deleter once.
    unsafe {
        drop(Box::from_raw((*tensor).manager_ctx.cast::<Owner<T>>()));
        drop(Box::from_raw(tensor));
    }
}

/// A row-major tensor of these elements, in host memory, for a library that keeps it. The elements stay where they are.
///
/// # Errors
/// A shape that does not hold exactly these elements.
pub fn export<T: Element>(values: Vec<T>, shape: &[usize]) -> Result<DLPackTensor> {
    TensorRef::new(&values, shape)?;
    let shape: Vec<i64> = shape.iter().map(|n| *n as i64).collect();
    let mut strides = vec![1; shape.len()];
    for i in (1..shape.len()).rev() {
        strides[i - 1] = strides[i] * shape[i];
    }
    let mut owner = Box::new(Owner { values, shape, strides });
    let tensor = DLTensor {
        // As DLPack has it for no elements.
        data: match owner.values.is_empty() {
            true => std::ptr::null_mut(),
            false => owner.values.as_mut_ptr().cast(),
        },
        device: DLDevice {
            device_type: DLDeviceType::kDLCPU,
            device_id: 0,
        },
        ndim: owner.shape.len() as i32,
        dtype: dtype_of::<T>()?,
        shape: owner.shape.as_mut_ptr(),
        strides: owner.strides.as_mut_ptr(),
        byte_offset: 0,
    };
    let managed = Box::new(DLManagedTensorVersioned {
        version: DLPackVersion::current(),
        manager_ctx: Box::into_raw(owner).cast(),
        deleter: Some(delete::<T>),
        flags: 0,
        dl_tensor: tensor,
    });
    // SAFETY: the deleter frees exactly what was made here; shape, strides and elements live as long as the owner.
    Ok(unsafe { DLPackTensor::from_ptr(Box::into_raw(managed)) })
}

/// A view of a tensor that another library made, for as long as it is held.
///
/// # Errors
/// Not in host memory, not contiguous and row-major, too many dimensions, or an element type that ficta does not have.
pub fn view(tensor: &DLPackTensor) -> Result<TensorRef<'_>> {
    let device = tensor.device();
    if device.device_type != DLDeviceType::kDLCPU {
        return Err(Error::unsupported(format!(
            "a tensor on {:?}, expected host memory",
            device.device_type
        )));
    }
    let mut shape = Vec::with_capacity(tensor.n_dims());
    for n in tensor.shape() {
        shape.push(usize::try_from(*n).map_err(|_| Error::shape(format!("an extent of {n}")))?);
    }
    let empty = shape.contains(&0);
    if tensor
        .strides()
        .is_some_and(|strides| !empty && !row_major(tensor.shape(), strides))
    {
        return Err(
            Error::shape(format!("shape {shape:?} with strides {:?}", tensor.strides()))
                .help("make it contiguous first: `.contiguous()`, `numpy.ascontiguousarray`"),
        );
    }
    let dtype = tensor.dtype();
    let raw = tensor.as_dltensor();
    // SAFETY: DLPack's promise: `data` and `byte_offset` lead to the elements of this shape and type; the view borrows `tensor`.
    unsafe {
        match (dtype.code, dtype.bits, dtype.lanes) {
            (DLDataTypeCode::kDLFloat, 32, 1) => typed::<f32>(raw, &shape),
            (DLDataTypeCode::kDLFloat, 64, 1) => typed::<f64>(raw, &shape),
            (DLDataTypeCode::kDLInt, 64, 1) => typed::<i64>(raw, &shape),
            (DLDataTypeCode::kDLUInt, 64, 1) => typed::<u64>(raw, &shape),
            (DLDataTypeCode::kDLUInt, 8, 1) => typed::<u8>(raw, &shape),
            _ => Err(Error::unsupported(format!("elements of type {dtype:?}"))),
        }
    }
}

/// Whether each step in memory is the product of the extents after it. One that no integer holds is no step.
fn row_major(shape: &[i64], strides: &[i64]) -> bool {
    let mut step = Some(1i64);
    strides.iter().zip(shape).rev().all(|(stride, n)| {
        let fits = Some(*stride) == step || *n == 1;
        step = step.and_then(|step| step.checked_mul(*n));
        fits
    })
}

/// The elements as a view.
///
/// # Safety
/// `raw` holds elements of type `T` in row-major order, of this shape, for 'a.
unsafe fn typed<'a, T: Element>(raw: &DLTensor, shape: &[usize]) -> Result<TensorRef<'a>> {
    let count = shape.iter().try_fold(1usize, |n, d| n.checked_mul(*d));
    let count = count.ok_or_else(|| Error::shape(format!("shape {shape:?} overflows")))?;
    if count == 0 {
        return TensorRef::new(&[] as &[T], shape);
    }
    // SAFETY: the caller's promise.
    let start = unsafe { raw.data.cast::<u8>().add(raw.byte_offset as usize).cast::<T>() };
    if start.is_null() || !start.is_aligned() {
        return Err(Error::data(format!(
            "elements at {start:?}, expected an address that their type can have"
        )));
    }
    // SAFETY: not null, aligned, and `count` elements by the caller's promise.
    TensorRef::new(unsafe { std::slice::from_raw_parts(start, count) }, shape)
}

fn dtype_of<T: Element>() -> Result<DLDataType> {
    let code = match T::DTYPE {
        DType::F32 | DType::F64 => DLDataTypeCode::kDLFloat,
        DType::I64 => DLDataTypeCode::kDLInt,
        DType::U8 | DType::U64 => DLDataTypeCode::kDLUInt,
        other => return Err(Error::unsupported(format!("elements of type {other:?}"))),
    };
    Ok(DLDataType {
        code,
        bits: T::DTYPE.bits,
        lanes: T::DTYPE.lanes,
    })
}

#[cfg(test)]
mod tests {
    use super::row_major;

    #[test]
    fn steps_in_memory_are_products_of_extents() {
        assert!(row_major(&[2, 3, 4], &[12, 4, 1]) && row_major(&[], &[]));
        assert!(row_major(&[2, 1, 4], &[4, 77, 1]), "a step that is never taken");
        assert!(!row_major(&[2, 3, 4], &[1, 2, 6]) && !row_major(&[2, 3, 4], &[24, 8, 2]));
    }

    #[test]
    fn extents_whose_product_no_integer_holds_have_no_step() {
        // The step that would overflow is the next dimension's; here there is none, and `view` refuses the shape by its count.
        assert!(row_major(&[i64::MAX, 4, 2], &[8, 2, 1]));
        // Wrapped around, it would be -4.
        assert!(!row_major(&[2, i64::MAX, 4], &[-4, 4, 1]));
    }
}
