//! Files and folders that appear whole or not at all: written aside, synced, renamed.
//!
//! What is being written lies beside its destination as `.NAME.partial-PROCESS-COUNT`. A process that is killed leaves that behind;
//! [`remove_leftovers`] clears it away.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
};

use ficta_core::{Error, ErrorKind, Result};

const MARK: &str = ".partial-";

/// Writes `bytes` to `path`, creating missing parent folders.
///
/// # Errors
/// [`ErrorKind::IO`] with the path. What stood at `path` before is then untouched.
pub fn write_bytes(path: &Path, bytes: &[u8]) -> Result<()> {
    write_file(path, |out| out.write_all(bytes))
}

/// Writes what `write` puts into its writer to `path`, creating missing parent folders.
///
/// # Errors
/// As for [`write_bytes`].
pub fn write_file(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    write_through(path, |file| file, write)
}

/// [`write_file`] with a layer between the content and the file.
pub(crate) fn write_through<L: Write>(
    path: &Path,
    layer: impl FnOnce(File) -> L,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<()> {
    let aside = Aside::new(path)?;
    let written = (|| {
        let file = File::create_new(&aside.temporary)?;
        let handle = file.try_clone()?;
        let mut out = BufWriter::with_capacity(1 << 16, layer(file));
        write(&mut out)?;
        out.flush()?;
        handle.sync_all()?;
        fs::rename(&aside.temporary, path)
    })();
    written.map_err(|e| io_error("write", path, &e))?;
    aside.done()
}

/// Writes the file `path` with `write`, which may write anywhere in it, creating missing parent folders.
///
/// # Errors
/// What `write` returns, or as for [`write_bytes`].
pub(crate) fn write_anywhere(path: &Path, write: impl FnOnce(&File) -> Result<()>) -> Result<()> {
    let aside = Aside::new(path)?;
    let failed = |e: io::Error| io_error("write", path, &e);
    let file = File::create_new(&aside.temporary).map_err(failed)?;
    write(&file)?;
    file.sync_all().map_err(failed)?;
    fs::rename(&aside.temporary, path).map_err(failed)?;
    aside.done()
}

/// Makes the folder `path` with what `fill` writes into the folder it is given. A folder that stood there before is replaced.
///
/// # Errors
/// What `fill` returns, or [`ErrorKind::IO`] with the path. What stood at `path` before is then untouched.
pub fn write_folder(path: &Path, fill: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    if path.exists() && !path.is_dir() {
        let message = format!("cannot write the folder {}: a file stands there", path.display());
        return Err(Error::io(message).help("move the file away, or choose another output folder"));
    }
    let aside = Aside::new(path)?;
    fs::create_dir(&aside.temporary).map_err(|e| io_error("write", path, &e))?;
    fill(&aside.temporary)?;
    sync_tree(&aside.temporary)?;
    put_in_place(&aside.temporary, path).map_err(|e| io_error("write", path, &e))?;
    aside.done()
}

/// Removes what killed writers have left in `folder` and below. Call it while no other process writes there.
///
/// # Errors
/// [`ErrorKind::IO`] with the path that could not be listed or removed.
pub fn remove_leftovers(folder: &Path) -> Result<usize> {
    let mut removed = 0;
    for (path, is_folder) in entries(folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') && name.contains(MARK) {
            remove(&path).map_err(|e| io_error("remove", &path, &e))?;
            removed += 1;
        } else if is_folder {
            removed += remove_leftovers(&path)?;
        }
    }
    Ok(removed)
}

/// The error of a failed operation (`verb`: "read", "write") on `path`.
pub(crate) fn io_error(verb: &str, path: &Path, cause: &io::Error) -> Error {
    let error = Error::new(ErrorKind::IO, format!("cannot {verb} {}: {cause}", path.display()));
    match cause.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            error.help("free space on that disk, or choose another output folder; what was there before is untouched")
        }
        io::ErrorKind::PermissionDenied => error.help("check who owns the folder and its permissions"),
        io::ErrorKind::NotFound => error.help("check the path for a typing mistake"),
        _ => error,
    }
}

/// A temporary path beside a destination; what stands there is removed on drop.
struct Aside {
    temporary: PathBuf,
    parent: PathBuf,
}

impl Aside {
    fn new(path: &Path) -> Result<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let Some(name) = path.file_name() else {
            return Err(Error::io(format!(
                "cannot write {}: it names no file or folder",
                path.display()
            )));
        };
        let parent = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        fs::create_dir_all(&parent).map_err(|e| io_error("write", path, &e))?;
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let mut temporary = std::ffi::OsString::from(".");
        temporary.push(name);
        temporary.push(format!("{MARK}{}-{count}", process::id()));
        let temporary = parent.join(temporary);
        // A recycled process number may meet the leftover of a killed writer.
        remove(&temporary).map_err(|e| io_error("write", path, &e))?;
        Ok(Self { temporary, parent })
    }

    /// The rename has happened: makes it last through a power cut.
    fn done(self) -> Result<()> {
        sync_folder(&self.parent)
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        // Nothing better can be done: the error that led here is already on its way, and the leftover is hidden and marked.
        let _ = remove(&self.temporary);
    }
}

fn remove(path: &Path) -> io::Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(e) => Err(e),
    };
    match removed {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Renames `from` to `to`; a folder at `to` changes places with it, in one step where the file system can do that.
fn put_in_place(from: &Path, to: &Path) -> io::Result<()> {
    if !to.exists() {
        return fs::rename(from, to);
    }
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        use rustix::io::Errno;
        match renameat_with(CWD, from, CWD, to, RenameFlags::EXCHANGE) {
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {}
            other => return Ok(other?),
        }
    }
    let mut old = from.as_os_str().to_owned();
    old.push("-old");
    let old = PathBuf::from(old);
    fs::rename(to, &old)?;
    if let Err(e) = fs::rename(from, to) {
        fs::rename(&old, to)?;
        return Err(e);
    }
    remove(&old)
}

