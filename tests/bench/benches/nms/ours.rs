//! One selection, or one yield curve, in a process of its own: so that the memory measured is this one's.

use std::{path::Path, time::Instant};

use ficta_core::{
    Configure, Ctx, Decision, IdSelector, Result, SelectionMut, TensorMut, TensorRef, testing::RecordingHost,
};
use ficta_id_nms::{IdNms, IdNmsParams};
use serde_json::{Value, json};

use crate::data::{DIM, REAL, Scene};

/// What a child process is to do; as words on its command line.
pub struct Task {
    pub count: usize,
    pub threshold: f32,
    pub with_parents: bool,
}

/// Selects, and says how long it took, what it would have been as products, and how much memory there was at most.
pub fn select(folder: &Path, task: &Task, threads: u32) -> Result<Value> {
    let scene = Scene::read(folder, task.count).expect("the benchmark's own files");
    let k = scene.len();
    let mut nms = IdNms::configure(IdNmsParams {
        threshold_real: f64::from(task.threshold),
        threshold_selected: f64::from(task.threshold),
        ..IdNmsParams::default()
    })?;
    let (mut decision, mut blocker) = (vec![0u8; k], vec![0i64; k]);
    let (mut cosine, mut rank) = (vec![0f32; k], vec![0i64; k]);
    let out = SelectionMut {
        decision: TensorMut::new(&mut decision, &[k])?,
        blocker: TensorMut::new(&mut blocker, &[k])?,
        cosine: TensorMut::new(&mut cosine, &[k])?,
        rank: TensorMut::new(&mut rank, &[k])?,
    };
    let started = Instant::now();
    let kept = nms.select(
        &scene.candidates(task.with_parents)?,
        &scene.identities()?,
        out,
        &Ctx::new(&RecordingHost::new(1).with_threads(threads)),
    )?;
    let seconds = started.elapsed().as_secs_f64();
    let peak = peak_memory();

    // What two plain loops would multiply: each with all real identities, and each that passes with all selected before.
    let mut order: Vec<usize> = (0..k).collect();
    order.sort_by(|a, b| scene.variance[*b].total_cmp(&scene.variance[*a]));
    let (mut pairs, mut selected) = ((k * REAL) as f64, 0.0);
    for i in &order {
        if Decision(decision[*i]) != Decision::REAL {
            pairs += selected;
        }
        selected += f64::from(u8::from(Decision(decision[*i]) == Decision::KEEP));
    }
    let kept_ones = order
        .iter()
        .filter(|i| rank[**i] >= 0)
        .flat_map(|i| (*i as u32).to_le_bytes())
        .collect::<Vec<u8>>();
    std::fs::write(folder.join("ours.kept"), kept_ones).expect("the folder is the benchmark's own");
    let audit = decision
        .iter()
        .zip(&blocker)
        .zip(&cosine)
        .fold(0u64, |hash, ((d, b), c)| {
            let word = u64::from(*d) ^ (*b as u64) << 8 ^ u64::from(c.to_bits()) << 32;
            (hash ^ word).wrapping_mul(0x100_0000_01b3)
        });
    Ok(json!({"seconds": seconds, "kept": kept, "done": k, "peak": peak,
        "flop": 2.0 * DIM as f64 * pairs, "audit": format!("{audit:016x}")}))
}

/// How many survive at each of `thresholds`, and the seconds that it took.
pub fn curve(folder: &Path, count: usize, thresholds: &[f32], threads: u32) -> Result<(Vec<i64>, f64)> {
    let scene = Scene::read(folder, count).expect("the benchmark's own files");
    let mut kept = vec![0; thresholds.len()];
    let mut nms = IdNms::configure(IdNmsParams::default())?;
    let started = Instant::now();
    nms.yield_curve(
        &scene.candidates(true)?,
        &scene.identities()?,
        TensorRef::new(thresholds, &[thresholds.len()])?,
        TensorMut::new(&mut kept, &[thresholds.len()])?,
        &Ctx::new(&RecordingHost::new(1).with_threads(threads)),
    )?;
    Ok((kept, started.elapsed().as_secs_f64()))
}

/// The most memory that this process has had, in bytes.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok())
        .map_or(0, |kb| kb * 1024)
}
