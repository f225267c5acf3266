//! Tensors to Python libraries and back by DLPack, without a copy.

use std::process::Command;

use ficta_core::{
    DType,
    dlpack::{export, view},
};
use ficta_tests::{outside_crate, product, skipped};

/// The script says so where it finds neither library.
const NOTHING_FOUND: i32 = 77;

#[test]
fn tensors_go_to_python_and_back_where_it_has_numpy_or_pytorch() {
    let library = outside_crate::build(&product::root().join("tests/libraries/dlpack-exchange"), &[]);
    let script = product::root().join("tests/tests/dlpack/round_trip.py");
    let python = std::env::var("FICTA_PYTHON").unwrap_or_else(|_| "python3".into());
    let output = match Command::new(&python).arg(&script).arg(&library).output() {
        Ok(output) => output,
        Err(e) => return skipped("DLPack with Python", &format!("{python} cannot be started: {e}")),
    };
    let said = String::from_utf8_lossy(&output.stdout);
    let problems = String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(NOTHING_FOUND) {
        return skipped(
            "DLPack with Python",
            &format!("{python} has neither NumPy nor PyTorch; FICTA_PYTHON names another one"),
        );
    }
    assert!(output.status.success(), "{said}{problems}");
    println!("round trip with {said}");
}

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
