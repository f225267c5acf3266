//! The thread that works ahead of the reader, by a bounded number of batches; a pool decodes the images of each.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel, sync_channel},
    },
    thread::{self, JoinHandle},
};

use ficta_core::{Error, ErrorKind, Result};
use rayon::{ThreadPool, prelude::*};

use super::{Batch, Options, Pick, Plan, fitted};
use crate::data::{ImageSource, convert};

/// A thread at work, and what it has made. It ends when the receiver is dropped.
pub(super) struct Worker {
    made: Option<Receiver<Result<Batch>>>,
    /// Takes the memory of batches that were used: fresh memory of that size would cost a tenth of the time.
    used: Sender<Vec<f32>>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    pub(super) fn start(source: Arc<dyn ImageSource>, options: Options, mut plan: Plan, first: u64) -> Result<Self> {
        let failed = |e: String| Error::io(format!("the threads of the loader did not start: {e}"));
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(options.threads)
            .thread_name(|i| format!("loader-{i}"))
            .build()
            .map_err(|e| failed(e.to_string()))?;
        let (send, made) = sync_channel(options.ahead);
        let (used, buffers) = channel::<Vec<f32>>();
        let work = move || {
            for number in first.. {
                // What panics must not leave the reader waiting for ever.
                let buffer = buffers.try_recv().unwrap_or_default();
                let one = || assemble(&pool, &*source, &options, number, &plan(number), buffer);
                let batch = catch_unwind(AssertUnwindSafe(one))
                    .unwrap_or_else(|_| Err(Error::new(ErrorKind::PANIC, format!("a panic in batch {number}"))));
                if send.send(batch).is_err() {
                    return;
                }
            }
        };
        let thread = thread::Builder::new()
            .name("loader".into())
            .spawn(work)
            .map_err(|e| failed(e.to_string()))?;
        Ok(Self {
            made: Some(made),
            used,
            thread: Some(thread),
        })
    }

    /// The next batch, when it is ready; `used` is memory of one that is needed no more.
    pub(super) fn take(&mut self, used: Vec<f32>) -> Result<Batch> {
        let _ = self.used.send(used);
        let next = self.made.as_ref().and_then(|made| made.recv().ok());
        next.unwrap_or_else(|| Err(Error::new(ErrorKind::PANIC, "the thread of the loader has ended")))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.made = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Decodes and assembles a batch; a function of its arguments alone, the pool aside.
fn assemble(
    pool: &ThreadPool,
    source: &dyn ImageSource,
    options: &Options,
    number: u64,
    picks: &[Pick],
    mut images: Vec<f32>,
) -> Result<Batch> {
    let [height, width] = options.size;
    let length = options.channels * height * width;
    let one = |(place, pick): (&mut [f32], &Pick)| {
        let image = fitted(source.decode(pick.index)?, options.size, || source.name(pick.index))?;
        convert::put(&image.pixels, width, pick.mirrored, place);
        Ok(())
    };
    images.resize(picks.len() * length, 0.0);
    let outcomes: Vec<Result<()>> = pool.install(|| images.par_chunks_exact_mut(length).zip(picks).map(one).collect());
    // The first that failed in order of the batch, whichever was met first.
    outcomes.into_iter().collect::<Result<()>>()?;
    Ok(Batch {
        number,
        images,
        labels: picks.iter().map(|pick| pick.label).collect(),
    })
}
