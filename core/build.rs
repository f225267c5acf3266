//! Records the compiler, which a plugin's stamp names.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let version = std::process::Command::new(rustc)
        .arg("-V")
        .output()
        .map(|o| o.stdout)
        .unwrap_or_default();
    println!(
        "cargo:rustc-env=FICTA_RUSTC={}",
        String::from_utf8_lossy(&version).trim()
    );
}
