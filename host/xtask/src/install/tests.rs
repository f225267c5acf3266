use std::cell::Cell;
use std::io::Write;
use std::sync::LazyLock;

use sha2::{Digest, Sha256};

use super::*;
use crate::client::{Wheel, checked_wheel};
use crate::wheel;

/// The wheel that the fake index should serve.
static WHEEL: LazyLock<Wheel> = LazyLock::new(|| {
    let sha256 = Sha256::digest(wheel_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<String>();
    Wheel {
        requirement: "faces==1.0",
        file: "faces-1.0-py3-none-any.whl",
        sha256: sha256.leak(),
    }
});
const ITEM: Item = Item {
    name: "faces-1.0",
    mebibytes: 1,
    fill,
};

fn fill(client: &dyn Client, downloads: &Path, tree: &Path) -> Result<Vec<Entry>> {
    let path = checked_wheel(client, &WHEEL, downloads)?;
    wheel::extract(&path, tree, |member| member.strip_prefix("faces/").map(str::to_owned))
}

/// Extracts the same, and then fails as a full disk or a kill would.
fn interrupted(client: &dyn Client, downloads: &Path, tree: &Path) -> Result<Vec<Entry>> {
    fill(client, downloads, tree)?;
    bail!("interrupted")
}

fn wheel_bytes() -> Vec<u8> {
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Stored)
        .last_modified_time(zip::DateTime::default());
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in [("faces/s1/1.pgm", "one"), ("faces/s1/2.pgm", "two"), ("other/x", "no")] {
        archive.start_file(name, options).unwrap();
        archive.write_all(content.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// Serves `bytes` as the wheel and counts the downloads.
struct Fake {
    bytes: Vec<u8>,
    downloads: Cell<usize>,
}

impl Fake {
    fn serving(bytes: Vec<u8>) -> Self {
        Self {
            bytes,
            downloads: Cell::new(0),
        }
    }
}

impl Client for Fake {
    fn wheel(&self, wheel: &Wheel, folder: &Path) -> Result<()> {
        self.downloads.set(self.downloads.get() + 1);
        Ok(fs::write(folder.join(wheel.file), &self.bytes)?)
    }

    fn npm_package(&self, package: &str, _: &Path) -> Result<PathBuf> {
        bail!("no {package} here")
    }
}

/// As pip leaves it when the connection breaks: a piece in a temporary folder of its own.
struct Broken;

impl Client for Broken {
    fn wheel(&self, wheel: &Wheel, folder: &Path) -> Result<()> {
        let temporary = folder.join("pip-unpack-x");
        fs::create_dir(&temporary)?;
        fs::write(temporary.join(wheel.file), "a pie")?;
        bail!("connection reset")
    }

    fn npm_package(&self, package: &str, _: &Path) -> Result<PathBuf> {
        bail!("no {package} here")
    }
}

fn cache() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// Every path below the cache, sorted.
fn listing(folder: &Path) -> Vec<String> {
    fn walk(folder: &Path, root: &Path, into: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, root, into);
            } else {
                into.push(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    let mut found = Vec::new();
    walk(folder, folder, &mut found);
    found.sort();
    found
}

const INSTALLED: [&str; 3] = ["faces-1.0/.manifest", "faces-1.0/s1/1.pgm", "faces-1.0/s1/2.pgm"];

#[test]
fn an_installed_item_is_whole_and_nothing_else_stays() {
    let cache = cache();
    install(cache.path(), &ITEM, &Fake::serving(wheel_bytes())).unwrap();
    assert_eq!(listing(cache.path()), INSTALLED);
    assert!(!cache.path().join(".partial").exists());
    assert_eq!(
        fs::read_to_string(cache.path().join("faces-1.0/s1/2.pgm")).unwrap(),
        "two"
    );
    assert_eq!(state(cache.path(), &ITEM).unwrap(), State::Intact);
}

#[test]
fn a_checksum_mismatch_leaves_no_file_behind_and_a_second_set_up_finishes() {
    let cache = cache();
    let mut wrong = wheel_bytes();
    wrong[40] ^= 1;
    let error = install(cache.path(), &ITEM, &Fake::serving(wrong)).unwrap_err();
    let message = format!("{error:#}");
    for part in [
        "faces-1.0 was not installed",
        WHEEL.file,
        WHEEL.requirement,
        WHEEL.sha256,
        "cargo xtask setup",
    ] {
        assert!(message.contains(part), "{part:?} is missing in {message}");
    }
    assert_eq!(listing(cache.path()), [""; 0]);
    assert_eq!(state(cache.path(), &ITEM).unwrap(), State::Missing);
    install(cache.path(), &ITEM, &Fake::serving(wheel_bytes())).unwrap();
    assert_eq!(listing(cache.path()), INSTALLED);
}

#[test]
fn an_interrupted_download_leaves_no_file_behind_and_a_second_set_up_finishes() {
    let cache = cache();
    let error = install(cache.path(), &ITEM, &Broken).unwrap_err();
    assert!(format!("{error:#}").contains("connection reset"), "{error:#}");
    assert_eq!(listing(cache.path()), [""; 0]);
    install(cache.path(), &ITEM, &Fake::serving(wheel_bytes())).unwrap();
    assert_eq!(listing(cache.path()), INSTALLED);
}

#[test]
fn an_interrupted_extraction_keeps_only_the_checked_download_which_is_used_again() {
    let cache = cache();
    let client = Fake::serving(wheel_bytes());
    install(
        cache.path(),
        &Item {
            fill: interrupted,
            ..ITEM
        },
        &client,
    )
    .unwrap_err();
    assert_eq!(
        listing(cache.path()),
        [format!(".partial/faces-1.0/downloads/{}", WHEEL.file)]
    );
    install(cache.path(), &ITEM, &client).unwrap();
    assert_eq!(client.downloads.get(), 1);
    assert_eq!(listing(cache.path()), INSTALLED);
}

/// What SIGKILL leaves: no clean-up ran, and the wheel is cut off under its final name.
#[test]
fn the_debris_of_a_killed_set_up_is_cleared() {
    let cache = cache();
    for (path, content) in [("tree/s1/1.pgm", "o"), ("downloads/pip-x/a", "b"), ("replaced/c", "d")] {
        let path = cache.path().join(".partial/faces-1.0").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    let cut = cache.path().join(".partial/faces-1.0/downloads").join(WHEEL.file);
    fs::write(cut, &wheel_bytes()[..50]).unwrap();
    let client = Fake::serving(wheel_bytes());
    install(cache.path(), &ITEM, &client).unwrap();
    assert_eq!(client.downloads.get(), 1);
    assert_eq!(listing(cache.path()), INSTALLED);
}

#[test]
fn a_damaged_item_is_replaced_and_survives_a_failed_replacement() {
    let cache = cache();
    let client = Fake::serving(wheel_bytes());
    install(cache.path(), &ITEM, &client).unwrap();
    fs::write(cache.path().join("faces-1.0/s1/1.pgm"), "0ne").unwrap();
    assert!(matches!(state(cache.path(), &ITEM).unwrap(), State::Damaged(_)));
    install(cache.path(), &ITEM, &Broken).unwrap_err();
    assert_eq!(listing(cache.path()), INSTALLED);
    install(cache.path(), &ITEM, &client).unwrap();
    assert_eq!(state(cache.path(), &ITEM).unwrap(), State::Intact);
}

#[test]
fn too_little_space_is_said_before_anything_is_downloaded() {
    let cache = cache();
    let client = Fake::serving(wheel_bytes());
    let error = install(
        cache.path(),
        &Item {
            mebibytes: u64::MAX,
            ..ITEM
        },
        &client,
    )
    .unwrap_err();
    assert!(
        format!("{error:#}").contains("set FICTA_CACHE to a folder on another disk"),
        "{error:#}"
    );
    assert_eq!(client.downloads.get(), 0);
}

#[test]
fn a_wheel_cannot_write_outside_its_folder() {
    let cache = cache();
    let path = cache.path().join("a.whl");
    fs::write(&path, wheel_bytes()).unwrap();
    let tree = cache.path().join("tree");
    for place in ["../escaped", "/escaped", "a/../../escaped"] {
        let error = wheel::extract(&path, &tree, |_| Some(place.to_owned())).unwrap_err();
        assert!(format!("{error:#}").contains("leads out of the folder"), "{error:#}");
    }
    assert!(!tree.exists());
}
