//! What every set of labelled images offers, whatever its layout.

use std::borrow::Cow;

use ficta_core::Result;

use super::Format;
use crate::data::{Rgb, decode};

/// Which part of the official division of a set an image belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Partition {
    /// For learning.
    Train,
    /// For choosing settings.
    Validation,
    /// For the final figures.
    Test,
}

/// Left eye, right eye, nose, left and right corner of the mouth as seen in the image: (x, y) in pixels.
pub type Landmarks = [[f32; 2]; 5];

/// Labelled, encoded images by index.
///
/// Opening a set reads its index, not its images; what is held in memory is a few bytes an image. All methods may be called from several threads at once.
pub trait ImageSource: Send + Sync {
    /// The layout.
    fn format(&self) -> Format;

    /// Number of images.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The identity of an image: 0 or above, or -1 where it cannot be read ([`ImageSource::bytes`] then says why).
    ///
    /// # Panics
    /// Where `index` is not below [`ImageSource::len`]; so do the other methods.
    fn label(&self, index: usize) -> i64;

    /// The encoded image (PNG, JPEG, WebP, PGM or PPM), as it stands in the set: not checked, maybe no image at all.
    ///
    /// # Errors
    /// [`ficta_core::ErrorKind::IO`] or [`ficta_core::ErrorKind::DATA`] with file, offset and reason where the bytes cannot be had.
    fn bytes(&self, index: usize) -> Result<Cow<'_, [u8]>>;

    /// Where the image lies, for messages: its path, or file and place in it.
    fn name(&self, index: usize) -> String;

    /// The image's own name in the set without folders (`0001.jpg`), where it has one.
    fn file_name(&self, _index: usize) -> Option<String> {
        None
    }

    /// The name of an identity, where the set names it.
    fn identity_name(&self, _label: i64) -> Option<String> {
        None
    }

    /// How many identities the set lists apart from its images: labels 0 to this number exist even where no image has them. 0 where there is no list.
    fn listed_identities(&self) -> usize {
        0
    }

    /// The image's landmarks, where the set has them.
    fn landmarks(&self, _index: usize) -> Option<Landmarks> {
        None
    }

    /// The image's part of the official division, where the set has one.
    fn partition(&self, _index: usize) -> Option<Partition> {
        None
    }

    /// What a user should know of how the set was read: where labels came from, what was passed over.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }

    /// Damage that opening met and went around: images beyond it are missing from the set. Whoever learns from the set must refuse it.
    fn damage(&self) -> Vec<String> {
        Vec::new()
    }

    /// The decoded image.
    ///
    /// # Errors
    /// As for [`ImageSource::bytes`]; [`ficta_core::ErrorKind::DATA`] where it is no sound image or too large ([`super::limits`]).
    fn decode(&self, index: usize) -> Result<Rgb> {
        decode::rgb(&self.bytes(index)?, &self.name(index))
    }
}
