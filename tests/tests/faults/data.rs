//! Faces that are missing, too few, damaged or of the wrong size.

use std::{fs, path::PathBuf};

use ficta_tests::faces;

use super::Begun;

/// Faces like the good ones, changed by `change`, and the argument that names them.
fn changed(begun: &Begun, name: &str, change: impl FnOnce(PathBuf)) -> String {
    let folder = begun.smoke.folder().join(name);
    faces::draw(&folder, 1);
    change(folder.clone());
    format!("data.path={}", folder.display())
}

#[test]
fn bad_faces_are_refused() {
    let begun = Begun::new();
    let refuses = |name: &str, set: &str, code, parts: &[&str]| begun.refuses(name, &["--set", set], code, parts);

    let missing = format!("data.path={}/no-faces", begun.smoke.folder().display());
    refuses(
        "missing_folder",
        &missing,
        1,
        &["no-faces", "does not exist", "data.path"],
    );

    let empty = changed(&begun, "empty", |folder| {
        fs::remove_dir_all(&folder).unwrap();
        fs::create_dir(&folder).unwrap();
    });
    refuses("empty_folder", &empty, 1, &["no images", "empty"]);

    let lonely = changed(&begun, "lonely", |folder| {
        (1..faces::IMAGES).for_each(|i| fs::remove_file(folder.join(format!("p3/{i}.png"))).unwrap());
    });
    refuses(
        "a_person_with_one_image",
        &lonely,
        1,
        &["`p3`", "1 image", "two images"],
    );

    let corrupt = changed(&begun, "corrupt", |folder| {
        let file = folder.join("p5/2.png");
        let bytes = fs::read(&file).unwrap();
        fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    });
    refuses("a_corrupt_image", &corrupt, 1, &["p5/2.png"]);

    let text = changed(&begun, "text", |folder| {
        fs::write(folder.join("p5/2.png"), "no picture").unwrap()
    });
    refuses("an_image_that_is_none", &text, 1, &["p5/2.png"]);

    let large = changed(&begun, "large", |folder| {
        image::GrayImage::new(30, 30).save(folder.join("p6/1.png")).unwrap();
    });
    refuses(
        "an_image_of_another_size",
        &large,
        1,
        &["p6/1.png", "30x30", "data.full_size"],
    );

    let expected = "data.expect_size={ width = 92, height = 112 }";
    refuses(
        "an_unexpected_size",
        expected,
        1,
        &["92x112", "24x24", "data.expect_size"],
    );

    let crop = "data.crop={ x = 10, y = 0, width = 20, height = 20 }";
    refuses("a_crop_beyond_the_image", crop, 1, &["data.crop", "20x20", "24x24"]);

    refuses(
        "too_few_people",
        "data.held_out=9",
        2,
        &["data.held_out is 9", "10 people"],
    );
}
