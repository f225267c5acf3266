//! Each check in a thread of its own: a component that never returns fails its check, and the suite goes on.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread,
    time::{Duration, Instant},
};

use super::{Check, Finding, Found, Item, Outcome};
use crate::{Error, ErrorKind, Result, testing::Make};

/// The checks of one kind, on instances of this maker.
pub(super) type Suite<T> = for<'a> fn(&'a Make<'a, T>) -> Vec<Item<'a>>;

/// As the main thread of most systems has it; threads have less by default.
const STACK: usize = 8 << 20;

/// The longest that a check may take.
fn patience(check: &str) -> Duration {
    match check {
        // Its calls are back within a second or have failed; the rest is for making networks and batches.
        "cancellation" => Duration::from_secs(30),
        _ => Duration::from_secs(300),
    }
}

/// Runs a suite, without the checks named in `skip`.
pub(super) fn all<T: ?Sized + Send + 'static>(suite: Suite<T>, make: &Make<'_, T>, skip: &[&str]) -> Vec<Check> {
    let names: Vec<&'static str> = suite(make).iter().map(|(name, _)| *name).collect();
    let outcome = |(at, name): (usize, &'static str)| match skip.contains(&name) {
        true => Outcome::Skipped("on request".into()),
        false => watched(make, name, patience(name), move |make: &Make<'_, T>| {
            let items: Vec<Item<'_>> = suite(make);
            run(&*items[at].1)
        }),
    };
    let numbered = names.iter().copied().enumerate();
    numbered
        .map(|(at, name)| Check {
            name,
            outcome: outcome((at, name)),
        })
        .collect()
}

/// What a check's thread asks of the one that waits for it.
enum Message<T: ?Sized> {
    /// A fresh instance, or the panic of making it.
    Make(Sender<thread::Result<Result<Box<T>>>>),
    /// The check has ended.
    Ended(Outcome),
}

/// Runs `check` in a thread and waits for it at most this long. Instances are made here, where the maker lives, and travel there: so nothing of the caller's is
/// lent to a thread that might outlive it.
fn watched<T: ?Sized + Send + 'static>(
    make: &Make<'_, T>,
    name: &str,
    patience: Duration,
    check: impl FnOnce(&Make<'_, T>) -> Outcome + Send + 'static,
) -> Outcome {
    let (sender, messages) = mpsc::channel();
    let work = move || {
        let asks = sender.clone();
        let there: Make<'_, T> = Box::new(move || fresh(&asks));
        // Nobody listens any more where the check was abandoned.
        drop(sender.send(Message::Ended(check(&there))));
    };
    let thread = match thread::Builder::new().name(name.into()).stack_size(STACK).spawn(work) {
        Ok(thread) => thread,
        Err(e) => return Outcome::Failed(format!("the check got no thread: {e}")),
    };
    let end = Instant::now() + patience;
    loop {
        match messages.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(Message::Make(reply)) => drop(reply.send(catch_unwind(AssertUnwindSafe(make)))),
            Ok(Message::Ended(outcome)) => {
                drop(thread.join());
                return outcome;
            }
            Err(RecvTimeoutError::Timeout) => {
                return Outcome::Failed(format!(
                    "it did not come back within {} s. A thread can only be abandoned: the call goes on until this program ends, and what it \
                     holds (a core, memory, locks) may slow or block the checks after it",
                    patience.as_secs_f64()
                ));
            }
            Err(RecvTimeoutError::Disconnected) => return Outcome::Failed("its thread ended without a finding".into()),
        }
    }
}

/// An instance from the thread that makes them.
fn fresh<T: ?Sized>(asks: &Sender<Message<T>>) -> Result<Box<T>> {
    let abandoned = || Error::new(ErrorKind::OTHER, "the check was abandoned");
    let (reply, instance) = mpsc::channel();
    asks.send(Message::Make(reply)).map_err(|_| abandoned())?;
    match instance.recv().map_err(|_| abandoned())? {
        Ok(made) => made,
        Err(payload) => resume_unwind(payload),
    }
}

fn run(item: &dyn Fn() -> Finding) -> Outcome {
    match catch_unwind(AssertUnwindSafe(item)) {
        Ok(Ok(Found::Kept)) => Outcome::Passed,
        Ok(Ok(Found::Skipped(why))) => Outcome::Skipped(why),
        Ok(Err(why)) => Outcome::Failed(why),
        Err(payload) => Outcome::Failed(format!("it panicked: {}", text_of(&*payload))),
    }
}

fn text_of(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("the payload is no text")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Communicator, SingleProcess};

    fn alone() -> Make<'static, dyn Communicator> {
        Box::new(|| Ok(Box::new(SingleProcess)))
    }

    fn why(outcome: Outcome) -> String {
        match outcome {
            Outcome::Failed(why) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_check_that_hangs_fails_and_makes_nothing_more() {
        let (release, wait) = mpsc::channel::<()>();
        let (tell, told) = mpsc::channel();
        let found = watched(&alone(), "hangs", Duration::from_millis(50), move |make| {
            drop(make().expect("an instance"));
            let _ = wait.recv();
            tell.send(make().map(drop)).expect("the test listens");
            Outcome::Passed
        });
        let found = why(found);
        assert!(
            found.contains("did not come back within 0.05 s") && found.contains("abandoned"),
            "{found}"
        );
        drop(release);
        let later = told.recv().expect("the thread goes on");
        assert!(later.unwrap_err().message().contains("abandoned"));
    }

    #[test]
    fn instances_and_panics_travel() {
        let kept = |make: &Make<'_, dyn Communicator>| match make().map(|one| one.size()) {
            Ok(1) => Outcome::Passed,
            other => panic!("{other:?}"),
        };
        assert_eq!(watched(&alone(), "kept", SECONDS, kept), Outcome::Passed);
        let broken: Make<'_, dyn Communicator> = Box::new(|| panic!("no transport"));
        let suite: Suite<dyn Communicator> = |make| {
            vec![(
                "made",
                Box::new(move || make().map(|_| Found::Kept).map_err(|e| e.to_string())),
            )]
        };
        let checks = all(suite, &broken, &[]);
        assert_eq!(checks[0].outcome, Outcome::Failed("it panicked: no transport".into()));
    }

    const SECONDS: Duration = Duration::from_secs(20);
}
