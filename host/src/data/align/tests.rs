use std::fs;

use ficta_core::{Ctx, NullHost};

use super::*;
use crate::data::{Rgb, png, source};

/// Made by tests/fixtures/make_align_reference.py with skimage and OpenCV.
const REFERENCE: &str = include_str!("../../../tests/fixtures/align.json");
const PHOTO: &[u8] = include_bytes!("../../../tests/fixtures/align-input.png");

fn reference() -> Vec<serde_json::Value> {
    serde_json::from_str(REFERENCE).unwrap()
}

fn points(value: &serde_json::Value) -> Points {
    serde_json::from_value(value.clone()).unwrap()
}

fn template(name: &str) -> Template {
    serde_json::from_value(name.into()).unwrap()
}

#[test]
fn transforms_are_skimages() {
    for case in reference() {
        let (target, height, width) = template(case["template"].as_str().unwrap())
            .at(case["size"].as_u64().unwrap() as usize)
            .unwrap();
        assert_eq!(serde_json::json!([height, width]), case["shape"]);
        let got = Similarity::between(&points(&case["landmarks"]), &target).unwrap();
        let expected: [[f64; 3]; 2] = serde_json::from_value(case["matrix"].clone()).unwrap();
        let ours = [[got.a, -got.b, got.c], [got.b, got.a, got.d]];
        for (x, y) in ours.iter().flatten().zip(expected.iter().flatten()) {
            assert!((x - y).abs() < 1e-9, "{ours:?}, expected {expected:?}");
        }
        let there = got.apply([3.0, -7.0]);
        let back = got.inverse().apply(there);
        assert!((back[0] - 3.0).abs() < 1e-9 && (back[1] + 7.0).abs() < 1e-9);
    }
}

#[test]
fn pixels_are_those_of_skimage_and_opencv_within_one_level() {
    let photo = crate::data::decode::rgb(PHOTO, &"align-input.png").unwrap();
    for case in reference() {
        let (target, height, width) = template(case["template"].as_str().unwrap())
            .at(case["size"].as_u64().unwrap() as usize)
            .unwrap();
        let transform = Similarity::between(&points(&case["landmarks"]), &target).unwrap();
        let got = warp(&photo, &transform, height, width);
        // Every eighth pixel, and of all of them the sum.
        for by in ["skimage", "opencv"] {
            let expected: Vec<u8> = serde_json::from_value(case[by]["samples"].clone()).unwrap();
            let ours: Vec<u8> = got
                .pixels
                .as_chunks::<3>()
                .0
                .iter()
                .step_by(case["step"].as_u64().unwrap() as usize)
                .flatten()
                .copied()
                .collect();
            assert_eq!(ours.len(), expected.len());
            let worst = ours.iter().zip(&expected).map(|(a, b)| a.abs_diff(*b)).max();
            assert!(worst <= Some(1), "{by}: {worst:?}");
            let sum: u64 = got.pixels.iter().map(|p| u64::from(*p)).sum();
            let off = sum.abs_diff(case[by]["sum"].as_u64().unwrap());
            assert!(
                (off as f64) < 0.01 * got.pixels.len() as f64,
                "{by}: the sum is {off} off"
            );
        }
    }
}

#[test]
fn sizes_that_have_no_template_are_refused() {
    assert!(
        Template::Arcface112
            .at(100)
            .unwrap_err()
            .message()
            .contains("multiple of 112 or 128")
    );
    assert!(
        Template::Arcface112.at(0).is_err()
            && Template::Arcface112x96.at(128).is_err()
            && Template::Arcface112.at(1 << 40).is_err()
    );
    assert_eq!(Template::Arcface112x96.at(112).unwrap().2, 96);
    assert_eq!(
        Template::Arcface112.at(256).unwrap().0[0],
        [(38.2946 + 8.0) * 2.0, 51.6963 * 2.0]
    );
}

#[test]
fn landmarks_that_show_no_face_are_refused() {
    let (target, ..) = Template::Arcface112.at(112).unwrap();
    let message = |points: Points| Similarity::between(&points, &target).unwrap_err().message().to_owned();
    assert!(message([[7.0, 7.0]; 5]).ends_with("coincide"));
    assert!(message([[f64::NAN, 1.0], [1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]]).ends_with("not finite"));
}

