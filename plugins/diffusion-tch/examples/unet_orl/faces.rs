//! The ORL faces, and comparisons of images with them.

use std::path::Path;

use image::imageops::{self, FilterType};

/// Images in [-1,1], one after another, with the person of each.
pub struct Faces {
    pub images: Vec<f32>,
    pub people: Vec<usize>,
    pub side: usize,
}

/// The first `people` people, ten images each: rows 14..105 of 92x112, scaled to a square.
pub fn read(folder: &Path, people: usize, side: usize) -> Result<Faces, Box<dyn std::error::Error>> {
    let mut faces = Faces {
        images: Vec::new(),
        people: Vec::new(),
        side,
    };
    for person in 0..people {
        for image in 1..=10 {
            let path = folder.join(format!("s{}/{image}.pgm", person + 1));
            let face = image::open(&path)
                .map_err(|e| format!("{}: {e}", path.display()))?
                .to_luma8();
            let square = imageops::crop_imm(&face, 0, 14, 92, 91).to_image();
            let scaled = imageops::resize(&square, side as u32, side as u32, FilterType::Triangle);
            faces.images.extend(scaled.iter().map(|v| f32::from(*v) / 127.5 - 1.0));
            faces.people.push(person);
        }
    }
    Ok(faces)
}

fn distance(a: &[f32], b: &[f32]) -> f64 {
    (a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>() / a.len() as f64).sqrt()
}

/// Index of the nearest real image to `image`, mirrored ones included, and its distance; `skip` is left out.
fn nearest_to(image: &[f32], faces: &Faces, skip: Option<usize>) -> (usize, f64) {
    let mirrored: Vec<f32> = image
        .chunks(faces.side)
        .flat_map(|row| row.iter().rev().copied())
        .collect();
    let real = faces
        .images
        .chunks(image.len())
        .enumerate()
        .filter(|(i, _)| Some(*i) != skip);
    real.map(|(i, face)| (i, distance(image, face).min(distance(&mirrored, face))))
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .expect("there are faces")
}

/// Share of the generated images whose nearest real one is of the person asked for.
pub fn right(made: &[f32], faces: &Faces, per_person: usize) -> f64 {
    let images = made.chunks(faces.side.pow(2));
    let right = images
        .enumerate()
        .filter(|(i, image)| faces.people[nearest_to(image, faces, None).0] == i / per_person);
    right.count() as f64 / (made.len() / faces.side.pow(2)) as f64
}

/// Mean root-mean-square distance of generated images to the nearest real one.
pub fn nearest(made: &[f32], faces: &Faces) -> f64 {
    let pixels = faces.side.pow(2);
    made.chunks(pixels)
        .map(|image| nearest_to(image, faces, None).1)
        .sum::<f64>()
        / (made.len() / pixels) as f64
}

/// The same between each real image and the others.
pub fn nearest_real(faces: &Faces) -> f64 {
    let images = faces.images.chunks(faces.side.pow(2)).enumerate();
    images
        .map(|(i, image)| nearest_to(image, faces, Some(i)).1)
        .sum::<f64>()
        / faces.people.len() as f64
}

/// Mean distance between two images of one person, of `each` images a person one after another.
pub fn spread(images: &[f32], side: usize, each: usize) -> f64 {
    let (mut sum, mut count) = (0.0, 0);
    let images: Vec<&[f32]> = images.chunks(side * side).collect();
    for person in images.chunks(each) {
        for (i, a) in person.iter().enumerate() {
            for b in &person[..i] {
                sum += distance(a, b);
                count += 1;
            }
        }
    }
    sum / f64::from(count)
}
