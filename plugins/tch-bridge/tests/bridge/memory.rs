//! Tensors across the boundary.

use ficta_core::{ErrorKind, TensorMut, TensorRef};
use ficta_tch_bridge::{Borrowed, HostBuffer, channels_last, write_out};
use tch::{Device, Kind, Tensor};

fn counting(shape: &[usize]) -> Vec<f32> {
    (0..shape.iter().product::<usize>()).map(|i| i as f32).collect()
}

#[test]
fn imports_share_the_memory_and_copies_do_not() {
    let data = counting(&[2, 3]);
    let borrowed = Borrowed::new(TensorRef::new(&data, &[2, 3]).unwrap()).unwrap();
    // SAFETY: neither outlives `borrowed`, nothing writes.
    let alias = unsafe { borrowed.tensor() };
    assert_eq!(alias.data_ptr().cast_const().cast::<f32>(), data.as_ptr());
    let copy = borrowed.copy(Kind::Float, Device::Cpu).unwrap();
    assert_ne!(copy.data_ptr().cast_const().cast::<f32>(), data.as_ptr());
    assert_eq!(
        (copy.size(), Vec::<f32>::try_from(copy.flatten(0, -1)).unwrap()),
        (vec![2, 3], data.clone())
    );
    assert_eq!(
        borrowed.copy(Kind::Double, Device::Cpu).unwrap().double_value(&[1, 2]),
        5.0
    );
}

#[test]
fn every_element_type_but_u64_comes_in() {
    let kind = |view: TensorRef<'_>| {
        Borrowed::new(view)
            .unwrap()
            .copy(Kind::Double, Device::Cpu)
            .unwrap()
            .double_value(&[1])
    };
    assert_eq!(kind(TensorRef::new(&[1u8, 255], &[2]).unwrap()), 255.0);
    assert_eq!(kind(TensorRef::new(&[1i64, -7], &[2]).unwrap()), -7.0);
    assert_eq!(kind(TensorRef::new(&[1f64, 0.5], &[2]).unwrap()), 0.5);
    let refused = Borrowed::new(TensorRef::new(&[1u64, 2], &[2]).unwrap())
        .err()
        .expect("no u64 in tch");
    assert_eq!(refused.kind(), ErrorKind::UNSUPPORTED);
}

#[test]
fn channels_last_changes_the_order_in_memory_and_not_the_values() {
    for shape in [[2usize, 3, 4, 5], [2, 1, 4, 5], [1, 3, 1, 1]] {
        let data = counting(&shape);
        let plain = Borrowed::new(TensorRef::new(&data, &shape).unwrap()).unwrap();
        let reordered = plain.channels_last(Kind::Float, Device::Cpu).unwrap();
        let size: [i64; 4] = shape.map(|d| d as i64);
        assert_eq!(reordered.stride(), channels_last::strides(size));
        let mut back = vec![0f32; data.len()];
        write_out(&reordered, &mut TensorMut::new(&mut back, &shape).unwrap()).unwrap();
        assert_eq!(back, data);
    }
}

#[test]
fn results_are_converted_and_their_shape_is_checked() {
    let result = Tensor::from_slice(&[1.5f64, -2.0, 3.0, 4.0])
        .reshape([2, 2])
        .to_kind(Kind::BFloat16);
    let mut out = [0f32; 4];
    write_out(&result.tr(), &mut TensorMut::new(&mut out, &[2, 2]).unwrap()).unwrap();
    assert_eq!(out, [1.5, 3.0, -2.0, 4.0]);
    let wrong = write_out(&result, &mut TensorMut::new(&mut out, &[4]).unwrap()).unwrap_err();
    assert_eq!(wrong.kind(), ErrorKind::SHAPE);
    assert!(
        wrong.message().contains("[2, 2]") && wrong.message().contains("[4]"),
        "{wrong}"
    );
    assert_eq!(out, [1.5, 3.0, -2.0, 4.0]);
}

#[test]
fn an_imported_nan_stays_one() {
    let data = [f32::NAN, f32::INFINITY];
    let copy = Borrowed::new(TensorRef::new(&data, &[2]).unwrap())
        .unwrap()
        .copy(Kind::Float, Device::Cpu)
        .unwrap();
    assert!(copy.double_value(&[0]).is_nan() && copy.double_value(&[1]) == f64::INFINITY);
}

#[test]
fn a_buffer_lends_its_own_memory() {
    let source = Tensor::from_slice(&[1f32, 2.0, 3.0, 4.0])
        .reshape([2, 2])
        .set_requires_grad(true);
    let transposed = source.tr() * 2.0;
    let mut buffer = HostBuffer::copy_of(&transposed).unwrap();
    assert_eq!(buffer.view().unwrap().as_slice::<f32>().unwrap(), [2.0, 6.0, 4.0, 8.0]);
    buffer.view_mut().unwrap().as_mut_slice::<f32>().unwrap()[3] = -1.0;
    let back = buffer.into_tensor(Device::Cpu).unwrap();
    assert!(!back.requires_grad());
    assert_eq!(
        (back.double_value(&[1, 1]), transposed.double_value(&[1, 1])),
        (-1.0, 8.0)
    );
    let empty = HostBuffer::zeros(&[0, 3], Device::Cpu).unwrap();
    assert!(empty.view().unwrap().as_slice::<f32>().unwrap().is_empty());
}
