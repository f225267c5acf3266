//! The page's text: complete, self-contained, escaped, and the same every time.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    page_of,
    sample::{drawn, input},
    sample_files, without_pictures,
};
use crate::report::files;

/// The sample's page.
fn sample_page() -> &'static str {
    std::str::from_utf8(&sample_files()["index.html"]).unwrap()
}

/// Values of an attribute, in order.
fn attributes<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    page.split(&format!(" {name}=\""))
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect()
}

#[test]
fn nothing_is_loaded_from_anywhere() {
    let page = sample_page();
    let words = without_pictures(page).to_lowercase();
    for word in [
        "http:", "https:", "<script", "<link", "<iframe", "@import", "url(", "srcset", "//",
    ] {
        assert!(!words.contains(word), "the page contains {word:?}");
    }
    let sources = attributes(page, "src");
    assert!(sources.len() > 40, "only {} pictures", sources.len());
    assert!(sources.iter().all(|s| s.starts_with("data:image/png;base64,")));
    let links = attributes(page, "href");
    assert!(links.iter().all(|l| l.starts_with('#')), "{links:?}");
    for link in links {
        let target = format!("id=\"{}\"", &link[1..]);
        assert!(page.contains(&target), "nothing has {target}");
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let first = sample_files();
    let again = std::thread::spawn(|| files(&input(&drawn)).unwrap()).join().unwrap();
    assert_eq!(first.keys().collect::<Vec<_>>(), again.keys().collect::<Vec<_>>());
    for (name, bytes) in first {
        assert!(again[name] == *bytes, "{name} differs");
    }
}

#[test]
fn every_picture_has_words_and_every_table_its_heads() {
    let page = sample_page();
    let (pictures, alts) = (page.matches("<img ").count(), attributes(page, "alt"));
    assert_eq!(pictures, alts.len());
    assert!(alts.iter().all(|a| a.len() > 8), "{alts:?}");
    assert_eq!(page.matches("<th>").count(), 0, "a head without scope");
    assert_eq!(
        page.matches("<svg ").count(),
        page.matches("role=\"img\" aria-label=\"").count()
    );
    assert_eq!(page.matches("<table").count(), page.matches("</table>").count());
    assert_eq!(page.matches("<table").count(), page.matches("<thead>").count());
}

#[test]
fn inlined_pictures_are_the_ones_handed_over() {
    let input = input(&drawn);
    let page = sample_page();
    let at = page.find("alt=\"4 photographs of real ID s1\"").unwrap();
    let start = page[..at].rfind("base64,").unwrap() + "base64,".len();
    let end = start + page[start..].find('"').unwrap();
    let png = STANDARD.decode(&page[start..end]).unwrap();
    let strip = image::load_from_memory(&png).unwrap().to_luma8();
    assert_eq!(strip.dimensions(), (4 * 32, 32));
    for (n, picture) in input.figures.real_and_generated[0].real.iter().enumerate() {
        for (x, y) in [(16, 16), (3, 3), (12, 9), (31, 31)] {
            let shown = strip.get_pixel(n as u32 * 32 + x, y).0[0];
            assert_eq!(shown, picture.rgb_at(x, y)[0], "picture {n} at {x},{y}");
        }
    }
}

#[test]
fn words_from_outside_stay_words() {
    let mut input = input(&drawn);
    let evil = "<script>alert('x')</script>&\"";
    input.header.run = evil.into();
    input.arms.rows[1].name = evil.into();
    input.arms.sets[0] = evil.into();
    input.warnings = vec![evil.into()];
    input.resolved_config = evil.into();
    input.figures.contact[0].name = evil.into();
    input.charts.roc[0].arm = evil.into();
    input.charts.similarities[0].title = evil.into();
    input.charts.similarities[0].caption = evil.into();
    input.claims[0].comparisons[0].first.0 = evil.into();
    let page = page_of(&input);
    assert!(!page.contains("<script"), "markup came through");
    assert!(page.matches("&lt;script").count() >= 10);
}

#[test]
fn best_generated_arm_is_set_off_and_ties_share() {
    let mut input = input(&drawn);
    let best = input.arms.rows[3].average.clone();
    input.arms.rows[2].average = best;
    let page = page_of(&input);
    let strong: Vec<&str> = page
        .split("<strong>")
        .skip(1)
        .map(|s| s.split('<').next().unwrap())
        .collect();
    // Set accuracy; then average, gap and difference of both arms; then TAR, TAR, EER.
    assert_eq!(
        strong,
        [
            "94.02", "−3.66", "+3.44", "94.02", "94.02", "−3.66", "+3.44", "75.02", "92.02", "5.98"
        ]
    );
    assert!(!page.contains("<strong>95.11"), "mixed arms are not ranked");
}

#[test]
fn everything_stands_in_the_files_too() {
    let files = sample_files();
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    insta::assert_debug_snapshot!(names);
    for (name, bytes) in files {
        if name.ends_with(".png") {
            let image = image::load_from_memory(bytes).unwrap();
            assert!(image.width() > 300 && image.height() > 100, "{name}");
        }
    }
    let json: serde_json::Value = serde_json::from_slice(&files["report.json"]).unwrap();
    assert_eq!(json["schema"], "ficta-report/1");
    let gap = json["arms"]["rows"][2]["gap_percent"].as_f64().unwrap();
    assert!((gap - (0.9058 - 0.9346) / 0.9346 * 100.0).abs() < 1e-12, "{gap}");
    assert_eq!(json["claims"][1]["comparisons"][0]["reading"], "first-better");
    let counts = json["charts"]["similarities"][0]["series"][0]["counts"]
        .as_array()
        .unwrap();
    assert_eq!(counts.iter().map(|c| c.as_u64().unwrap()).sum::<u64>(), 450);
}

#[test]
fn many_charts_of_a_group_are_folded() {
    let mut input = input(&drawn);
    let one = input.charts.similarities[0].clone();
    input.charts.similarities = vec![one; 9];
    let page = page_of(&input);
    assert!(page.contains("<summary>3 more</summary>"));
    for n in ["", "-2", "-9"] {
        let id = format!("id=\"similarity-held-out-people-trained-on-real{n}\"");
        assert_eq!(page.matches(&id).count(), 1, "{id}");
    }
}
