//! A disk that is full.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use ficta_tests::{
    records::{differences, outputs, results},
    skipped,
    smoke::Smoke,
};

/// A small file system of its own; unmounted on drop.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// None, with the reason on stderr, where this process may not mount.
    fn mount(at: &Path, bytes: u64) -> Option<Self> {
        fs::create_dir_all(at).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={bytes}"), "tmpfs"])
            .arg(at)
            .output();
        match mounted {
            Ok(output) if output.status.success() => Some(Self(at.to_owned())),
            Ok(output) => no_disk(&String::from_utf8_lossy(&output.stderr)),
            Err(e) => no_disk(&e.to_string()),
        }
    }

    /// Leaves room for about `bytes` more.
    fn fill(&self, bytes: usize) {
        let mut filler = fs::File::create(self.filler()).unwrap();
        let block = vec![0u8; 1 << 16];
        while filler.write_all(&block).is_ok() {}
        let whole = filler.metadata().unwrap().len();
        filler.set_len(whole.saturating_sub(bytes as u64)).unwrap();
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

fn no_disk(why: &str) -> Option<SmallDisk> {
    skipped(
        "a full disk",
        &format!(
            "a small file system is needed, which only root can mount: {}",
            why.trim()
        ),
    );
    None
}

#[test]
fn end_to_end_a_full_disk_stops_a_run_which_goes_on_when_there_is_room() {
    let smoke = Smoke::new();
    let Some(disk) = SmallDisk::mount(&smoke.folder().join("disk"), 24 << 20) else {
        return;
    };
    let run = disk.0.join("run");
    smoke.run_into(&run, &["--until", "encode"]).succeeded();
    let before = results(&run);

    let until = ["--until", "generate/fictional"];
    let mut failures = 0;
    for room in [0, 32, 256].map(|kib| kib * 1024) {
        disk.fill(room);
        let finished = smoke.run_into(&run, &until);
        if finished.code == Some(0) {
            continue;
        }
        failures += 1;
        let finished = finished.refused(1, &["No space left on device"]);
        assert!(
            finished.error().contains("fix:"),
            "no advice with {room} bytes left\n{finished}"
        );
        let after = results(&run);
        assert!(
            before.iter().all(|(file, hash)| after.get(file) == Some(hash)),
            "earlier results are not as they were"
        );
        outputs(&run); // every stage that claims to be finished is whole
    }
    assert!(failures >= 2, "the disk was hardly ever full: {failures}");

    fs::remove_file(disk.filler()).unwrap();
    smoke.run_into(&run, &until).succeeded();
    smoke.run(&until).succeeded();
    assert_eq!(differences(&outputs(&smoke.out()), &outputs(&run)), [""; 0]);
}
