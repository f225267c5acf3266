//! Whether a component stops when it is asked to.

use std::time::{Duration, Instant};

use super::{Finding, Found, KEPT, ask::failed};
use crate::{Ctx, ErrorKind, Result, testing::RecordingHost};

/// The longest time that a component may take to stop.
const SECOND: Duration = Duration::from_secs(1);
/// How much more work is tried next.
const MORE: usize = 4;

/// One call, with all that it needs made before.
pub(super) type Job = Box<dyn FnOnce(&Ctx<'_>) -> Result<()>>;

/// A call is cancelled at once, and once more after the component's first look: it must be back within a second, with the error of
/// [`Ctx::check_cancelled`] or with its work done.
///
/// Work that ends before the component has looked even once says nothing: it grows from size 1 to `most`, until the component looks or takes
/// too long.
pub(super) fn stops(most: usize, prepare: impl Fn(usize) -> Result<Job>) -> Finding {
    let mut size = 1;
    while !looks(0, prepare(size).map_err(failed("preparing a call"))?)? {
        if size >= most {
            return Ok(Found::Skipped(format!(
                "it never looked, and {most} times the work of the check took less than a second: \
                 call `ctx.check_cancelled()?` where work may be longer"
            )));
        }
        size = (size * MORE).min(most);
    }
    looks(1, prepare(size).map_err(failed("preparing a call"))?)?;
    KEPT
}

/// A call by name, and how to prepare it at a size.
type Call<'a> = (&'static str, &'a dyn Fn(usize) -> Result<Job>);

/// [`stops`] for each of several calls.
pub(super) fn each_stops<const N: usize>(most: usize, calls: [Call<'_>; N]) -> Finding {
    let mut found = KEPT;
    for (call, prepare) in calls {
        match stops(most, prepare).map_err(|why| format!("{call}: {why}"))? {
            Found::Kept => {}
            Found::Skipped(why) => found = Ok(Found::Skipped(format!("{call}: {why}"))),
        }
    }
    found
}

/// Cancels after so many looks; whether the component looked at all.
fn looks(after: u64, job: Job) -> Result<bool, String> {
    let host = RecordingHost::new(1).with_threads(1).cancel_after(after);
    let since = Instant::now();
    let result = job(&Ctx::new(&host));
    let took = since.elapsed();
    if let Err(e) = result
        && e.kind() != ErrorKind::CANCELLED
    {
        return Err(format!(
            "cancelled after {after} looks, it ended with an error of kind `{}`, expected `cancelled`: {e}",
            e.kind().name()
        ));
    }
    if took > SECOND {
        return Err(format!(
            "cancelled after {after} looks, it took {:.1} s to return; a second is allowed: call `ctx.check_cancelled()?` or \
             `ctx.progress(...)?` more often",
            took.as_secs_f64()
        ));
    }
    Ok(host.looks() > 0)
}

#[cfg(test)]
mod tests {
    use std::thread::sleep;

    use super::*;
    use crate::Error;

    fn of(most: usize, job: fn(usize, &Ctx<'_>) -> Result<()>) -> Finding {
        stops(most, |size| Ok(Box::new(move |ctx| job(size, ctx))))
    }

    #[test]
    fn quick_work_without_a_look_is_not_called_kept() {
        assert!(matches!(of(4, |_, _| Ok(())), Ok(Found::Skipped(why)) if why.contains("it never looked")));
        assert!(matches!(of(1, |_, ctx| ctx.check_cancelled()), Ok(Found::Kept)));
        // It looks only where there is work enough.
        let late = |size, ctx: &Ctx<'_>| if size > 4 { ctx.check_cancelled() } else { Ok(()) };
        assert!(matches!(of(64, late), Ok(Found::Kept)));
    }

    #[test]
    fn work_grows_until_it_takes_too_long() {
        let slow = |size, _: &Ctx<'_>| {
            sleep(Duration::from_millis(70 * size as u64));
            Ok(())
        };
        assert!(of(16, slow).err().unwrap().contains("a second is allowed"));
        let once = |_, ctx: &Ctx<'_>| {
            ctx.check_cancelled()?;
            sleep(Duration::from_millis(1100));
            ctx.check_cancelled()
        };
        assert!(
            of(1, once)
                .err()
                .unwrap()
                .contains("cancelled after 1 looks, it took 1.1 s")
        );
    }

    #[test]
    fn another_error_is_not_a_cancellation() {
        let other = |_, ctx: &Ctx<'_>| ctx.check_cancelled().map_err(|_| Error::data("interrupted"));
        assert!(of(1, other).err().unwrap().contains("expected `cancelled`"));
    }
}
