//! Threads that work ahead of the reader, by a bounded number of batches.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

use ficta_core::{Error, ErrorKind, Result};

use super::{
    Batch, Options, State, assemble,
    order::{Chooser, Permutation},
};
use crate::data::ImageSource;

/// What the reader and the threads share. Batches are counted through all epochs.
pub(super) struct Shared {
    source: Arc<dyn ImageSource>,
    options: Options,
    chooser: Chooser,
    pub(super) batches: u64,
    queue: Mutex<Queue>,
    changed: Condvar,
}

struct Queue {
    /// The next batch for the reader.
    read: u64,
    /// The next batch that no thread has begun.
    begun: u64,
    ready: BTreeMap<u64, Result<Batch>>,
    permutation: Option<Permutation>,
    stopped: bool,
}

impl Shared {
    pub(super) fn new(source: Arc<dyn ImageSource>, options: Options, batches: u64, state: State) -> Self {
        let first = state.epoch * batches + state.batch.min(batches);
        Self {
            chooser: Chooser::new(&*source, options.order, options.seed),
            source,
            options,
            batches,
            queue: Mutex::new(Queue {
                read: first,
                begun: first,
                ready: BTreeMap::new(),
                permutation: None,
                stopped: false,
            }),
            changed: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, queue: MutexGuard<'a, Queue>) -> MutexGuard<'a, Queue> {
        self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self, number: u64) -> State {
        State {
            epoch: number / self.batches,
            batch: number % self.batches,
        }
    }

    pub(super) fn next(&self) -> State {
        self.state(self.lock().read)
    }

    pub(super) fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_all();
    }

    /// The next batch, when it is ready.
    pub(super) fn take(&self) -> Result<Batch> {
        let mut queue = self.lock();
        loop {
            let number = queue.read;
            if let Some(batch) = queue.ready.remove(&number) {
                queue.read += 1;
                self.changed.notify_all();
                return batch;
            }
            queue = self.wait(queue);
        }
    }

    /// A thread: makes batch after batch, no more than `ahead` of the reader.
    pub(super) fn work(&self) {
        while let Some((number, order)) = self.begin() {
            let state = self.state(number);
            let start = state.batch as usize * self.options.batch;
            let indices = order[start..start + self.options.batch].to_vec();
            // A decoder that panics must not leave the reader waiting for ever.
            let batch = catch_unwind(AssertUnwindSafe(|| {
                assemble(&*self.source, &self.options, state, indices)
            }))
            .unwrap_or_else(|_| {
                Err(Error::new(
                    ErrorKind::PANIC,
                    format!("a panic in batch {} of epoch {}", state.batch, state.epoch),
                ))
            });
            self.lock().ready.insert(number, batch);
            self.changed.notify_all();
        }
    }

    /// The next batch to make, and the order of its epoch; `None` when all shall end.
    fn begin(&self) -> Option<(u64, Arc<Vec<usize>>)> {
        let mut queue = self.lock();
        loop {
            if queue.stopped {
                return None;
            }
            if queue.begun < queue.read + self.options.ahead as u64 {
                break;
            }
            queue = self.wait(queue);
        }
        let number = queue.begun;
        queue.begun += 1;
        let epoch = number / self.batches;
        let order = match &queue.permutation {
            Some((of, order)) if *of == epoch => order.clone(),
            _ => {
                let made = self.chooser.epoch(epoch);
                let order = made.1.clone();
                queue.permutation = Some(made);
                order
            }
        };
        Some((number, order))
    }
}