fn table(text: &str) -> ficta_core::Result<LandmarkTable> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("landmarks.csv");
    fs::write(&path, text).unwrap();
    LandmarkTable::read(&path)
}

#[test]
fn landmarks_are_read_from_a_csv_and_from_celebas_list() {
    let expected = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0], [9.0, 10.5]];
    let with = table("path,x1,y1,x2,y2,x3,y3,x4,y4,x5,y5\ns1/1.png,1,2,3,4,5,6,7,8,9,10.5\n").unwrap();
    assert_eq!((with.len(), with.get("s1/1.png")), (1, Some(&expected)));
    assert_eq!(
        table("./1.png,1,2,3,4,5,6,7,8,9,10.5").unwrap().get("1.png"),
        Some(&expected)
    );
    let celeba =
        "2\nlefteye_x lefteye_y righteye_x\n000001.jpg  1 2   3 4 5 6 7 8  9 10.5\n000002.jpg 1 2 3 4 5 6 7 8 9 10\n";
    let celeba = table(celeba).unwrap();
    assert_eq!((celeba.len(), celeba.get("000001.jpg")), (2, Some(&expected)));
    let message = |text: &str| table(text).unwrap_err().message().to_owned();
    assert!(message("a,1,2\n").contains("landmarks.csv:1: expected a path and ten numbers"));
    assert!(message("p,x1\na,1,2,3,4,5,6,7,8,9,x\n").contains("landmarks.csv:2: expected"));
    assert!(message("a,1,2,3,4,5,6,7,8,9,10\na,1,2,3,4,5,6,7,8,9,10\n").contains(":2: landmarks of `a` come twice"));
}

fn photo(folder: &std::path::Path, name: &str) {
    let pixels: Vec<u8> = (0..120 * 100 * 3).map(|i| (i / 90 % 251) as u8).collect();
    png::write(&folder.join(name), &pixels, 120, 100, 3).unwrap();
}

#[test]
fn a_set_is_aligned_once_and_failures_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    let (src, out) = (folder.path().join("src"), folder.path().join("out"));
    for name in ["s1/1.png", "s1/2.png", "s2/1.png", "s2/far.png"] {
        photo(&src, name);
    }
    fs::write(src.join("s2/bad.png"), "no image").unwrap();
    let face = "30,50,65,50,48,70,33,90,62,90";
    let text = format!(
        "s1/1.png,{face}\n2.png,{face}\n1.png,{face}\nbad.png,{face}\nfar.png,900,900,960,900,930,930,900,960,960,960\n"
    );
    let table = table(&text).unwrap();
    let set = source::open(&src).unwrap();
    let host = NullHost::default();
    let options = AlignOptions {
        template: Template::Arcface112,
        size: 112,
        format: Encoding::Png,
        landmarks: "1".into(),
    };
    let run = |options: &AlignOptions| align_all(&*set, Some(&table), &out, options, &Ctx::new(&host));
    let first = run(&options).unwrap();
    assert_eq!((first.aligned, first.present), (2, 0));
    let reasons: Vec<&str> = first.failures.iter().map(|f| f.1.as_str()).collect();
    assert!(reasons[0].contains("could be those of several images"), "{reasons:?}");
    assert!(reasons[1].contains("is not a sound image"), "{reasons:?}");
    assert!(
        reasons[2].contains("lie outside of the image, which is 100x120"),
        "{reasons:?}"
    );
    let listed = fs::read_to_string(out.join("failures.csv")).unwrap();
    assert_eq!(listed.lines().count(), 4);
    let image: Rgb = png::read(&out.join("s1/2.png")).unwrap();
    assert_eq!((image.height, image.width), (112, 112));
    assert!(
        !out.join("s2/far.png").exists() && !out.join("s2/bad.png").exists(),
        "nothing stands in their place"
    );

    let again = run(&options).unwrap();
    assert_eq!((again.aligned, again.present, again.failures.len()), (0, 2, 3));
    let other = AlignOptions { size: 224, ..options };
    assert!(
        run(&other)
            .unwrap_err()
            .message()
            .contains("was aligned with other options")
    );
}
