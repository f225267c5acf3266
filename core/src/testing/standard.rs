//! Standard inputs of each kind, small enough to list their results: for snapshots and for the suites.

use crate::{
    Ctx, Error, Result,
    testing::{Maker, Output, conformance},
};

/// What a fresh component gives on the standard input of its kind.
///
/// # Errors
/// The component's own.
pub(super) fn output(maker: &Maker<'_>, ctx: &Ctx<'_>) -> Result<Output> {
    match maker {
        Maker::Loss(make) => conformance::loss::output(&mut *make()?, ctx),
        other => Err(Error::unsupported(format!("no standard input for a {}", other.kind()))),
    }
}