/// Puts all that lies in `folder` on the disk, and its names.
///
/// # Errors
/// [`ErrorKind::IO`] with the path that could not be written.
pub(crate) fn sync_tree(folder: &Path) -> Result<()> {
    // One call for the whole file system: an image a second call would cost some five milliseconds each. It reports what could not be
    // written since the folder was opened (Linux 5.8).
    #[cfg(target_os = "linux")]
    {
        let synced = File::open(folder).and_then(|opened| Ok(rustix::fs::syncfs(opened)?));
        synced.map_err(|e| io_error("write", folder, &e))
    }
    #[cfg(not(target_os = "linux"))]
    {
        for (path, is_folder) in entries(folder)? {
            if is_folder {
                sync_tree(&path)?;
            } else {
                File::open(&path)
                    .and_then(|file| file.sync_all())
                    .map_err(|e| io_error("write", &path, &e))?;
            }
        }
        sync_folder(folder)
    }
}

/// Puts the names in `folder` on the disk: a rename into it lasts through a power cut from then on.
///
/// # Errors
/// As for [`sync_tree`].
pub(crate) fn sync_folder(folder: &Path) -> Result<()> {
    if cfg!(unix) {
        File::open(folder)
            .and_then(|file| file.sync_all())
            .map_err(|e| io_error("write", folder, &e))?;
    }
    Ok(())
}

fn entries(folder: &Path) -> Result<Vec<(PathBuf, bool)>> {
    let list = || -> io::Result<Vec<(PathBuf, bool)>> {
        fs::read_dir(folder)?
            .map(|entry| entry.and_then(|e| Ok((e.path(), e.file_type()?.is_dir()))))
            .collect()
    };
    list().map_err(|e| io_error("read", folder, &e))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk with room for `left` more bytes.
    struct FullDisk<W> {
        inner: W,
        left: usize,
    }

    impl<W: Write> Write for FullDisk<W> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.left == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            let written = self.inner.write(&bytes[..bytes.len().min(self.left)])?;
            self.left -= written;
            Ok(written)
        }
        fn flush(&mut self) -> io::Result<()> {
            self.inner.flush()
        }
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_written_and_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/er/a.txt");
        write_bytes(&path, b"one").unwrap();
        write_bytes(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(names(path.parent().unwrap()), ["a.txt"]);
    }

    #[test]
    fn a_full_disk_leaves_the_old_file_and_no_leftover() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.bin");
        write_bytes(&path, b"old").unwrap();
        for room in [0, 1, 100_000] {
            let content = vec![7; 200_000];
            let full = |inner| FullDisk { inner, left: room };
            let error = write_through(&path, full, |out| out.write_all(&content)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::IO);
            assert!(error.message().contains("a.bin"), "{error}");
            assert!(error.help_text().unwrap().contains("free space"), "{error}");
            assert_eq!(fs::read(&path).unwrap(), b"old");
            assert_eq!(names(folder.path()), ["a.bin"]);
        }
    }

    #[test]
    fn a_small_buffered_write_to_a_full_disk_fails_too() {
        // The bytes reach the disk only when the buffer is flushed.
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.bin");
        write_through(&path, |inner| FullDisk { inner, left: 2 }, |out| out.write_all(b"abc")).unwrap_err();
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn a_folder_is_written_and_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("set");
        let with = |file: &'static str| move |at: &Path| Ok(fs::write(at.join(file), "x")?);
        write_folder(&path, with("first")).unwrap();
        write_folder(&path, with("second")).unwrap();
        assert_eq!(names(&path), ["second"]);
        assert_eq!(names(folder.path()), ["set"]);
    }

    #[test]
    fn a_folder_that_fails_half_way_leaves_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("set");
        write_folder(&path, |at| Ok(fs::write(at.join("old"), "x")?)).unwrap();
        let error = write_folder(&path, |at| {
            fs::write(at.join("new"), "x")?;
            Err(Error::data("image 2 is bad"))
        });
        assert_eq!(error.unwrap_err().message(), "image 2 is bad");
        assert_eq!(names(&path), ["old"]);
        assert_eq!(names(folder.path()), ["set"]);
    }

    #[test]
    fn a_folder_does_not_replace_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("set");
        fs::write(&path, "precious").unwrap();
        assert!(
            write_folder(&path, |_| Ok(()))
                .unwrap_err()
                .message()
                .contains("a file stands there")
        );
        assert_eq!(fs::read(&path).unwrap(), b"precious");
    }

    #[test]
    fn leftovers_of_a_killed_writer_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("inner");
        fs::create_dir_all(inner.join(".set.partial-1-0/deep")).unwrap();
        fs::write(inner.join(".a.png.partial-1-1"), "half").unwrap();
        fs::write(inner.join("a.png"), "whole").unwrap();
        fs::write(inner.join("b.partial-1"), "not hidden: not ours").unwrap();
        assert_eq!(remove_leftovers(folder.path()).unwrap(), 2);
        assert_eq!(names(&inner), ["a.png", "b.partial-1"]);
    }

    #[test]
    fn a_path_without_a_name_is_refused() {
        assert!(write_bytes(Path::new("/"), b"x").is_err());
        assert!(write_bytes(Path::new(""), b"x").is_err());
    }
}
