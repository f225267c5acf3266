//! A component that prints.

use ficta_tests::{command, smoke::Smoke};

use super::SELECTOR;

#[test]
fn standard_output_is_the_hosts() {
    let smoke = Smoke::new();
    let finished = command::finish(SELECTOR.call(&smoke, "print", &["--json"])).succeeded();
    assert_eq!(finished.json()["ran"], 5, "{finished}");
    assert!(
        finished
            .stderr
            .contains("the hostile component prints to standard output"),
        "{finished}"
    );
}
