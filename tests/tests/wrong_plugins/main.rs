//! Plugins that break the contract in one way each: the suite finds it, and says why. Between them they fail every check that there is.

mod features;
mod networks;
mod numbers;

use std::collections::BTreeSet;

use ficta_core::testing::{
    BuiltLibrary,
    conformance::{Outcome, Verdict},
};
use ficta_tests::{outside_crate, product};

/// A fault, the checks that must fail and no others, and words of the first reason.
type Fault = (&'static str, &'static [&'static str], &'static str);

fn first_reason(verdict: &Verdict) -> &str {
    let mut reasons = verdict.checks.iter().filter_map(|c| match &c.outcome {
        Outcome::Failed(why) => Some(why.as_str()),
        _ => None,
    });
    reasons.next().unwrap_or("")
}

/// Each fault of the kind's component is found by the checks that it breaks and by no others; each check of the suite by some fault; and
/// without a fault the component, a template of `ficta plugins new`, keeps the contract.
#[track_caller]
fn are_found(kind: &str, faults: &[Fault]) {
    let file = outside_crate::build(&product::root().join("tests/libraries/wrong"), &[]);
    let library = BuiltLibrary::open(&file).unwrap_or_else(|e| panic!("{e}"));
    let check = |params: &str| {
        let verdict = library.check(&format!("wrong-{kind}"), params, &[]);
        verdict.unwrap_or_else(|e| panic!("{e}"))
    };
    let good = check("{}");
    good.assert_passed();

    let (mut wrong, mut found) = (String::new(), BTreeSet::new());
    for (fault, expected, words) in faults {
        let verdict = check(&format!(r#"{{"fault": "{fault}"}}"#));
        let (failures, reason) = (verdict.failures(), first_reason(&verdict));
        assert!(
            !words.is_empty() && !expected.is_empty(),
            "{fault}: nothing is expected"
        );
        if failures != *expected || !reason.contains(words) {
            wrong += &format!("{fault}: {failures:?}, expected {expected:?} and `{words}`: {reason}\n");
        }
        found.extend(failures);
    }
    assert!(wrong.is_empty(), "{wrong}");
    let all: BTreeSet<_> = good.checks.iter().map(|c| c.name).collect();
    assert_eq!(found, all, "a check that no fault has failed");
}
