//! Plugins built against other versions of ficta-core: its sources are copied, edited and built.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::product;

const PLUGIN: &str = include_str!("plugin.rs");

/// A plugin and the core that it is built with.
pub struct Variant {
    /// Goes into the names of crate, library and components.
    pub name: &'static str,
    /// Edits of core's sources: file below `core/`, text, what stands there instead.
    pub edits: &'static [(&'static str, &'static str, &'static str)],
    /// Features of core.
    pub features: &'static [&'static str],
    /// Numeric library that the plugin says it needs.
    pub backend: &'static str,
    /// `panic` of the profile.
    pub panic: &'static str,
    /// A build script.
    pub build_script: Option<&'static str>,
}

impl Variant {
    /// A plugin against core as it is.
    pub const fn same(name: &'static str) -> Self {
        Self {
            name,
            edits: &[],
            features: &[],
            backend: "",
            panic: "unwind",
            build_script: None,
        }
    }

    /// Builds the library, unless it is built already, and gives its file.
    ///
    /// # Panics
    /// Where the sources no longer hold the text that an edit replaces, or the build fails.
    pub fn library(&self) -> PathBuf {
        let folder = product::target().join("skew").join(self.name);
        self.write(&folder);
        // Debug builds: nothing here is numeric. One target folder, so that what core depends on is built once.
        let target = product::target().join("skew/target");
        let output = Command::new(env!("CARGO"))
            .args(["build", "--config", &format!("profile.dev.panic={:?}", self.panic)])
            .current_dir(&folder)
            .env("CARGO_TARGET_DIR", &target)
            .output()
            .expect("cargo starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {said}", self.name);
        target
            .join("debug")
            .join(product::file_name(&format!("flat_{}", self.name.replace('-', "_"))))
    }

    fn write(&self, folder: &Path) {
        let root = product::root();
        let mut core = Vec::new();
        collect(&root.join("core"), &mut core);
        for file in core {
            let relative = file.strip_prefix(root.join("core")).expect("a file of core");
            let mut text = fs::read_to_string(&file).expect("a source of core");
            for (_, from, to) in self.edits.iter().filter(|(of, _, _)| Path::new(of) == relative) {
                assert!(
                    text.contains(from),
                    "{}: core/{} has no `{from}`",
                    self.name,
                    relative.display()
                );
                text = text.replace(from, to);
            }
            if relative == Path::new("Cargo.toml") {
                text = without_tests(&text);
            }
            put(&folder.join(self.part("core")).join(relative), &text);
        }
        let workspace = fs::read_to_string(root.join("Cargo.toml")).expect("Cargo.toml");
        let (_, package) = workspace
            .split_once("[workspace.package]")
            .expect("[workspace.package]");
        let members = [self.part("core"), self.part("plugin")];
        let head = format!("[workspace]\nresolver = \"3\"\nmembers = {members:?}\n\n[workspace.package]");
        put(&folder.join("Cargo.toml"), &format!("{head}{package}"));
        let plugin = folder.join(self.part("plugin"));
        put(&plugin.join("Cargo.toml"), &self.manifest());
        let source = PLUGIN.replace("VARIANT", self.name).replace("BACKEND", self.backend);
        put(&plugin.join("src/lib.rs"), &source);
        if let Some(script) = self.build_script {
            put(&plugin.join("build.rs"), script);
        }
        // The versions that the workspace is built with.
        if !folder.join("Cargo.lock").exists() {
            fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).expect("Cargo.lock");
        }
    }

    /// A member's folder. Cargo tells crates of one name apart by their path in the workspace, and the target folder is shared.
    fn part(&self, what: &str) -> String {
        format!("{what}-{}", self.name)
    }

    fn manifest(&self) -> String {
        format!(
            "[package]\nname = \"flat-{}\"\nversion = \"0.1.0\"\nedition = \"2024\"\nlicense = \"MIT OR Apache-2.0\"\n\n\
             [lib]\ncrate-type = [\"cdylib\"]\n\n[dependencies]\nficta-core = {{ path = \"../core-{}\", features = {:?} }}\n\
             schemars.workspace = true\nserde.workspace = true\n",
            self.name, self.name, self.features
        )
    }
}

/// Writes a file unless it stands there already, so that cargo builds only what has changed.
fn put(path: &Path, text: &str) {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return;
    }
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder below target");
    fs::write(path, text).expect("a file below target");
}

/// The sources of core, without its tests.
/// A manifest without its `[[test]]` sections: the tests themselves are not copied.
fn without_tests(manifest: &str) -> String {
    let sections = manifest.split("\n[").filter(|section| !section.starts_with("[test]]"));
    sections.collect::<Vec<_>>().join("\n[")
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of core") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && name != "tests" && name != "snapshots" && name != "benches" {
            collect(&path, files);
        } else if name.ends_with(".rs") || name == "Cargo.toml" || name == "guide.md" {
            files.push(path);
        }
    }
}
