//! `ficta data split`.

use std::path::PathBuf;

use ficta_core::{Error, Result, random::Stream};
use serde_json::json;

use super::{
    choose::{Selection, WriteArgs},
    opened::SetArgs,
};
use crate::{
    cli::own_stdout::out,
    data::{People, writer},
};

/// `ficta data split`
#[derive(clap::Args, Debug)]
pub struct SplitArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub set: SetArgs,
    /// Folder that gets one folder a part.
    pub to: PathBuf,
    /// A part and how much of the identities it gets: a share (`train=0.8`) or a number (`test=10`). The last one may be `NAME=rest`.
    #[arg(long = "part", value_name = "NAME=SHARE", default_values = ["train=0.8", "test=rest"])]
    pub parts: Vec<String>,
    /// Seed of the draw.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub write: WriteArgs,
}

/// Name and number of identities of each part.
fn counts(parts: &[String], people: usize) -> Result<Vec<(String, usize)>> {
    let mut out: Vec<(String, usize)> = Vec::new();
    let mut left = people;
    for (at, text) in parts.iter().enumerate() {
        let wrong = || {
            Error::config(format!("--part {text}: expected NAME=SHARE"))
                .help("for example --part train=0.8 --part test=rest, or --part test=10")
        };
        let (name, amount) = text.split_once('=').ok_or_else(wrong)?;
        let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        if !plain || out.iter().any(|(other, _)| other == name) {
            return Err(Error::config(format!(
                "--part {text}: names are letters, digits, - and _, each used once"
            )));
        }
        let count = match amount {
            "rest" if at + 1 == parts.len() => left,
            _ if amount.contains('.') => {
                let share: f64 = amount.parse().map_err(|_| wrong())?;
                if !(0.0..=1.0).contains(&share) {
                    return Err(wrong());
                }
                (share * people as f64).round() as usize
            }
            _ => amount.parse().map_err(|_| wrong())?,
        };
        if count == 0 || count > left {
            return Err(Error::config(format!(
                "--part {text}: {count} of {people} identities, of which {left} are left"
            )));
        }
        left -= count;
        out.push((name.to_owned(), count));
    }
    Ok(out)
}

pub(super) fn split(args: &SplitArgs, as_json: bool) -> Result<()> {
    let source = args.set.open()?;
    let all = People::of(&*source)?;
    let counts = counts(&args.parts, all.len())?;
    for (name, _) in &counts {
        writer::check_destination(&args.set.path, &args.to.join(name), args.write.replace)?;
    }
    let host = args.set.host("split", args.seed)?;
    let mut order: Vec<usize> = (0..all.len()).collect();
    Stream::new(args.seed, "data/split", 0, 0).shuffle(&mut order);
    let mut rest = &order[..];
    let mut shown = Vec::new();
    for (name, count) in &counts {
        let (part, after) = rest.split_at(*count);
        rest = after;
        let mut part = part.to_vec();
        part.sort_unstable();
        let selection = Selection::of(&all, part, true, |_| true);
        let made_by = format!(
            "ficta data split --part {} --seed {}",
            args.parts.join(" --part "),
            args.seed
        );
        let mut card = selection.card(&args.set.path, &*source, &args.write, &made_by)?;
        card.seed = Some(args.seed);
        host.enter(name);
        let names = |label| selection.name(label);
        let folder = args.to.join(name);
        writer::write(
            &*source,
            &selection.chosen,
            &names,
            args.write.format,
            &folder,
            &card,
            &host.ctx(),
        )?;
        if !as_json {
            out!(
                "{}: {} images of {} identities",
                folder.display(),
                card.images,
                card.identities
            );
        }
        shown.push(json!({"part": name, "set": folder, "images": card.images, "identities": card.identities}));
    }
    if as_json {
        out!("{:#}", json!({"seed": args.seed, "parts": shown}));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_numbers_and_the_rest() {
        let of = |parts: &[&str]| counts(&parts.iter().map(|p| (*p).to_owned()).collect::<Vec<_>>(), 40);
        let expect = |all: &[(&str, usize)]| all.iter().map(|(n, c)| ((*n).to_owned(), *c)).collect::<Vec<_>>();
        assert_eq!(
            of(&["train=0.8", "test=rest"]).unwrap(),
            expect(&[("train", 32), ("test", 8)])
        );
        assert_eq!(of(&["a=10", "b=0.25"]).unwrap(), expect(&[("a", 10), ("b", 10)]));
        for wrong in [
            &["a"][..],
            &["a=1.5"],
            &["a=x"],
            &["a=0"],
            &["a=41"],
            &["a=1", "a=1"],
            &["../a=1"],
            &["a=rest", "b=1"],
            &["a=0.9", "b=0.2"],
        ] {
            assert!(of(wrong).is_err(), "{wrong:?}");
        }
    }
}
