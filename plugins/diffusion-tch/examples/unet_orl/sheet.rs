//! Contact sheets.

use std::path::Path;

use image::{GrayImage, Luma, imageops};

use crate::faces::Faces;

/// People of each of the two columns, one a line: real images above, generated ones below; enlarged twice.
pub fn write(path: &Path, faces: &Faces, made: &[f32], per_person: usize) -> Result<(), image::ImageError> {
    let (side, people) = (faces.side, 12u32);
    let pixels = side * side;
    let tile = (side + 1) as u32;
    let mut sheet = GrayImage::from_pixel(2 * 10 * tile + 6, people / 2 * (2 * tile + 3), Luma([255]));
    let people = people as usize;
    for person in 0..people {
        for (row, images) in [
            &faces.images[person * 10 * pixels..],
            &made[person * per_person * pixels..],
        ]
        .into_iter()
        .enumerate()
        {
            for (i, image) in images.chunks(pixels).take(10).enumerate() {
                let bytes = image
                    .iter()
                    .map(|v| ((v + 1.0) * 127.5).round().clamp(0.0, 255.0) as u8)
                    .collect();
                let image = GrayImage::from_raw(side as u32, side as u32, bytes).expect("a square of pixels");
                let left = (person % 2) as u32 * (10 * tile + 6) + i as u32 * tile;
                let top = (person / 2) as u32 * (2 * tile + 3) + row as u32 * tile;
                imageops::replace(&mut sheet, &image, left.into(), top.into());
            }
        }
    }
    imageops::resize(
        &sheet,
        sheet.width() * 2,
        sheet.height() * 2,
        imageops::FilterType::Nearest,
    )
    .save(path)
}
