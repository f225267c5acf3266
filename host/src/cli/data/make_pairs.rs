//! `ficta data make-pairs`.

use std::path::{Path, PathBuf};

use ficta_core::{Error, Result};
use serde_json::json;

use crate::{
    cli::own_stdout::out,
    data::{pack, source},
    evaluation::{
        Pair, PairCounts, sample_pairs,
        set::{ListedPair, write_pair_list},
    },
};

/// `ficta data make-pairs`
#[derive(clap::Args, Debug)]
pub struct MakePairsArgs {
    /// The labelled set, in any layout.
    pub source: PathBuf,
    /// The pack (.bin) or list (.csv) to write.
    #[arg(long, value_name = "PACK.bin|PAIRS.csv")]
    pub out: PathBuf,
    /// Pairs of one person.
    #[arg(long, value_name = "N", default_value_t = 3000)]
    pub genuine: usize,
    /// Pairs of two people.
    #[arg(long, value_name = "N", default_value_t = 3000)]
    pub impostor: usize,
    /// Folds that share no person.
    #[arg(long, value_name = "K", default_value_t = 10)]
    pub folds: usize,
    /// Seed of the draws.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
}

pub fn make_pairs(args: &MakePairsArgs, as_json: bool) -> Result<()> {
    let ending = args.out.extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
    let is_pack = match ending.as_deref() {
        Some("bin") => true,
        Some("csv") => false,
        _ => {
            return Err(Error::config(format!(
                "--out {}: expected a .bin or a .csv",
                args.out.display()
            )));
        }
    };
    let set = source::open(&args.source)?;
    let labels: Vec<i64> = (0..set.len()).map(|i| set.label(i)).collect();
    let counts = PairCounts {
        genuine: args.genuine,
        impostor: args.impostor,
        folds: args.folds,
    };
    let pairs = sample_pairs(&labels, counts, args.seed).map_err(|e| e.context(args.source.display()))?;
    if is_pack {
        let same: Vec<bool> = pairs.iter().map(|p| p.same).collect();
        let row = |at: usize| {
            if at.is_multiple_of(2) {
                pairs[at / 2].first
            } else {
                pairs[at / 2].second
            }
        };
        pack::write(&args.out, &same, |at| Ok(set.bytes(row(at))?.into_owned()))?;
    } else {
        write_pair_list(&args.out, &listed(args, &*set, &pairs)?)?;
    }
    match as_json {
        true => out!(
            "{:#}",
            json!({"out": args.out, "genuine": args.genuine, "impostor": args.impostor, "folds": args.folds, "seed": args.seed, "images": set.len()})
        ),
        false => out!(
            "{}: {} genuine and {} impostor pairs in {} folds that share no person, seed {}",
            args.out.display(),
            args.genuine,
            args.impostor,
            args.folds,
            args.seed
        ),
    }
    Ok(())
}

/// Paths as absolute ones, so that the list may lie anywhere.
fn listed(args: &MakePairsArgs, set: &dyn source::ImageSource, pairs: &[Pair]) -> Result<Vec<ListedPair>> {
    let path = |row: usize| {
        let name = set.name(row);
        Path::new(&name)
            .canonicalize()
            .ok()
            .filter(|p| p.is_file())
            .ok_or_else(|| {
                Error::config(format!("{name} is no file of its own, so a .csv cannot name it")).help(format!(
                    "write a pack: --out {}",
                    args.out.with_extension("bin").display()
                ))
            })
    };
    pairs
        .iter()
        .map(|pair| {
            Ok(ListedPair {
                first: path(pair.first)?,
                second: path(pair.second)?,
                same: pair.same,
                fold: pair.fold,
            })
        })
        .collect()
}
