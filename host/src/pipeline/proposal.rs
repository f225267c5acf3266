//! Candidates from a proposer.

use ficta_core::{CandidatesMut, Ctx, Error, IdProposer, Result, TensorMut};

use super::{candidates::CandidateTable, identities::IdentityTable};

/// What the proposer `name` makes of `real` when asked for `requested` candidates (0: as many as it has), checked.
///
/// # Errors
/// The proposer's; no candidate; parents that do not exist, features that are no unit vectors.
pub fn propose(
    proposer: &mut dyn IdProposer,
    name: &str,
    real: &IdentityTable,
    requested: usize,
    ctx: &Ctx<'_>,
) -> Result<CandidateTable> {
    let (k, d) = (proposer.count(real.len(), requested)?, real.mean.cols);
    if k == 0 {
        return Err(Error::data(format!(
            "proposer `{name}` proposes no candidate for {} identities",
            real.len()
        ))
        .help("mend the plugin, or name more identities"));
    }
    // A count is a plugin's word: room for what it asked for is not taken unseen.
    if requested > 0 && k > requested {
        return Err(Error::data(format!(
            "proposer `{name}` announces {k} candidates, but {requested} were asked for"
        ))
        .help("mend the plugin: `count` must not give more than was requested"));
    }
    if k.checked_mul(d.max(2))
        .is_none_or(|n| n > isize::MAX as usize / size_of::<f32>())
    {
        return Err(Error::data(format!(
            "proposer `{name}` announces {k} candidates of length {d}, more than an address space holds"
        ))
        .help("mend the plugin: `count` must give what there can be"));
    }
    let mut candidates = CandidateTable::empty(k, d);
    let out = CandidatesMut {
        feature: TensorMut::new(&mut candidates.feature.data, &[k, d])?,
        parents: TensorMut::new(&mut candidates.parents, &[k, 2])?,
        t: TensorMut::new(&mut candidates.t, &[k])?,
        variance: TensorMut::new(&mut candidates.variance, &[k])?,
    };
    proposer.propose(&real.view()?, out, ctx)?;
    candidates.check(real.len())?;
    Ok(candidates)
}
