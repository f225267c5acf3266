//! The library as cargo builds it, opened as `ficta` opens it.

use ficta_core::{assert_plugin_snapshot, built_library};

#[test]
fn it_keeps_the_contract() {
    let verdict = built_library!("my_communicator")
        .check("my-communicator", "{}", &[])
        .unwrap();
    println!("{verdict}");
    verdict.assert_passed();
}

/// What it gives on the kit's standard input. After a change that is meant: `INSTA_UPDATE=always cargo test`, and read the difference.
#[test]
fn its_output_stays() {
    assert_plugin_snapshot!(built_library!("my_communicator"), "my-communicator", "{}");
}
