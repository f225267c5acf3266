//! Every loss keeps the contract.

use ficta_core::{
    static_components,
    testing::{Maker, conformance},
};
use ficta_losses as _;

#[test]
fn every_loss_keeps_the_contract() {
    let all = static_components();
    assert_eq!(all.len(), 10);
    for entry in all {
        // Its running average is a constant in the gradient but moves with the batch: with weight 0 it does not, and the check is exact.
        let params = if entry.name == "curricularface" {
            r#"{"t_alpha": 0}"#
        } else {
            "{}"
        };
        let verdict = conformance::check(entry.name, &Maker::of_registration(entry, params), &[]);
        println!("{verdict}");
        verdict.assert_passed();
    }
}
