//! Lets this crate's test programs find libtorch where the build found it.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let lib = std::env::var("DEP_TCH_LIBTORCH_LIB").expect("torch-sys tells its dependents where libtorch is");
    println!("cargo:rustc-link-arg=-Wl,-rpath,{lib}");
}
