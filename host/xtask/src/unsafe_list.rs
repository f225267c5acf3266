//! `cargo xtask unsafe`: every place where the sources say `unsafe`, with its reason, in `core/UNSAFE.md`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::workspace;

/// Where the list stands.
const LIST: &str = "core/UNSAFE.md";

/// Folders with sources that are shipped or that tests are built from.
const SOURCES: [&str; 4] = ["core", "host", "plugins", "tests"];

const HEAD: &str = "# Every `unsafe` of ficta\n\n\
    Written by `cargo xtask unsafe` from the sources, whose comments give the reasons; `cargo xtask test` checks that it is up to date. Clippy refuses a block without\n\
    a reason. `core/tests/boundary.rs` runs both sides of the boundary in one program, `core/tests/dlpack.rs` the exchange of tensors, in a size for Miri:\n\
    `cargo +nightly miri test -p ficta-core --features dlpack --test boundary --test dlpack`.\n";

#[derive(clap::Args)]
pub struct Options {
    /// Only say whether the list is up to date
    #[arg(long)]
    check: bool,
}

pub fn command(options: &Options) -> Result<()> {
    let root = workspace::root();
    let (file, now) = (root.join(LIST), list(&root)?);
    if fs::read_to_string(&file).is_ok_and(|old| old == now) {
        println!("{LIST} is up to date");
        return Ok(());
    }
    if options.check {
        bail!("{LIST} is not what the sources say: run `cargo xtask unsafe`, and read the difference");
    }
    fs::write(&file, now).with_context(|| format!("cannot write {}", file.display()))?;
    println!("{LIST} is written");
    Ok(())
}

/// The whole text.
fn list(root: &Path) -> Result<String> {
    let mut text = HEAD.to_owned();
    for folder in SOURCES {
        let mut files = Vec::new();
        collect(&root.join(folder), &mut files)?;
        files.sort();
        for file in files {
            let source = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
            let name = file.strip_prefix(root)?.to_string_lossy().into_owned();
            let places = places(&source);
            if !places.is_empty() {
                text += &format!("\n## {name}\n\n");
            }
            for (code, reason) in places {
                text += &format!("- `{code}`\n  {reason}\n");
            }
        }
    }
    Ok(text)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" {
            collect(&path, files)?;
        } else if name.ends_with(".rs") && !path.ends_with(file!()) && name != "unsafe_list.rs" {
            files.push(path);
        }
    }
    Ok(())
}

/// Lines of code that say `unsafe`, each with the SAFETY comment above it.
fn places(source: &str) -> Vec<(String, String)> {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let is_comment = |line: &str| line.starts_with("//");
    let says_unsafe = |line: &str| {
        let code = line.split("//").next().unwrap_or_default();
        code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "unsafe")
            // Inside a text it is data: a source that a test writes.
            && code.find('"').is_none_or(|quote| code.find("unsafe").is_some_and(|at| at < quote))
    };
    lines
        .iter()
        .enumerate()
        .filter(|(_, line)| !is_comment(line) && says_unsafe(line))
        .map(|(i, line)| ((*line).to_owned(), reason(&lines[..i])))
        .collect()
}

/// The last comment block with `SAFETY:` or `# Safety` among the dozen lines above.
fn reason(above: &[&str]) -> String {
    let near = &above[above.len().saturating_sub(12)..];
    let Some(start) = near
        .iter()
        .rposition(|l| l.starts_with("// SAFETY:") || l.starts_with("/// # Safety"))
    else {
        return "(no reason)".into();
    };
    let block = near[start..].iter().take_while(|line| line.starts_with("//"));
    let words: Vec<_> = block.map(|line| line.trim_start_matches('/').trim()).collect();
    let text = words.join(" ");
    let text = text
        .strip_prefix("SAFETY:")
        .or_else(|| text.strip_prefix("# Safety"))
        .unwrap_or(&text);
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unsafe_has_a_reason_and_stands_in_the_list() {
        let root = workspace::root();
        let now = list(&root).unwrap();
        assert!(!now.contains("(no reason)"), "{now}");
        let stored = fs::read_to_string(root.join(LIST)).unwrap();
        assert!(stored == now, "run `cargo xtask unsafe`, and read the difference");
    }

    #[test]
    fn comments_and_texts_are_no_unsafe_code() {
        let source = "// unsafe here\nlet s = \"unsafe\";\n// SAFETY: it is\n// fine.\nlet x = unsafe { y };\nfn not_unsafe() {}\n";
        assert_eq!(
            places(source),
            [("let x = unsafe { y };".to_owned(), "it is fine.".to_owned())]
        );
    }
}
