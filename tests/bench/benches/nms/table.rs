//! The results, as rows of a table.

use std::fmt::{Display, Formatter, Result};

use serde_json::{Value, json};

/// One method on one problem.
pub struct Row {
    pub method: String,
    pub count: usize,
    pub threshold: f32,
    pub kept: u64,
    pub seconds: f64,
    /// Candidates decided on when it ended: fewer than all where time was over.
    pub done: u64,
    /// Peak memory over the bytes of the input.
    pub memory: f64,
    /// What two plain loops would multiply in that time, over the machine's rate of f32 matrix products; for all candidates only.
    pub share: f64,
    /// Candidates that are kept by this method or by ours, but not by both.
    pub differ: usize,
}

impl Row {
    #[allow(clippy::too_many_arguments)]
    pub fn new(
        method: &str,
        count: usize,
        threshold: f32,
        kept: u64,
        done: &Value,
        flop: f64,
        peak: f64,
        differ: usize,
    ) -> Self {
        let number = |key: &str| done[key].as_f64().unwrap_or(f64::NAN);
        // Features and variances of both, and the parents.
        let input = (4 * crate::data::DIM + 4) as f64 * (count + crate::data::REAL) as f64 + 16.0 * count as f64;
        Self {
            method: method.into(),
            count,
            threshold,
            kept,
            seconds: number("seconds"),
            done: number("done") as u64,
            memory: number("peak") / input,
            share: flop / number("seconds") / (peak * 1e9),
            differ,
        }
    }

    pub fn whole(&self) -> bool {
        self.done == self.count as u64
    }

    pub fn kept_share(&self) -> f64 {
        self.kept as f64 / self.count as f64
    }

    pub fn json(&self) -> Value {
        json!({"method": self.method, "count": self.count, "threshold": self.threshold, "kept": self.kept,
            "seconds": self.seconds, "done": self.done, "memory": self.memory, "share": self.share, "differ": self.differ})
    }

    fn time(&self) -> String {
        if self.whole() {
            format!("{:.2} s", self.seconds)
        } else {
            format!(
                "{:.0}% in {:.0} s",
                100.0 * self.done as f64 / self.count as f64,
                self.seconds
            )
        }
    }
}

impl Display for Row {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let (method, time, memory) = (&self.method, self.time(), self.memory);
        write!(f, "{method:22} {time:>16}  memory {memory:.2} x input")?;
        if self.whole() {
            write!(f, "  {:.1} x GEMM  {} differ", self.share, self.differ)?;
        }
        Ok(())
    }
}

/// All of them, for BENCHMARKS.md.
pub fn markdown(rows: &[Row], peak: f64) -> String {
    let mut out = format!(
        "GEMM: {peak:.0} GFLOP/s in f32. \"x GEMM\": what two plain loops would multiply, per second, over that.\n\n\
         | candidates | kept | threshold | method | time | fastest peer / this | memory / input | x GEMM | differ |\n\
         |---|---|---|---|---|---|---|---|---|\n"
    );
    for row in rows {
        let same = |other: &&Row| other.count == row.count && other.threshold == row.threshold;
        let peers = rows
            .iter()
            .filter(same)
            .filter(|other| !other.method.starts_with("ficta") && other.whole());
        let fastest = peers.map(|peer| peer.seconds).min_by(f64::total_cmp);
        let ratio = fastest
            .filter(|_| row.whole())
            .map_or("-".into(), |s| format!("{:.1}", s / row.seconds));
        let (share, differ) = match row.whole() {
            true => (format!("{:.1}", row.share), row.differ.to_string()),
            false => ("-".into(), "-".into()),
        };
        out += &format!(
            "| {} | {:.1}% | {:.3} | {} | {} | {ratio} | {:.2} | {share} | {differ} |\n",
            row.count,
            100.0 * row.kept_share(),
            row.threshold,
            row.method,
            row.time(),
            row.memory,
        );
    }
    out
}
