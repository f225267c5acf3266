//! `ficta plugins new`: a crate of one's own, from a template that builds.

mod core_source;
mod names;
mod template;

use crate::cli::own_stdout::out;
use std::{
    fs,
    path::{Path, PathBuf},
};

use ficta_core::{Error, Kind, Result};
use serde_json::json;

use self::{core_source::CoreSource, names::Names};
use crate::{cli::args::NewArgs, nearest::suggestion};

/// Writes the crate and says what to do with it.
pub fn new(args: &NewArgs, as_json: bool) -> Result<()> {
    let kind = kind(&args.kind)?;
    let names = Names::new(&args.name)?;
    let folder = args.path.clone().unwrap_or_else(|| PathBuf::from(&args.name));
    let core = CoreSource::choose(args.core.as_deref())?;
    write(&folder, &template::files(kind, &names, &core)?)?;
    if as_json {
        let what = json!({
            "crate": folder, "kind": kind, "component": names.kebab, "ficta-core": core.to_string(), "note": core.note()
        });
        out!("{what:#}");
        return Ok(());
    }
    out!("{}: a {kind} `{}` on ficta-core {core}", folder.display(), names.kebab);
    if let Some(note) = core.note() {
        out!("{note}");
    }
    out!("next:");
    out!("  cd {} && cargo test && cargo build --release", folder.display());
    out!("  ficta plugins check target/release/{}", names.library());
    out!(
        "  ficta run RUN.toml --plugins target/release {}",
        template::usage(kind, &names)
    );
    Ok(())
}

fn kind(name: &str) -> Result<Kind> {
    Kind::ALL.iter().find(|k| k.name() == name).copied().ok_or_else(|| {
        let near = suggestion(name, Kind::ALL.iter().map(|k| k.name()));
        Error::config(format!("--kind {name}: there is no such kind; {near}"))
    })
}

/// The folder appears whole or not at all, and never in the place of another.
fn write(folder: &Path, files: &[(String, String)]) -> Result<()> {
    let failed = |path: &Path| {
        let path = path.display().to_string();
        move |e: std::io::Error| Error::io(format!("{path}: {e}"))
    };
    let taken = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) || folder.is_file();
    if taken {
        return Err(Error::config(format!("{} is there already", folder.display()))
            .help("choose another name, or another folder with --path"));
    }
    let name = folder
        .file_name()
        .ok_or_else(|| Error::config(format!("--path {}: no folder's name", folder.display())))?;
    let parent = folder
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(failed(parent))?;
    let aside = parent.join(format!(".{}.part-{}", name.to_string_lossy(), std::process::id()));
    let all = files.iter().try_for_each(|(file, text)| {
        let path = aside.join(file);
        fs::create_dir_all(path.parent().unwrap_or(&aside)).map_err(failed(&path))?;
        fs::write(&path, text).map_err(failed(&path))
    });
    let done = all.and_then(|()| fs::rename(&aside, folder).map_err(failed(folder)));
    if done.is_err() {
        let _ = fs::remove_dir_all(&aside);
    }
    done
}
