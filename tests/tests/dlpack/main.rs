//! Tensors to Python libraries and back by DLPack, without a copy.

use std::process::Command;

// Core's own tests, which Miri runs too; here they run with debug assertions and without it.
#[path = "../../../core/tests/dlpack.rs"]
mod in_core;

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
