//! Where the workspace lies, and how its tools are called.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The root of the checkout that this program is run in.
pub fn root() -> PathBuf {
    // `cargo run` sets the variable afresh, so a checkout that was moved after the build is still found.
    let own =
        env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    own.ancestors().nth(2).unwrap_or(Path::new(".")).to_path_buf()
}

/// Cargo's target folder: `CARGO_TARGET_DIR` (relative to the root), else `target` in the root.
pub fn target() -> PathBuf {
    root().join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// `cargo` in folder `directory`, in the environment the user started from.
pub fn cargo(directory: &Path) -> Command {
    let mut command = tool("cargo");
    command.current_dir(directory);
    command
}

/// `program` without the variables that `cargo run` adds for this crate: build scripts may watch them, and would run
/// again each time the user changes between `cargo xtask` and plain `cargo`.
pub fn tool(program: &str) -> Command {
    let mut command = Command::new(program);
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(added_by_cargo_run) {
            command.env_remove(&name);
        }
    }
    command
}

fn added_by_cargo_run(name: &str) -> bool {
    [
        "CARGO_PKG_",
        "CARGO_MANIFEST_",
        "CARGO_BIN_",
        "CARGO_CRATE_",
        "CARGO_PRIMARY_",
    ]
    .iter()
    .any(|prefix| name.starts_with(prefix))
}

/// `program` with its arguments as one line that a POSIX shell reads back unchanged.
pub fn shell_line(environment: &[(&str, &Path)], program: &str, arguments: &[&str]) -> String {
    let assignments = environment
        .iter()
        .map(|(name, value)| format!("{name}={}", quoted(&value.to_string_lossy())));
    let words = std::iter::once(program).chain(arguments.iter().copied()).map(quoted);
    assignments.chain(words).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_holds_this_crate() {
        assert!(root().join("host/xtask/Cargo.toml").is_file());
    }

    #[test]
    fn shell_lines_quote_what_a_shell_would_split_or_expand() {
        let line = shell_line(
            &[("FICTA_CACHE", Path::new("/tmp/a b"))],
            "cargo",
            &["nextest", "run", "-E", "not binary(/^end/)", "it's"],
        );
        assert_eq!(
            line,
            r"FICTA_CACHE='/tmp/a b' cargo nextest run -E 'not binary(/^end/)' 'it'\''s'"
        );
    }

    /// `cargo build` and `cargo test` in the root work on a bare machine.
    #[test]
    fn the_default_members_need_no_libtorch() {
        let tree = |more: &[&str]| {
            let output = cargo(&root())
                .args(["tree", "--prefix", "none", "--edges", "all", "--offline"])
                .args(more)
                .output()
                .unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let text = String::from_utf8(output.stdout).unwrap();
            text.lines().any(|line| line.starts_with("torch-sys "))
        };
        assert!(!tree(&[]));
        assert!(tree(&["--workspace"]), "the test sees nothing");
    }
}
