//! What the fuzz targets call: each hands arbitrary bytes to a reader as a user's file would be, and uses everything of what opens.
//!
//! A target passes where the reader answers with an error or a value; a panic, an overflow, a hang or memory without bound fails it.

mod files;
mod sets;
mod weights;

use ficta::{
    data::{align::LandmarkTable, decode, writer::Card},
    storage::{Tensors, npy},
};

use files::Scratch;
pub use sets::{celeba_lists, pack, pairs_csv, pairs_txt, parquet, recordio, recordio_lists, webdataset, zip};
pub use weights::{iresnet, onnx, weights};

/// NumPy's `.npy`.
pub fn npy(data: &[u8]) {
    let _ = npy::parse(data);
}

/// Features, identities and candidates in safetensors.
pub fn safetensors(data: &[u8]) {
    let scratch = Scratch::new("safetensors");
    if let Ok(tensors) = Tensors::read(&scratch.write("a.safetensors", data)) {
        for name in tensors.names() {
            let _ = (tensors.get::<f32, 2>(name), tensors.check_finite(name));
        }
    }
}

/// An encoded image. What is decoded is as large as it says.
pub fn image(data: &[u8]) {
    if let Ok(image) = decode::rgb(data, &"image") {
        assert_eq!(image.pixels.len(), image.height * image.width * 3);
    }
}

/// Five points an image, as CSV or as CelebA's list.
pub fn landmarks(data: &[u8]) {
    let scratch = Scratch::new("landmarks");
    if let Ok(table) = LandmarkTable::read(&scratch.write("points.csv", data)) {
        let _ = table.get("person/image.png");
    }
}

/// The card of a set.
pub fn card(data: &[u8]) {
    let scratch = Scratch::new("card");
    scratch.write("README.md", data);
    if let Some(card) = Card::read(scratch.folder()) {
        // What was read can be written, and reads back the same.
        card.write(scratch.folder()).expect("a card is written");
        assert_eq!(Card::read(scratch.folder()), Some(card));
    }
}
