//! Conformance suites: what the documentation of a trait promises, asked of a component.
//!
//! One file a kind; each is a list of named checks on fresh instances, every check in a thread of its own that is abandoned where it does not come back. A suite runs on a built library as the host would load it
//! ([`BuiltLibrary`](super::BuiltLibrary), `ficta plugins check`) or on a component linked into the test itself.

mod ask;
pub(super) mod backbone;
mod cancellation;
mod checkpoint;
pub(super) mod communicator;
pub(super) mod denoiser;
mod departures;
pub(super) mod encoder;
pub(super) mod loss;
mod people;
mod progress;
pub(super) mod proposer;
pub(super) mod sampler;
pub(super) mod selector;
mod verdict;
mod watch;

pub use departures::DEPARTS;
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
///
/// A check whose component does not come back fails after 5 minutes (`cancellation`: 30 s). Its thread is abandoned and ends with the program.
pub fn check(component: &str, maker: &Maker<'_>, skip: &[&str]) -> Verdict {
    let checks = match maker {
        Maker::Encoder(make) => watch::all(encoder::suite, make, skip),
        Maker::Proposer(make) => watch::all(proposer::suite, make, skip),
        Maker::Selector(make) => watch::all(selector::suite, make, skip),
        Maker::Denoiser(make) => watch::all(denoiser::suite, make, skip),
        Maker::Sampler(make) => watch::all(sampler::suite, make, skip),
        Maker::Backbone(make) => watch::all(backbone::suite, make, skip),
        Maker::Loss(make) => watch::all(loss::suite, make, skip),
        Maker::Communicator(make) => watch::all(communicator::suite, make, skip),
    };
    Verdict {
        kind: maker.kind(),
        component: component.into(),
        checks,
    }
}
