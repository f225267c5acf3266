//! The page in a browser: headless Chromium opens it with a probe appended, which writes down what it sees.

use ficta_tests::browser;

use super::sample_files;

/// Measures the page.
const PROBE: &str = r##"
  const box = e => { const r = e.getBoundingClientRect(); return r.width > 0 && r.height > 0; };
  const images = [...document.images];
  const line = document.querySelector('.chart [stroke="#0B6BCB"]');
  const cells = [...document.querySelectorAll("#arms table:first-of-type tbody tr")].map(r => [...r.cells].map(c => c.firstChild.textContent));
  const result = {
    images: images.length,
    decoded: images.filter(i => i.complete && i.naturalWidth > 0 && i.naturalHeight > 0 && box(i)).length,
    charts: [...document.querySelectorAll("svg.chart")].filter(box).length,
    words_in_charts: document.querySelectorAll("svg.chart text").length,
    cells: cells.slice(0, 7),
    loaded: performance.getEntriesByType("resource").map(e => e.name).filter(n => !n.startsWith("data:")),
    overflow: document.documentElement.scrollWidth - innerWidth,
    background: getComputedStyle(document.body).backgroundColor,
    line: getComputedStyle(line).stroke,
    tile: images.find(i => i.alt.startsWith("4 photographs")).getBoundingClientRect().height,
  };
  document.querySelector("#fig4-real-and-generated input").click();
  result.enlarged = images.find(i => i.alt.startsWith("4 photographs")).getBoundingClientRect().height;
"##;

#[test]
fn shows_tables_pictures_and_charts_in_light_and_dark_wide_and_narrow() {
    let Some(browser) = browser::find() else { return };
    let dir = tempfile::tempdir().unwrap();
    let html = std::str::from_utf8(&sample_files()["index.html"]).unwrap();
    let look = |name: &str, options: &[&str]| browser::probe(&browser, html, PROBE, dir.path(), name, options);

    let seen = look("light", &["--window-size=1280,1000"]);
    let images = html.matches("<img ").count();
    assert!(images > 40);
    assert_eq!(seen["images"], images, "{seen}");
    assert_eq!(seen["decoded"], images, "{seen}");
    assert_eq!(seen["charts"], 10, "{seen}");
    assert!(seen["words_in_charts"].as_u64().unwrap() > 100);
    assert_eq!(seen["cells"].as_array().unwrap().len(), 7);
    assert_eq!(
        seen["cells"][3],
        serde_json::json!([
            "fictional-40",
            "synth., fictional",
            "60",
            "40",
            "1,800",
            "3",
            "94.02",
            "94.02",
            "−3.66",
            "+3.44"
        ])
    );
    assert_eq!(seen["loaded"], serde_json::json!([]), "the page loaded something");
    assert!(seen["overflow"].as_i64().unwrap() <= 0, "{seen}");
    assert_eq!(seen["background"], "rgb(255, 255, 255)");
    assert_eq!(seen["line"], "rgb(11, 107, 203)");
    assert_eq!(seen["tile"], 64.0);
    assert_eq!(seen["enlarged"], 128.0);

    let dark = ["--window-size=500,900", "--blink-settings=preferredColorScheme=0"];
    let seen = look("dark", &dark);
    assert_eq!(seen["decoded"], images, "{seen}");
    assert_eq!(seen["background"], "rgb(18, 22, 28)");
    assert_eq!(seen["line"], "rgb(108, 182, 255)");
    assert!(seen["overflow"].as_i64().unwrap() <= 0, "{seen}");
}
