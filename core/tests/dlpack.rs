//! Owned tensors by DLPack, both ways; small enough for Miri (`cargo +nightly miri test -p ficta-core --features dlpack --test dlpack`).

use ficta_core::{
    DType,
    dlpack::{dlpk::DLPackTensor, export, view},
};

#[test]
fn a_tensor_comes_back_where_it_was() {
    let values: Vec<f32> = (0..6).map(|i| i as f32).collect();
    let (address, tensor) = (values.as_ptr(), export(values, &[2, 3]).unwrap());
    let seen = view(&tensor).unwrap();
    assert_eq!((seen.shape(), seen.as_ptr()), (&[2, 3][..], address.cast()));
    assert_eq!(seen.as_slice::<f32>().unwrap(), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    assert_eq!(tensor.strides().unwrap(), [3, 1]);
}

#[test]
fn every_element_type_and_no_elements() {
    assert_eq!(view(&export(vec![1u8, 2], &[2]).unwrap()).unwrap().dtype(), DType::U8);
    assert_eq!(view(&export(vec![1i64], &[1, 1]).unwrap()).unwrap().dtype(), DType::I64);
    assert_eq!(view(&export(vec![1u64], &[]).unwrap()).unwrap().dtype(), DType::U64);
    assert_eq!(view(&export(vec![1f64], &[1]).unwrap()).unwrap().dtype(), DType::F64);
    let none = export(Vec::<f32>::new(), &[0, 4]).unwrap();
    assert_eq!(view(&none).unwrap().shape(), [0, 4]);
    assert!(export(vec![1f32; 5], &[2, 3]).is_err());
}

/// As it crosses to another library: the pointer alone, and the deleter called once by who takes it.
#[test]
fn a_tensor_that_is_handed_over_is_freed_by_who_takes_it() {
    let raw = export(vec![1.5f64, 2.5], &[2]).unwrap().into_raw();
    // SAFETY: `raw` was given up on the line above, and is taken once.
    let taken = unsafe { DLPackTensor::from_raw(raw) };
    assert_eq!(view(&taken).unwrap().as_slice::<f64>().unwrap(), [1.5, 2.5]);
}
