//! Plugins built against other versions of ficta-core than the host's: which load, which are refused, and with what words.

use std::{fs, path::Path};

use ficta_tests::{
    command::{Finished, ficta},
    product,
    skew::Variant,
    smoke::Smoke,
};
use serde_json::Value;

const MINOR: &str = "pub const API_MINOR: u32 = 1;";

/// Before `Sampler::predictions` was appended.
const OLDER: Variant = Variant {
    edits: &[
        ("src/stamp.rs", MINOR, "pub const API_MINOR: u32 = 0;"),
        (
            "src/abi/sampler.rs",
            "    /// API 1.1: a plugin of 1.0 does not have it.\n    fn predictions(&self, _timesteps: usize) -> RResult<ROption<u64>, Error> {\n        RResult::ROk(ROption::RNone)\n    }\n",
            "",
        ),
        (
            "src/abi/sampler.rs",
            "    fn predictions(&self, timesteps: usize) -> RResult<ROption<u64>, Error> {\n        guard(|| Ok(self.get().predictions(timesteps).into()))\n    }\n",
            "",
        ),
        (
            "src/abi/sampler.rs",
            "self.0.predictions(timesteps).into_result().ok();\n        told.and_then(ROption::into_option)",
            "Some(timesteps as u64);\n        told.filter(|_| ROption::<u64>::RNone.is_some())",
        ),
    ],
    ..Variant::same("older")
};

/// With a method of a loss and a function of the module appended.
const NEWER: Variant = Variant {
    edits: &[
        ("src/stamp.rs", MINOR, "pub const API_MINOR: u32 = 2;"),
        (
            "src/abi/loss.rs",
            "    fn load_state(&mut self, state: RSlice<'_, u8>) -> RResult<(), Error>;\n",
            "    fn load_state(&mut self, state: RSlice<'_, u8>) -> RResult<(), Error>;\n    fn margin(&self) -> RResult<f64, Error> {\n        RResult::ROk(0.5)\n    }\n",
        ),
        (
            "src/abi/module.rs",
            "    pub make_communicator: extern \"C\" fn(RStr<'_>, RStr<'_>) -> RResult<CommunicatorObj<'static>, Error>,\n",
            "    pub make_communicator: extern \"C\" fn(RStr<'_>, RStr<'_>) -> RResult<CommunicatorObj<'static>, Error>,\n    pub about: extern \"C\" fn() -> RString,\n",
        ),
        (
            "src/abi/module.rs",
            "            make_communicator,\n        }\n",
            "            make_communicator,\n            about,\n        }\n",
        ),
        (
            "src/abi/module.rs",
            "/// Called once by the host after its checks.",
            "extern \"C\" fn about() -> RString {\n    \"newer\".into()\n}\n\n/// Called once by the host after its checks.",
        ),
    ],
    ..Variant::same("newer")
};

const OTHER_MAJOR: Variant = Variant {
    edits: &[(
        "src/stamp.rs",
        "pub const API_MAJOR: u32 = 1;",
        "pub const API_MAJOR: u32 = 2;",
    )],
    ..Variant::same("other-major")
};

/// A field more in a type that crosses, and nobody raised the numbers.
const OTHER_LAYOUT: Variant = Variant {
    edits: &[(
        "src/traits/loss.rs",
        "    pub step: u64,\n}",
        "    pub step: u64,\n    /// Index of the epoch.\n    pub epoch: u64,\n}",
    )],
    ..Variant::same("other-layout")
};

const ABORTS: Variant = Variant {
    panic: "abort",
    ..Variant::same("aborts")
};

const OTHER_FEATURES: Variant = Variant {
    features: &["load"],
    ..Variant::same("other-features")
};

const OTHER_LIBTORCH: Variant = Variant {
    backend: "libtorch 1.13.1",
    ..Variant::same("other-libtorch")
};

