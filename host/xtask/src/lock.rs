//! One set-up at a time on one cache.

use std::fs::{File, TryLockError};
use std::path::Path;

use anyhow::{Context, Result};

/// The cache's lock, held until dropped or until the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Takes the lock of the cache in `root`; waits, and says so, while another set-up holds it.
pub fn acquire(root: &Path) -> Result<Lock> {
    let path = root.join(".lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .with_context(|| format!("cannot open {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            println!("waiting for another `cargo xtask setup` on {}", root.display());
            file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
        }
        Err(TryLockError::Error(error)) => {
            return Err(error).with_context(|| format!("cannot lock {}", path.display()));
        }
    }
    Ok(Lock { _file: file })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;
    use std::time::Duration;

    #[test]
    fn a_second_set_up_waits_for_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let released = AtomicBool::new(false);
        let first = acquire(folder.path()).unwrap();
        thread::scope(|scope| {
            let second = scope.spawn(|| {
                let _lock = acquire(folder.path()).unwrap();
                released.load(Ordering::SeqCst)
            });
            thread::sleep(Duration::from_millis(50));
            released.store(true, Ordering::SeqCst);
            drop(first);
            assert!(
                second.join().unwrap(),
                "the second lock was granted while the first was held"
            );
        });
    }
}
