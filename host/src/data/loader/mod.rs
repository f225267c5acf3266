//! Batches for training: decoded, mirrored and assembled by several threads, in an order that the caller's plan decides.
//!
//! A batch is a function of its number: never of threads or of what was read before. So a training that was stopped goes on in mid-epoch with the same
//! batches, and two machines see the same ones. The threads work ahead of the reader by a bounded number of batches; no more images than those are held.

mod worker;

use std::sync::Arc;

use ficta_core::{Error, Result};

use worker::Worker;

use super::{ImageSource, Rgb};

/// What batches are like, and how they are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Height and width of the images of a batch. An image of another size is scaled where its shape is the same.
    pub size: [usize; 2],
    /// 3 for RGB, 1 for grey.
    pub channels: usize,
    /// Threads that decode.
    pub threads: usize,
    /// Batches that may wait; one more is under way.
    pub ahead: usize,
}

/// An image of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pick {
    /// Which image of the source.
    pub index: usize,
    /// Its identity in training.
    pub label: i64,
    /// Whether left and right are exchanged.
    pub mirrored: bool,
}

/// The images of a batch by its number.
pub type Plan = Box<dyn FnMut(u64) -> Vec<Pick> + Send>;

/// Images to train on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// Which batch it is.
    pub number: u64,
    /// f32 `[B,C,H,W]` in [-1,1].
    pub images: Vec<f32>,
    /// Identity of each image, `[B]`.
    pub labels: Vec<i64>,
}

/// Gives one batch after the other.
pub struct Loader {
    worker: Worker,
    next: u64,
    last: Batch,
}

impl Loader {
    /// Starts to load the images of `source` that `plan` picks, from batch number `first` on.
    ///
    /// # Errors
    /// Options of 0; channels other than 1 and 3; threads that do not start.
    pub fn new(source: Arc<dyn ImageSource>, options: Options, plan: Plan, first: u64) -> Result<Self> {
        let Options {
            size: [height, width],
            threads,
            ahead,
            channels,
        } = options;
        if threads == 0 || ahead == 0 || height * width == 0 || !matches!(channels, 1 | 3) {
            return Err(Error::config(format!(
                "threads {threads}, ahead {ahead}, size {width}x{height}, channels {channels}: expected at least 1 each, and 1 or 3 channels"
            )));
        }
        Ok(Self {
            worker: Worker::start(source, options, plan, first)?,
            next: first,
            last: Batch::default(),
        })
    }

    /// The next batch. It is there until the one after it is asked for, which its memory is used for again.
    ///
    /// # Errors
    /// An image of it that cannot be read, is no sound image or has another shape; with its place. The batch after it can be asked for next.
    pub fn next_batch(&mut self) -> Result<&Batch> {
        self.next += 1;
        self.last = self.worker.take(std::mem::take(&mut self.last.images))?;
        Ok(&self.last)
    }

    /// Number of the batch that comes next: [`Loader::new`] with it goes on from here.
    pub fn next_number(&self) -> u64 {
        self.next
    }
}

/// The image at the size wanted.
fn fitted(image: Rgb, [height, width]: [usize; 2], name: impl Fn() -> String) -> Result<Rgb> {
    if (image.height, image.width) == (height, width) {
        return Ok(image);
    }
    if image.height * width == image.width * height && image.height > 0 {
        return Ok(image.resized(height, width));
    }
    let message = format!(
        "{} is {}x{}, which cannot be scaled to {width}x{height} without stretching it",
        name(),
        image.width,
        image.height
    );
    Err(Error::data(message).help("align the images first: `ficta data align`"))
}

#[cfg(test)]
mod tests;
