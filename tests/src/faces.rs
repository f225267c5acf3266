//! Drawn faces: every person a smooth random pattern, every image of a person a variation of it.

use std::{fs, path::Path};

use ficta_core::random::Stream;
use image::{GrayImage, Luma};

/// People that [`draw`] draws.
pub const PEOPLE: usize = 10;
/// Images of each.
pub const IMAGES: usize = 4;
/// Side of an image in pixels.
pub const SIDE: u32 = 24;
/// Waves that a pattern is made of.
const WAVES: usize = 6;
/// How far an image strays from its person's pattern.
const VARIATION: f64 = 0.25;

/// Draws `p0/0.png` to `p9/3.png` into `folder`; another `seed` gives other people.
///
/// # Panics
/// Where a file cannot be written.
pub fn draw(folder: &Path, seed: u64) {
    for person in 0..PEOPLE {
        draw_person(&folder.join(format!("p{person}")), seed, person as u64);
    }
}

/// Draws the images of one person into `folder`.
///
/// # Panics
/// Where a file cannot be written.
pub fn draw_person(folder: &Path, seed: u64, person: u64) {
    fs::create_dir_all(folder).expect("a folder for the person");
    for image in 0..IMAGES {
        picture(seed, person, image as u64, SIDE, SIDE)
            .save(folder.join(format!("{image}.png")))
            .expect("an image");
    }
}

/// An image of a person.
pub(crate) fn picture(seed: u64, person: u64, image: u64, width: u32, height: u32) -> GrayImage {
    let mut pattern = waves(&mut Stream::new(seed, "tests.person", person, 0));
    let mut stream = Stream::new(seed, "tests.image", person, image);
    for (wave, other) in pattern.iter_mut().zip(waves(&mut stream)) {
        wave.iter_mut().zip(other).for_each(|(x, y)| *x += VARIATION * y);
    }
    painted(&pattern, width, height)
}

/// Amplitude, two frequencies and a phase of each wave.
fn waves(stream: &mut Stream) -> [[f64; 4]; WAVES] {
    std::array::from_fn(|_| {
        let ((a, b), (c, d)) = (stream.normal_pair(), stream.normal_pair());
        [a, b, c, d]
    })
}

fn painted(pattern: &[[f64; 4]; WAVES], width: u32, height: u32) -> GrayImage {
    GrayImage::from_fn(width, height, |x, y| {
        let (u, v) = (
            f64::from(x) / f64::from(width) - 0.5,
            f64::from(y) / f64::from(height) - 0.5,
        );
        let wave = |[a, fu, fv, phase]: &[f64; 4]| a * (4.0 * (fu * u + fv * v) + phase).sin();
        let sum: f64 = pattern.iter().map(wave).sum();
        Luma([(127.5 + 40.0 * sum).clamp(0.0, 255.0) as u8])
    })
}
