//! Conformance suites: what the documentation of a trait promises, asked of a component.
//!
//! One file a kind; each is a list of named checks on fresh instances. A suite runs on a built library as the host would load it
//! ([`BuiltLibrary`](super::BuiltLibrary), `ficta plugins check`) or on a component linked into the test itself.

mod ask;
pub(super) mod backbone;
mod checkpoint;
pub(super) mod communicator;
pub(super) mod denoiser;
pub(super) mod encoder;
pub(super) mod loss;
mod people;
pub(super) mod proposer;
pub(super) mod sampler;
pub(super) mod selector;
mod verdict;

use std::panic::{AssertUnwindSafe, catch_unwind};

pub use verdict::{Check, Outcome, Verdict};

use super::Maker;

/// What a check finds: `Ok`, or what was wrong.
type Finding = Result<Found, String>;

/// What a check that found nothing wrong says.
enum Found {
    Kept,
    /// Not checked, and why.
    Skipped(String),
}

/// The contract is kept.
const KEPT: Finding = Ok(Found::Kept);

/// A check with its name.
type Item<'a> = (&'static str, Box<dyn Fn() -> Finding + 'a>);

/// Runs the suite of the component's kind; `skip` names checks to leave out, for a component that departs from them on purpose.
pub fn check(component: &str, maker: &Maker<'_>, skip: &[&str]) -> Verdict {
    let items = match maker {
        Maker::Encoder(make) => encoder::suite(make),
        Maker::Proposer(make) => proposer::suite(make),
        Maker::Selector(make) => selector::suite(make),
        Maker::Denoiser(make) => denoiser::suite(make),
        Maker::Sampler(make) => sampler::suite(make),
        Maker::Backbone(make) => backbone::suite(make),
        Maker::Loss(make) => loss::suite(make),
        Maker::Communicator(make) => communicator::suite(make),
    };
    let checks = items.into_iter().map(|(name, item)| Check {
        name,
        outcome: match skip.contains(&name) {
            true => Outcome::Skipped("on request".into()),
            false => outcome(&*item),
        },
    });
    Verdict {
        kind: maker.kind(),
        component: component.into(),
        checks: checks.collect(),
    }
}

fn outcome(item: &dyn Fn() -> Finding) -> Outcome {
    match catch_unwind(AssertUnwindSafe(item)) {
        Ok(Ok(Found::Kept)) => Outcome::Passed,
        Ok(Ok(Found::Skipped(why))) => Outcome::Skipped(why),
        Ok(Err(why)) => Outcome::Failed(why),
        Err(payload) => {
            let text = payload
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| payload.downcast_ref::<&str>().copied());
            Outcome::Failed(format!("it panicked: {}", text.unwrap_or("the payload is no text")))
        }
    }
}