/// Links a library that stays behind in cargo's folder.
const MISSING_DEPENDENCY: Variant = Variant {
    build_script: Some(
        r##"fn main() {
    let out = std::env::var("OUT_DIR").unwrap();
    let source = format!("{out}/gone.rs");
    std::fs::write(&source, "#[unsafe(no_mangle)] pub extern \"C\" fn gone() {}").unwrap();
    let rustc = std::env::var("RUSTC").unwrap();
    let library = format!("{out}/libfictagone.so");
    let arguments = ["--edition", "2024", "--crate-type", "cdylib", "--crate-name", "fictagone", "-o", &library, &source];
    assert!(std::process::Command::new(rustc).args(arguments).status().unwrap().success());
    println!("cargo:rustc-link-search={out}");
    println!("cargo:rustc-link-arg=-Wl,--no-as-needed");
    println!("cargo:rustc-link-arg=-lfictagone");
    println!("cargo:rerun-if-changed=build.rs");
}
"##,
    ),
    ..Variant::same("missing-dependency")
};

/// A folder with these variants' libraries.
fn folder_of(variants: &[&Variant]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for variant in variants {
        let library = variant.library();
        fs::copy(&library, folder.path().join(library.file_name().unwrap())).unwrap();
    }
    folder
}

fn list(folder: &Path) -> Value {
    ficta(["plugins", "list", "--json", "--plugins", folder.to_str().unwrap()])
        .succeeded()
        .json()
}

/// The rejected library of a folder with this variant alone: reason and fix.
fn rejected(variant: &Variant) -> (String, String) {
    let folder = folder_of(&[variant]);
    let listed = list(folder.path());
    let rejected = listed["rejected"].as_array().unwrap();
    assert_eq!(rejected.len(), 1, "{listed:#}");
    let text = |key: &str| rejected[0][key].as_str().unwrap().to_owned();
    let name = format!("flat-{}", variant.name);
    let components = listed["components"].as_array().unwrap();
    assert!(components.iter().all(|c| c["name"] != *name), "nothing of it is listed");
    assert!(components.iter().any(|c| c["name"] == "cosface"), "the others go on");
    (text("reason"), text("fix"))
}

/// What `plugins inspect` says of a variant's library.
fn inspect(variant: &Variant, more: &[&str]) -> Finished {
    let library = variant.library();
    ficta([&["plugins", "inspect", library.to_str().unwrap()], more].concat())
}

#[test]
fn end_to_end_plugins_older_and_newer_by_a_minor_work_beside_each_other() {
    let same = Variant::same("same");
    let variants = [&same, &OLDER, &NEWER, &OTHER_FEATURES];
    let folder = folder_of(&variants);
    let listed = list(folder.path());
    assert_eq!(listed["rejected"], serde_json::json!([]), "{listed:#}");
    for (variant, api) in variants.iter().zip(["1.1", "1.0", "1.2", "1.1"]) {
        let name = format!("flat-{}", variant.name);
        let components = listed["components"].as_array().unwrap();
        let component = components.iter().find(|c| c["name"] == *name).expect("it is listed");
        assert_eq!(component["origin"]["api"], api, "{name}");
    }
    // Losses are called by the libtorch backbone, samplers drive the libtorch network: both through two boundaries of different versions.
    for (loss, sampler) in [("older", "newer"), ("newer", "older"), ("other-features", "same")] {
        let smoke = Smoke::new();
        let (loss, sampler) = (
            format!("loss.plugin=flat-{loss}"),
            format!("sampler.plugin=one-look-{sampler}"),
        );
        let plugins = folder.path().to_str().unwrap();
        let arguments = [
            "--plugins",
            plugins,
            "--set",
            &loss,
            "--set",
            "loss.params={}",
            "--set",
            &sampler,
            "--set",
            "sampler.params={}",
            "--until",
            "train-backbone/real",
        ];
        smoke.run(&arguments).succeeded();
        let generated = [&arguments[..10], &["--until", "generate/fictional"]].concat();
        smoke.run(&generated).succeeded();
    }
}

