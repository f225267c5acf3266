//! Lets the plugin and its test programs find libtorch.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let lib = std::env::var("DEP_TCH_LIBTORCH_LIB").expect("torch-sys tells its dependents where libtorch is");
    // Beside the installed plugin first, then where the build found it; for the plugin and for test programs alike.
    println!("cargo:rustc-link-arg=-Wl,-rpath,$ORIGIN/libtorch/torch/lib:{lib}");
}
