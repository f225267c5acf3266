//! Weights as plain slices, for loops over several of them at once.

use tch::{Kind, Tensor};

use crate::TchResult;

/// The elements of an f32 tensor in the order of its memory.
///
/// A loop over slices makes one pass where libtorch's operations make one each; the arithmetic is the same.
///
/// # Errors
/// A tensor that is not f32 on the CPU, or with gaps or overlaps in its memory.
pub(crate) fn elements(tensor: &mut Tensor) -> TchResult<&mut [f32]> {
    if tensor.kind() != Kind::Float || tensor.device() != tch::Device::Cpu || !is_dense(tensor) {
        let (kind, shape) = (tensor.kind(), tensor.size());
        return Err(tch::TchError::Kind(format!(
            "weights of {kind:?} {shape:?}, expected dense f32 on the CPU"
        )));
    }
    let count = tensor.numel();
    if count == 0 {
        return Ok(&mut []);
    }
    // SAFETY: a dense f32 tensor is `count` initialised numbers from its first element on. Callers pass weights, gradients and optimiser
    // states, each in memory of its own and used by this thread only while the slice lives.
    Ok(unsafe { std::slice::from_raw_parts_mut(tensor.data_ptr().cast::<f32>(), count) })
}

/// `source` in new memory laid out like `model`, unless it is laid out so already.
pub(crate) fn like(source: &Tensor, model: &Tensor) -> TchResult {
    if source.stride() == model.stride() && source.kind() == Kind::Float && is_dense(model) {
        return Ok(source.shallow_clone());
    }
    let mut out = model.f_detach()?.f_empty_like()?;
    out.f_copy_(source)?;
    Ok(out)
}

/// Whether each element in memory belongs to the tensor exactly once, whatever the order of the dimensions.
fn is_dense(tensor: &Tensor) -> bool {
    let mut dimensions: Vec<_> = tensor
        .stride()
        .into_iter()
        .zip(tensor.size())
        .filter(|(_, size)| *size != 1)
        .collect();
    dimensions.sort_unstable();
    let mut expected = 1;
    dimensions.iter().all(|(stride, size)| {
        let fits = *stride == expected;
        expected *= size;
        fits
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers() -> Tensor {
        Tensor::from_slice(&[1f32, 2.0, 3.0, 4.0, 5.0, 6.0]).reshape([1, 2, 3])
    }

    #[test]
    fn elements_come_in_the_order_of_memory() {
        let mut transposed = numbers().transpose(1, 2);
        let values = elements(&mut transposed).unwrap();
        assert_eq!(values, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        values[1] = -2.0;
        assert_eq!(transposed.double_value(&[0, 1, 0]), -2.0);
    }

    #[test]
    fn gaps_overlaps_and_other_types_are_refused() {
        let refused = |mut t: Tensor| elements(&mut t).is_err();
        assert!(refused(numbers().narrow(2, 0, 2)));
        assert!(refused(numbers().expand([4, 2, 3], false)));
        assert!(refused(numbers().to_kind(Kind::Double)));
        assert!(!refused(numbers()) && !refused(Tensor::from_slice::<f32>(&[])));
    }

    #[test]
    fn layouts_are_matched() {
        let (plain, turned) = (numbers(), numbers().transpose(1, 2).contiguous().transpose(1, 2));
        assert_eq!(like(&plain, &turned).unwrap().stride(), turned.stride());
        assert!(like(&plain, &turned).unwrap() == plain);
        assert_eq!(like(&plain, &numbers()).unwrap().data_ptr(), plain.data_ptr());
    }
}
