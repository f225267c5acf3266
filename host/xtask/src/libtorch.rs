//! The CPU part of libtorch 2.11.0, out of PyPI's wheels, without Python.
//!
//! PyPI has no CPU-only wheel for x86-64 Linux. Of the CUDA build's wheel, `libtorch_cpu.so` works alone, given the two
//! small CUDA libraries that it is linked with. Its RPATH fits the wheels' own layout, so that is kept.

use std::env;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::client::{Client, Wheel, checked_wheel};
use crate::install::Item;
use crate::manifest::Entry;
use crate::wheel;

/// The cache's folder with `torch/lib` and `torch/include` in it.
pub const ITEM: Item = Item {
    name: "libtorch-2.11.0",
    mebibytes: 1100,
    fill,
};

/// The small ones first: should the client be misconfigured, it shows within a second.
const WHEELS: [Wheel; 3] = [
    Wheel {
        requirement: "nvidia-cuda-runtime==13.0.96",
        file: "nvidia_cuda_runtime-13.0.96-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl",
        sha256: "7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548",
    },
    Wheel {
        requirement: "nvidia-cuda-cupti==13.0.85",
        file: "nvidia_cuda_cupti-13.0.85-py3-none-manylinux_2_25_x86_64.whl",
        sha256: "4eb01c08e859bf924d222250d2e8f8b8ff6d3db4721288cf35d14252a4d933c8",
    },
    Wheel {
        requirement: "torch==2.11.0",
        file: "torch-2.11.0-cp311-cp311-manylinux_2_28_x86_64.whl",
        sha256: "7aa2f9bbc6d4595ba72138026b2074be1233186150e9292865e04b7a63b8c67a",
    },
];

/// torch-sys compares this file with the version that it was generated for.
const BUILD_VERSION: &str = "2.11.0+cu130";

/// The wheel's own `libtorch.so` is an empty library that needs the CUDA ones.
const LINKER_SCRIPT: &str = "/* The CPU library alone is enough to link against. */\nINPUT(libtorch_cpu.so)\n";

fn fill(client: &dyn Client, downloads: &Path, tree: &Path) -> Result<Vec<Entry>> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        bail!(
            "libtorch is installed on x86-64 Linux only; set LIBTORCH to a libtorch 2.11 of your own, or leave out what \
             needs it: `cargo xtask setup --without-libtorch`"
        );
    }
    let mut entries = Vec::new();
    for wheel in &WHEELS {
        let path = checked_wheel(client, wheel, downloads)?;
        entries.extend(wheel::extract(&path, tree, |member| {
            is_kept(member).then(|| member.to_owned())
        })?);
    }
    entries.push(wheel::write(
        &mut BUILD_VERSION.as_bytes(),
        tree,
        "torch/build-version",
    )?);
    entries.push(wheel::write(
        &mut LINKER_SCRIPT.as_bytes(),
        tree,
        "torch/lib/libtorch.so",
    )?);
    Ok(entries)
}

fn is_kept(member: &str) -> bool {
    let file = member.rsplit('/').next().unwrap_or(member);
    member.starts_with("torch/include/")
        || matches!(
            member,
            "torch/lib/libtorch_cpu.so" | "torch/lib/libc10.so" | "torch/lib/libgomp.so.1"
        )
        || member.starts_with("nvidia/") && (file.starts_with("libcudart.so") || file.starts_with("libcupti.so"))
        || member.contains(".dist-info/licenses/")
}

/// The path of a libtorch that the user chose through `LIBTORCH`, which the workspace's own does not override.
pub fn of_the_user(workspace: &Path) -> Option<String> {
    let chosen = env::var("LIBTORCH").ok()?;
    (Path::new(&chosen) != workspace.join("target/libtorch/torch")).then_some(chosen)
}

/// Lays the link `target/libtorch`, whose fixed name keeps torch-sys from being rebuilt.
pub fn link(workspace: &Path, cache: &Path) -> Result<()> {
    let destination = cache.join(ITEM.name);
    let link = workspace.join("target/libtorch");
    if fs::read_link(&link).is_ok_and(|current| current == destination) {
        return Ok(());
    }
    if link.exists() && !link.is_symlink() {
        bail!(
            "{} is in the way: move it elsewhere and run `cargo xtask setup` again",
            link.display()
        );
    }
    fs::create_dir_all(workspace.join("target"))?;
    let aside = workspace.join(format!("target/.libtorch-{}", std::process::id()));
    std::os::unix::fs::symlink(&destination, &aside)
        .and_then(|()| fs::rename(&aside, &link))
        .with_context(|| format!("cannot link {} to {}", link.display(), destination.display()))?;
    println!("linked {} to {}", link.display(), destination.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cpu_part_is_kept_and_the_rest_is_not() {
        let kept = [
            "torch/include/ATen/ATen.h",
            "torch/lib/libtorch_cpu.so",
            "torch/lib/libgomp.so.1",
            "nvidia/cu13/lib/libcudart.so.13",
            "nvidia/cu13/lib/libcupti.so.13",
            "torch-2.11.0.dist-info/licenses/LICENSE",
        ];
        let dropped = [
            "torch/lib/libtorch.so",
            "torch/lib/libtorch_cuda.so",
            "torch/nn/modules/linear.py",
            "torch-2.11.0.dist-info/RECORD",
            "nvidia/cu13/include/cupti.h",
            "nvidia/cu13/lib/libnvperf_host.so",
        ];
        assert_eq!(kept.map(is_kept), [true; 6]);
        assert_eq!(dropped.map(is_kept), [false; 6]);
    }

    #[test]
    fn the_link_follows_the_cache_and_spares_a_real_folder() {
        let workspace = tempfile::tempdir().unwrap();
        let path = workspace.path().join("target/libtorch");
        for cache in ["/first", "/second", "/second"] {
            link(workspace.path(), Path::new(cache)).unwrap();
            assert_eq!(fs::read_link(&path).unwrap(), Path::new(cache).join(ITEM.name));
        }
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        let message = link(workspace.path(), Path::new("/first")).unwrap_err().to_string();
        assert!(message.contains("is in the way"), "{message}");
        assert!(path.is_dir());
    }
}
