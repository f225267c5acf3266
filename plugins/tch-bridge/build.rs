//! Compiles what libtorch wants in C++, and lets this crate's test programs find libtorch where the build found it.

use std::{env, path::PathBuf};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let lib =
        PathBuf::from(env::var_os("DEP_TCH_LIBTORCH_LIB").expect("torch-sys tells its dependents where libtorch is"));
    println!("cargo:rustc-link-arg=-Wl,-rpath,{}", lib.display());

    println!("cargo:rerun-if-env-changed=LIBTORCH_INCLUDE");
    // As torch-sys looks for them.
    let libtorch = env::var_os("LIBTORCH_INCLUDE").map(PathBuf::from);
    let libtorch = libtorch
        .or_else(|| lib.parent().map(PathBuf::from))
        .expect("a folder with `lib`");
    println!("cargo:rerun-if-env-changed=LIBTORCH_CXX11_ABI");
    let abi = env::var("LIBTORCH_CXX11_ABI").unwrap_or_else(|_| "1".into());
    let linux = env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux");
    let mut sources = vec![
        "src/batch_norm_prelu/batch_norm_prelu.cpp",
        "src/convolution/convolution.cpp",
        "src/cuda.cpp",
        "src/foreach.cpp",
    ];
    sources.extend(linux.then_some("src/block_cache.cpp"));
    let mut build = cc::Build::new();
    build
        .cpp(true)
        .std("c++17")
        .opt_level(2)
        .include(libtorch.join("include"))
        .define("_GLIBCXX_USE_CXX11_ABI", abi.as_str())
        .warnings(false);
    for source in sources {
        println!("cargo:rerun-if-changed={source}");
        build.file(source);
    }
    build.compile("ficta_tch_bridge");
}