#[test]
fn another_major_is_refused_before_anything_of_it_runs() {
    let (reason, fix) = rejected(&OTHER_MAJOR);
    assert!(reason.contains("plugin API 2.1, but this host speaks 1.1"), "{reason}");
    assert!(
        reason.contains("plugin: core 0.1.0, rustc 1.") && fix.contains("rebuild the plugin with ficta-core"),
        "{reason}; {fix}"
    );
    inspect(&OTHER_MAJOR, &[]).refused(2, &["plugin API 2.1", "rebuild the plugin"]);
    let stamp = inspect(&OTHER_MAJOR, &["--stamp", "--json"]).succeeded().json();
    assert_eq!(
        (&stamp["api"], &stamp["plugin"]),
        (&"2.1".into(), &"flat_other_major".into())
    );
}

#[test]
fn another_layout_under_the_same_numbers_is_refused_with_a_short_reason_and_a_long_report() {
    let (reason, fix) = rejected(&OTHER_LAYOUT);
    assert!(
        reason.contains("the API numbers agree, but the types do not") && reason.lines().count() <= 3,
        "{reason}"
    );
    assert!(fix.contains("inspect --layout"), "{fix}");
    let whole = inspect(&OTHER_LAYOUT, &["--layout"]).refused(2, &["the types do not"]);
    assert!(
        whole.stdout.lines().count() > 20 && whole.stdout.contains("LossInput"),
        "{whole}"
    );
    // For programs the same, as one value.
    let json = inspect(&OTHER_LAYOUT, &["--layout", "--json"]);
    let says = json.refused(2, &["the types do not"]).json();
    assert!(says["layout"].as_str().unwrap().contains("LossInput"), "{says:#}");
    assert_eq!(
        (&says["rejected"]["reason"], &says["rejected"]["fix"]),
        (&reason.into(), &fix.into())
    );
    assert_eq!(says["plugin"], "flat_other_layout");
    let short = inspect(&OTHER_LAYOUT, &["--json"]).refused(2, &[]).json();
    assert!(
        short.get("layout").is_none() && short["rejected"].is_object(),
        "{short:#}"
    );
}

#[test]
fn a_plugin_whose_panics_cannot_be_caught_is_refused() {
    let (reason, fix) = rejected(&ABORTS);
    assert!(
        reason.contains("panic = \"abort\"") && fix.contains("panic = \"unwind\""),
        "{reason}; {fix}"
    );
}

#[test]
fn a_missing_library_is_named() {
    let (reason, fix) = rejected(&MISSING_DEPENDENCY);
    assert!(
        reason.contains("libfictagone.so") && fix.contains("LD_LIBRARY_PATH"),
        "{reason}; {fix}"
    );
    let stamp = inspect(&MISSING_DEPENDENCY, &["--stamp", "--json"]).succeeded().json();
    let needs = stamp["needs"].as_array().unwrap();
    assert!(needs.iter().any(|n| n == "libfictagone.so"), "{needs:?}");
}

#[test]
fn another_libtorch_is_refused_before_it_is_opened() {
    // It is looked at before the product's own folder, so that the product's plugins are those that come second.
    let folder = folder_of(&[&OTHER_LIBTORCH]);
    let own = fs::copy(
        product::library("ficta_diffusion_tch"),
        folder.path().join(product::file_name("ficta_diffusion_tch")),
    );
    own.unwrap();
    let listed = list(folder.path());
    let rejected = listed["rejected"].as_array().unwrap();
    let of_ours = rejected
        .iter()
        .find(|r| r["path"].as_str().is_some_and(|p| p.contains("flat_other_libtorch")));
    let reason = of_ours.expect("it is rejected")["reason"].as_str().unwrap();
    assert!(
        reason.contains("needs libtorch 1.13.1") && reason.contains("has brought libtorch 2."),
        "{reason}"
    );
}
