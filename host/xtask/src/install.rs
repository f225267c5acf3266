//! An item of the cache appears whole or not at all.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::client::Client;
use crate::manifest::{self, Entry, State};

/// A folder of the cache.
pub struct Item {
    /// Name of the folder, with the version.
    pub name: &'static str,
    /// Space in MiB that the download and the extracted files take together, at most.
    pub mebibytes: u64,
    /// Downloads into the first folder, extracts into the second, and lists what it extracted.
    pub fill: fn(&dyn Client, &Path, &Path) -> Result<Vec<Entry>>,
}

/// Installs `item` into the cache `root`, in place of a damaged one. The caller holds the cache's lock.
///
/// Everything is made under `.partial/` and renamed at the end. After a failure, the checked downloads stay for the next
/// attempt and nothing else does.
pub fn install(root: &Path, item: &Item, client: &dyn Client) -> Result<()> {
    let started = Instant::now();
    let work = Workplace::open(root, item)?;
    work.require_space(item.mebibytes)?;
    println!("{}: downloading and extracting", item.name);
    let outcome = (item.fill)(client, &work.downloads, &work.tree).and_then(|mut entries| {
        manifest::write(&work.tree, &mut entries)?;
        sync(&work.tree)
    });
    if let Err(error) = outcome {
        // The first error tells more than a failed clean-up, and the next attempt cleans up again.
        let _ = work.discard_tree();
        return Err(error.context(format!("{} was not installed", item.name)));
    }
    work.put_in_place(&root.join(item.name))?;
    println!("{}: installed in {:.1} s", item.name, started.elapsed().as_secs_f64());
    Ok(())
}

/// Where one item is made: downloads, the tree to be renamed, and the damaged tree that it replaces.
struct Workplace {
    root: PathBuf,
    downloads: PathBuf,
    tree: PathBuf,
    replaced: PathBuf,
}

impl Workplace {
    fn open(cache: &Path, item: &Item) -> Result<Self> {
        let root = cache.join(".partial").join(item.name);
        let work = Self {
            downloads: root.join("downloads"),
            tree: root.join("tree"),
            replaced: root.join("replaced"),
            root,
        };
        for path in [&work.tree, &work.replaced] {
            remove_tree(path)?;
        }
        work.discard_unfinished_downloads()?;
        for path in [&work.downloads, &work.tree] {
            fs::create_dir_all(path).with_context(|| format!("cannot create {}", path.display()))?;
        }
        Ok(work)
    }

    /// Clients download into folders of their own and then rename: only files at the top can be whole.
    fn discard_unfinished_downloads(&self) -> Result<()> {
        let Ok(entries) = fs::read_dir(&self.downloads) else {
            return Ok(());
        };
        for entry in entries {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                remove_tree(&entry.path())?;
            }
        }
        Ok(())
    }

    fn require_space(&self, mebibytes: u64) -> Result<()> {
        let disk = rustix::fs::statvfs(&self.root).with_context(|| format!("cannot stat {}", self.root.display()))?;
        let free = (disk.f_bavail * disk.f_frsize) >> 20;
        if free < mebibytes {
            bail!(
                "not enough space for {}: needs {mebibytes} MiB, {free} MiB are free\n  \
                 Make room there, or set FICTA_CACHE to a folder on another disk.",
                self.root.display()
            );
        }
        Ok(())
    }

    fn discard_tree(&self) -> Result<()> {
        remove_tree(&self.tree)?;
        self.discard_unfinished_downloads()
    }

    fn put_in_place(&self, destination: &Path) -> Result<()> {
        if destination.exists() {
            rename(destination, &self.replaced)?;
        }
        rename(&self.tree, destination)?;
        sync(destination)?;
        remove_tree(&self.root)?;
        // Succeeds for the last item only.
        let _ = self.root.parent().map(fs::remove_dir);
        Ok(())
    }
}

fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).with_context(|| format!("cannot move {} to {}", from.display(), to.display()))
}

fn remove_tree(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot delete {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// One sync of the file system instead of one for each of ten thousand small files.
fn sync(folder: &Path) -> Result<()> {
    let handle = fs::File::open(folder).with_context(|| format!("cannot open {}", folder.display()))?;
    #[cfg(target_os = "linux")]
    rustix::fs::syncfs(&handle).with_context(|| format!("cannot sync {}", folder.display()))?;
    #[cfg(not(target_os = "linux"))]
    handle
        .sync_all()
        .with_context(|| format!("cannot sync {}", folder.display()))?;
    Ok(())
}

/// Whether `item` is in the cache as it was installed.
pub fn state(root: &Path, item: &Item) -> Result<State> {
    manifest::check(&root.join(item.name))
}

#[cfg(test)]
mod tests;
