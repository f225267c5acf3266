//! Every sampler keeps the contract.

use ficta_core::{
    static_components,
    testing::{Maker, conformance},
};
use ficta_samplers as _;

#[test]
fn every_sampler_keeps_the_contract() {
    let all = static_components();
    assert_eq!(all.len(), 3);
    for entry in all {
        let verdict = conformance::check(entry.name, &Maker::of_registration(entry, "{}"), &[]);
        println!("{verdict}");
        verdict.assert_passed();
    }
}
