//! A page in headless Chromium.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::skipped;

/// Set to 1 where the browser has to be there, so that a missing one is a failure.
const REQUIRE: &str = "FICTA_REQUIRE_BROWSER";

/// Under which it may be installed, as `cargo xtask test` looks for it.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Chromium, where it is installed; else a visible word that the test is skipped.
///
/// # Panics
/// Where `FICTA_REQUIRE_BROWSER` is 1 and there is none.
pub fn find() -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let found = env::split_paths(&path)
        .flat_map(|dir| NAMES.map(|name| dir.join(name)))
        .find(|p| p.is_file());
    if found.is_none() {
        assert!(
            env::var_os(REQUIRE).is_none_or(|v| v != "1"),
            "{REQUIRE}=1, but no Chromium is installed (Debian: apt-get install chromium)"
        );
        skipped(
            "the report's page in a browser",
            "no Chromium is installed (Debian: apt-get install chromium)",
        );
    }
    found
}

/// Opens a copy of `html` in `folder` and gives what `script` leaves in its variable `result` once everything is loaded. `name` names the
/// profile, `options` are the browser's.
///
/// # Panics
/// Where the browser fails, does not end in three minutes, or the script does.
pub fn probe(browser: &Path, html: &str, script: &str, folder: &Path, name: &str, options: &[&str]) -> Value {
    let (body, rest) = html.rsplit_once("</body>").expect("a page with an end");
    let page = folder.join(format!("{name}.html"));
    let probe = format!(
        r#"<script>
addEventListener("load", () => {{
{script}
  const out = document.createElement("pre");
  out.textContent = "PROBE" + JSON.stringify(result) + "EBORP";
  document.body.append(out);
}});
</script>"#
    );
    fs::write(&page, format!("{body}{probe}</body>{rest}")).expect("a page");
    let dom = dump(browser, &page, &folder.join(name), options);
    // The first occurrence is the probe's own source.
    let start = dom.rfind("PROBE{").expect("the probe did not run") + "PROBE".len();
    let end = start + dom[start..].find("EBORP").expect("the probe's end");
    let json = dom[start..end]
        .replace("&amp;", "&")
        .replace("&lt;", "<")
        .replace("&gt;", ">");
    serde_json::from_str(&json).expect("JSON from the probe")
}

/// The page as it is after its scripts.
fn dump(browser: &Path, page: &Path, profile: &Path, options: &[&str]) -> String {
    let dom = profile.with_extension("dom");
    let log = profile.with_extension("log");
    let said = || fs::read_to_string(&log).unwrap_or_default();
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
        .args(options)
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("file://{}", page.display()))
        .stdin(Stdio::null())
        .stdout(fs::File::create(&dom).expect("a file"))
        .stderr(fs::File::create(&log).expect("a file"))
        .spawn()
        .expect("the browser");
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("the browser's status") {
            break status;
        }
        if start.elapsed() > Duration::from_secs(180) {
            child.kill().expect("an end");
            child.wait().expect("an end");
            panic!("the browser did not end in 180 s: {}", said());
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    assert!(status.success(), "{status}: {}", said());
    fs::read_to_string(&dom).expect("the page")
}
