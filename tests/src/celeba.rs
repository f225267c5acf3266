//! A set in CelebA's layout, of drawn faces: `Img/img_align_celeba/000001.jpg`, `Anno/identity_CelebA.txt`, `Anno/list_landmarks_align_celeba.txt` and
//! `Eval/list_eval_partition.txt`.

use std::{fmt::Write as _, fs, path::Path};

use ficta_core::random::Stream;
use image::DynamicImage;

use crate::faces;

/// Width and height of CelebA's images in pixels.
pub const SIZE: (u32, u32) = (178, 218);
/// Eyes, nose and corners of the mouth, about where CelebA's images have them.
const POINTS: [(i64, i64); 5] = [(69, 111), (108, 111), (88, 135), (72, 152), (105, 152)];

/// Writes a set of so many people and images of each into `root`. Identities have CelebA's kind of numbers, and images of one person do not stand together.
///
/// # Panics
/// Where a file cannot be written.
pub fn write(root: &Path, people: u64, images: u64, seed: u64) {
    for folder in ["Img/img_align_celeba", "Anno", "Eval"] {
        fs::create_dir_all(root.join(folder)).expect("a folder");
    }
    let count = people * images;
    let (mut identities, mut partitions) = (String::new(), String::new());
    let mut landmarks = format!(
        "{count}\nlefteye_x lefteye_y righteye_x righteye_y nose_x nose_y leftmouth_x leftmouth_y rightmouth_x rightmouth_y\n"
    );
    for number in 1..=count {
        let (person, image) = ((number - 1) % people, (number - 1) / people);
        let name = format!("{number:06}.jpg");
        let grey = faces::picture(seed, person, image, SIZE.0, SIZE.1);
        DynamicImage::ImageLuma8(grey)
            .to_rgb8()
            .save(root.join("Img/img_align_celeba").join(&name))
            .expect("an image");
        writeln!(identities, "{name} {}", 17 + 31 * person).expect("text");
        writeln!(partitions, "{name} {}", (3 * person / people).min(2)).expect("text");
        let mut stream = Stream::new(seed, "tests.landmarks", number, 0);
        let mut shifted = |at: i64| at + stream.below(5) as i64 - 2;
        let points: Vec<_> = POINTS
            .iter()
            .flat_map(|(x, y)| [shifted(*x), shifted(*y)])
            .map(|v| format!("{v:3}"))
            .collect();
        writeln!(landmarks, "{name} {}", points.join("  ")).expect("text");
    }
    for (name, text) in [
        ("Anno/identity_CelebA.txt", identities),
        ("Anno/list_landmarks_align_celeba.txt", landmarks),
        ("Eval/list_eval_partition.txt", partitions),
    ] {
        fs::write(root.join(name), text).expect("a list");
    }
}
