//! Whether what a component reports as its progress can be shown.

use std::collections::HashMap;

use super::{Finding, Found, KEPT, ask::failed};
use crate::{Ctx, Result, testing::RecordingHost};

/// Progress never falls, never exceeds its total, and names what it counts. Work that is done may begin anew: the next batch counts from 0 again.
pub(super) fn progress_rises(work: impl FnOnce(&Ctx<'_>) -> Result<()>) -> Finding {
    let host = RecordingHost::new(1).with_threads(1);
    work(&Ctx::new(&host)).map_err(failed("a plain call"))?;
    let reports = host.progress_reports();
    if reports.is_empty() {
        return Ok(Found::Skipped("it reported no progress".into()));
    }
    let mut last: HashMap<&str, (u64, u64)> = HashMap::new();
    for (done, total, what) in &reports {
        if done > total {
            return Err(format!("progress {done} of {total} `{what}`: more than all"));
        }
        if what.is_empty() {
            return Err(format!("progress {done} of {total} does not say of what"));
        }
        match last.insert(what, (*done, *total)) {
            Some((before, all)) if *done < before && before < all => {
                return Err(format!(
                    "progress of `{what}` fell from {before} to {done}, of {all}; it may begin anew only after {all} of {all}"
                ));
            }
            _ => {}
        }
    }
    KEPT
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(reports: &[(u64, u64, &str)]) -> Finding {
        progress_rises(|ctx| {
            reports
                .iter()
                .try_for_each(|(done, total, what)| ctx.progress(*done, *total, what))
        })
    }

    #[test]
    fn what_is_done_may_begin_anew_and_kinds_may_alternate() {
        let twice = [(0, 2, "rows"), (2, 2, "rows"), (0, 3, "rows"), (3, 3, "rows")];
        let mixed = [(0, 2, "rows"), (5, 9, "pixels"), (1, 2, "rows"), (6, 9, "pixels")];
        assert!(matches!(of(&twice), Ok(Found::Kept)) && matches!(of(&mixed), Ok(Found::Kept)));
        assert!(matches!(of(&[]), Ok(Found::Skipped(_))));
    }

    #[test]
    fn what_cannot_be_shown_is_found() {
        for (reports, why) in [
            (&[(2, 3, "rows"), (0, 3, "rows")][..], "fell from 2 to 0"),
            (&[(2, 3, "rows"), (1, 9, "pixels"), (1, 3, "rows")], "fell from 2 to 1"),
            (&[(4, 3, "rows")], "more than all"),
            (&[(1, 3, "")], "of what"),
        ] {
            let found = of(reports).err().unwrap();
            assert!(found.contains(why), "{found}");
        }
    }
}
