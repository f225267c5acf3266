//! The page in a browser: headless Chromium opens it with a probe appended, which writes down what it sees.

use std::{
    env, fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use super::sample_files;

/// Set to 1 where the browser has to be there, so that a missing one is a failure.
const REQUIRE: &str = "FICTA_REQUIRE_BROWSER";

fn browser() -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let found = env::split_paths(&path)
        .flat_map(|dir| ["chromium", "chromium-browser", "google-chrome"].map(|name| dir.join(name)))
        .find(|p| p.is_file());
    if found.is_none() {
        assert!(
            env::var_os(REQUIRE).is_none_or(|v| v != "1"),
            "{REQUIRE}=1, but no Chromium is installed (Debian: apt-get install chromium)"
        );
        // Written past the test harness, which would swallow a print.
        let _ = writeln!(
            std::io::stderr(),
            "skipped: the report's page was not opened, no Chromium is installed (Debian: apt-get install chromium)"
        );
    }
    found
}

/// Measures the page after loading and leaves the result as JSON in an element.
const PROBE: &str = r##"
<script>
addEventListener("load", () => {
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
  const out = document.createElement("pre");
  out.id = "probe";
  out.textContent = "PROBE" + JSON.stringify(result) + "EBORP";
  document.body.append(out);
});
</script>
"##;

fn dump(browser: &Path, page: &Path, profile: &Path, extra: &[&str]) -> serde_json::Value {
    let dom = profile.with_extension("dom");
    let log = profile.with_extension("log");
    let mut child = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
        ])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ])
        .args(["--disable-dev-shm-usage", "--hide-scrollbars", "--dump-dom"])
        .args(extra)
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("file://{}", page.display()))
        .stdin(Stdio::null())
        .stdout(fs::File::create(&dom).unwrap())
        .stderr(fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if start.elapsed() > Duration::from_secs(180) {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!(
                "the browser did not end in 180 s: {}",
                fs::read_to_string(&log).unwrap()
            );
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    assert!(status.success(), "{status}: {}", fs::read_to_string(&log).unwrap());
    let dom = fs::read_to_string(&dom).unwrap();
    // The first occurrence is the probe's own source.
    let start = dom.rfind("PROBE{").expect("the probe did not run") + "PROBE".len();
    let end = start + dom[start..].find("EBORP").unwrap();
    let json = dom[start..end]
        .replace("&amp;", "&")
        .replace("&lt;", "<")
        .replace("&gt;", ">");
    serde_json::from_str(&json).unwrap()
}

#[test]
fn shows_tables_pictures_and_charts_in_light_and_dark_wide_and_narrow() {
    let Some(browser) = browser() else { return };
    let dir = tempfile::tempdir().unwrap();
    let html = std::str::from_utf8(&sample_files()["index.html"]).unwrap();
    let (body, rest) = html.rsplit_once("</body>").unwrap();
    let page = dir.path().join("probed.html");
    fs::write(&page, format!("{body}{PROBE}</body>{rest}")).unwrap();

    let seen = dump(&browser, &page, &dir.path().join("light"), &["--window-size=1280,1000"]);
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
    let seen = dump(&browser, &page, &dir.path().join("dark"), &dark);
    assert_eq!(seen["decoded"], images, "{seen}");
    assert_eq!(seen["background"], "rgb(18, 22, 28)");
    assert_eq!(seen["line"], "rgb(108, 182, 255)");
    assert!(seen["overflow"].as_i64().unwrap() <= 0, "{seen}");
}
