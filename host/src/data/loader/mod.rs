//! Batches for training: decoded, mirrored at random and assembled by several threads, in an order that the seed alone decides.
//!
//! A batch is a function of (seed, epoch, number): never of threads or of what was read before. So a run that was stopped goes on in mid-epoch with the
//! same batches ([`State`]), and two machines see the same ones. Threads work ahead of the reader by a bounded number of batches.

mod order;
mod worker;

use std::{
    sync::Arc,
    thread::{self, JoinHandle},
};

use ficta_core::{Error, Result, random::derive_seed};
use serde::{Deserialize, Serialize};

pub use order::Order;
use worker::Shared;

use super::{ImageSource, Rgb, convert};

/// What batches are like.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Options {
    /// Images in a batch.
    pub batch: usize,
    /// Seed of order and mirroring.
    pub seed: u64,
    /// Order of the images.
    pub order: Order,
    /// Whether each image is mirrored with probability one half.
    pub flip: bool,
    /// Height and width that every image must have.
    pub size: [usize; 2],
    /// 3 for RGB, 1 for grey.
    pub channels: usize,
    /// Threads that decode.
    pub threads: usize,
    /// Batches that may wait or be under way at once.
    pub ahead: usize,
}

/// Which batch comes next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct State {
    /// Pass over the set.
    pub epoch: u64,
    /// Batch of the pass.
    pub batch: u64,
}

/// Images to train on.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Which batch it is.
    pub state: State,
    /// f32 `[B,C,H,W]` in [-1,1].
    pub images: Vec<f32>,
    /// Identity of each image, `[B]`.
    pub labels: Vec<i64>,
    /// Index of each image in the source.
    pub indices: Vec<usize>,
}

/// Gives one batch after the other, epoch after epoch. The last images of an epoch that fill no batch are left out, as in `drop_last=True`.
pub struct Loader {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Loader {
    /// Starts to load `source` at `state`.
    ///
    /// # Errors
    /// Options of 0; fewer images than a batch; channels other than 1 and 3; images without a label.
    pub fn new(source: Arc<dyn ImageSource>, options: Options, state: State) -> Result<Self> {
        let Options {
            batch,
            threads,
            ahead,
            channels,
            ..
        } = options;
        if batch == 0 || threads == 0 || ahead == 0 || !matches!(channels, 1 | 3) {
            return Err(Error::config(format!(
                "batch {batch}, threads {threads}, ahead {ahead}, channels {channels}: expected at least 1 each, and 1 or 3 channels"
            )));
        }
        let batches = (source.len() / batch) as u64;
        if batches == 0 {
            return Err(Error::config(format!(
                "{} images do not fill a batch of {batch}",
                source.len()
            )));
        }
        if let Some(bad) = (0..source.len()).find(|i| source.label(*i) < 0) {
            return Err(Error::data(format!("{} has no label", source.name(bad)))
                .help("`ficta data validate` lists such images"));
        }
        let shared = Arc::new(Shared::new(source, options, batches, state));
        let threads = (0..threads)
            .map(|_| {
                let shared = shared.clone();
                thread::spawn(move || shared.work())
            })
            .collect();
        Ok(Self { shared, threads })
    }

    /// Batches of an epoch.
    pub fn batches_per_epoch(&self) -> u64 {
        self.shared.batches
    }

    /// The next batch.
    ///
    /// # Errors
    /// An image of it that cannot be read, is no sound image or has another size; with its place. The batch after it can be asked for next.
    pub fn next_batch(&mut self) -> Result<Batch> {
        self.shared.take()
    }

    /// Which batch comes next: [`Loader::new`] with it goes on from here.
    pub fn state(&self) -> State {
        self.shared.next()
    }
}

impl Drop for Loader {
    fn drop(&mut self) {
        self.shared.stop();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// Decodes and assembles a batch; a function of its arguments alone.
fn assemble(source: &dyn ImageSource, options: &Options, state: State, indices: Vec<usize>) -> Result<Batch> {
    let [height, width] = options.size;
    let mut pixels = Vec::with_capacity(indices.len() * height * width * 3);
    for (at, index) in indices.iter().enumerate() {
        let image: Rgb = source.decode(*index)?;
        if (image.height, image.width) != (height, width) {
            return Err(Error::data(format!(
                "{} is {}x{}, expected {width}x{height}",
                source.name(*index),
                image.width,
                image.height
            ))
            .help("align the images first: `ficta data align`"));
        }
        let place = state.batch * options.batch as u64 + at as u64;
        let mirrored = options.flip && derive_seed(options.seed, "loader.flip", state.epoch, place) & 1 == 1;
        pixels.extend_from_slice(if mirrored { image.mirrored() } else { image }.pixels.as_slice());
    }
    Ok(Batch {
        state,
        images: convert::to_f32(&pixels, indices.len(), height, width, options.channels)?,
        labels: indices.iter().map(|i| source.label(*i)).collect(),
        indices,
    })
}

#[cfg(test)]
mod tests;
