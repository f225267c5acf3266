//! `ficta data stats`.

use std::{collections::BTreeMap, path::PathBuf};

use ficta_core::Result;
use rayon::prelude::*;
use serde_json::json;

use super::opened::SetArgs;
use crate::{
    cli::own_stdout::out,
    data::{check::Spread, source::ImageSource},
    storage::Table,
};

/// `ficta data stats`
#[derive(clap::Args, Debug)]
pub struct StatsArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub set: SetArgs,
    /// Writes label, name and number of images of each identity: `.csv` or `.parquet`.
    #[arg(long, value_name = "FILE")]
    pub identities: Option<PathBuf>,
}

/// Sums over pixels; whole numbers, so that the order of adding does not matter.
#[derive(Clone, Copy, Default)]
struct Sums {
    pixels: u64,
    sum: [u64; 3],
    squares: [u64; 3],
    broken: u64,
}

impl Sums {
    fn of(source: &dyn ImageSource, index: usize) -> Self {
        let Ok(image) = source.decode(index) else {
            return Self {
                broken: 1,
                ..Self::default()
            };
        };
        let mut sums = Self {
            pixels: (image.width * image.height) as u64,
            ..Self::default()
        };
        for pixel in image.pixels.as_chunks::<3>().0 {
            for (channel, value) in pixel.iter().enumerate() {
                sums.sum[channel] += u64::from(*value);
                sums.squares[channel] += u64::from(*value).pow(2);
            }
        }
        sums
    }

    fn plus(mut self, other: Self) -> Self {
        self.pixels += other.pixels;
        self.broken += other.broken;
        for channel in 0..3 {
            self.sum[channel] += other.sum[channel];
            self.squares[channel] += other.squares[channel];
        }
        self
    }

    /// Mean and population deviation of a channel, of values in 0..1.
    fn moments(&self, channel: usize) -> (f64, f64) {
        let n = self.pixels.max(1) as f64;
        let mean = self.sum[channel] as f64 / n;
        let variance = (self.squares[channel] as f64 / n - mean * mean).max(0.0);
        (mean / 255.0, variance.sqrt() / 255.0)
    }
}

pub(super) fn stats(args: &StatsArgs, as_json: bool) -> Result<()> {
    let source = args.set.open()?;
    let host = args.set.host("stats", 0)?;
    let mut sums = Sums::default();
    for start in (0..source.len()).step_by(256) {
        let end = source.len().min(start + 256);
        let block = (start..end).into_par_iter().map(|index| Sums::of(&*source, index));
        sums = sums.plus(block.reduce(Sums::default, Sums::plus));
        host.ctx().progress(end as u64, source.len() as u64, "images")?;
    }
    host.enter("");
    let mut counts: BTreeMap<i64, u64> = BTreeMap::new();
    (0..source.len()).for_each(|i| *counts.entry(source.label(i)).or_insert(0) += 1);
    if let Some(path) = &args.identities {
        let name = |label: &i64| source.identity_name(*label).unwrap_or_else(|| label.to_string());
        let table = Table::new()
            .with("label", counts.keys().copied().collect::<Vec<i64>>())?
            .with("name", counts.keys().map(name).collect::<Vec<String>>())?
            .with("images", counts.values().map(|n| *n as i64).collect::<Vec<i64>>())?;
        match path.extension().is_some_and(|e| e == "parquet") {
            true => table.write_parquet(path)?,
            false => table.write_csv(path)?,
        }
    }
    let moments = [0, 1, 2].map(|channel| sums.moments(channel));
    let (means, deviations) = (moments.map(|m| m.0), moments.map(|m| m.1));
    let spread = Spread::of(counts.values().copied().collect());
    if as_json {
        out!(
            "{:#}",
            json!({
                "set": args.set.path, "images": source.len(), "identities": counts.len(), "images_per_identity": spread,
                "pixels": sums.pixels, "mean": means, "standard_deviation": deviations, "broken": sums.broken,
            })
        );
        return Ok(());
    }
    out!(
        "{} images of {} identities; {} broken",
        source.len(),
        counts.len(),
        sums.broken
    );
    if let Some(s) = spread {
        out!(
            "images each: {} to {}, median {}, mean {:.2}",
            s.least,
            s.largest,
            s.median,
            s.mean
        );
    }
    let three = |v: [f64; 3]| v.map(|x| format!("{x:.4}")).join(", ");
    out!("mean of red, green, blue (0 to 1): {}", three(means));
    out!("standard deviation: {}", three(deviations));
    Ok(())
}
