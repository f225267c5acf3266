//! select/SET: which candidates stay, with the audit of every decision and the yield curve.

use ficta_core::{Decision, Error, ErrorKind, IdSelector, Kind, Result, SelectionMut, TensorMut, TensorRef};
use serde_json::json;

use crate::{
    config::IdSet,
    pipeline::{Place, Stage, candidates::CandidateTable, identities::IdentityTable, place::write_table},
    storage::{Table, json as json_file},
};

pub const SELECTED: &str = "selected.safetensors";
pub const YIELD: &str = "yield.json";

/// The outcome of a selection among K candidates.
pub struct Selection {
    /// Decision on each.
    pub decision: Vec<Decision>,
    /// Row of the real identities, or the candidate, that each was dropped for; -1 without one.
    pub blocker: Vec<i64>,
    /// Cosine to it; NaN without one.
    pub cosine: Vec<f32>,
    /// Candidates that stay, in order of selection.
    pub kept: Vec<usize>,
}

pub fn stage(name: &str, set: &IdSet) -> Stage {
    let (choice, propose, set_name) = (set.selector.clone(), format!("propose/{name}"), name.to_owned());
    let wanted = set.count;
    let work = move |place: &Place<'_>| {
        let real = IdentityTable::read(&place.file("statistics", super::statistics::FULL))?;
        let candidates = CandidateTable::read(&place.file(&format!("propose/{set_name}"), super::propose::CANDIDATES))?;
        let mut selector = place.registry.selector(&choice.plugin, &choice.params)?;
        let selection = run(&mut *selector, &candidates, &real, place)?;
        write_table(place, &audit(&candidates, &selection)?, "audit")?;
        write_yield(&mut *selector, &candidates, &real, place)?;
        if selection.kept.is_empty() {
            let count = |d: Decision| selection.decision.iter().filter(|x| **x == d).count();
            return Err(Error::data(format!(
                "none of {} candidates survives `{}`: {} too similar to a real identity, {} to a selected one",
                candidates.len(),
                choice.plugin,
                count(Decision::REAL),
                count(Decision::SELECTED),
            ))
            .help(format!(
                "raise the thresholds of [ids.{set_name}.selector.params], or ask for more candidates"
            )));
        }
        // Here and not only where images are made: the denoiser is trained in between.
        if selection.kept.len() < wanted {
            return Err(Error::data(format!(
                "{} of {} candidates survive `{}`, but ids.{set_name}.count asks for {wanted}",
                selection.kept.len(),
                candidates.len(),
                choice.plugin
            ))
            .help(format!(
                "lower ids.{set_name}.count, raise the thresholds of its selector, or ask for more candidates"
            )));
        }
        let index: Vec<i64> = selection.kept.iter().map(|i| *i as i64).collect();
        place.host.say(&format!(
            "select/{set_name}: {} of {} candidates stay",
            index.len(),
            candidates.len()
        ));
        let mut tensors = candidates.select(&selection.kept).tensors()?;
        tensors.insert("index", &[index.len()], index)?;
        tensors.write(&place.dir.join(SELECTED))
    };
    Stage::new(
        format!("select/{name}"),
        vec!["statistics".into(), propose],
        json!({}),
        Box::new(work),
    )
    .with(Kind::SELECTOR, &set.selector)
}

/// Runs a selector and checks that what it says is consistent.
///
/// # Errors
/// The selector's; decisions, ranks and counts that contradict each other.
pub fn run(
    selector: &mut dyn IdSelector,
    candidates: &CandidateTable,
    real: &IdentityTable,
    place: &Place<'_>,
) -> Result<Selection> {
    let k = candidates.len();
    let (mut decision, mut blocker, mut rank) = (vec![0u8; k], vec![-1i64; k], vec![-1i64; k]);
    let mut cosine = vec![f32::NAN; k];
    let out = SelectionMut {
        decision: TensorMut::new(&mut decision, &[k])?,
        blocker: TensorMut::new(&mut blocker, &[k])?,
        cosine: TensorMut::new(&mut cosine, &[k])?,
        rank: TensorMut::new(&mut rank, &[k])?,
    };
    let count = selector.select(&candidates.view()?, &real.view()?, out, &place.ctx())?;
    let contradicts = |what: String| Error::data(format!("the selector contradicts itself: {what}"));
    if count > k {
        return Err(contradicts(format!("it says {count} selected of {k} candidates")));
    }
    let mut kept = vec![usize::MAX; count];
    for (i, (&r, &d)) in rank.iter().zip(&decision).enumerate() {
        let slot = usize::try_from(r).ok().and_then(|r| kept.get_mut(r));
        match (slot, Decision(d) == Decision::KEEP) {
            (Some(slot), true) if *slot == usize::MAX => *slot = i,
            (None, false) if r == -1 => {}
            _ => {
                return Err(contradicts(format!(
                    "candidate {i} has decision {d} and rank {r} of {count} selected"
                )));
            }
        }
    }
    if kept.contains(&usize::MAX) {
        return Err(contradicts(format!("it says {count} selected, but names fewer")));
    }
    for (i, (&by, &d)) in blocker.iter().zip(&decision).enumerate() {
        let rows = match Decision(d) {
            Decision::REAL | Decision::PARENT_CAP => 0..real.len() as i64,
            Decision::SELECTED => 0..k as i64,
            _ => -1..0,
        };
        if !rows.contains(&by) {
            return Err(contradicts(format!(
                "candidate {i} is `{}` by row {by}, expected one of {} to {}",
                Decision(d).name(),
                rows.start,
                rows.end - 1
            )));
        }
    }
    Ok(Selection {
        decision: decision.into_iter().map(Decision).collect(),
        blocker,
        cosine,
        kept,
    })
}

/// Every decision: candidate, parent_a, parent_b, t, variance, decision, blocker, cosine.
///
/// # Errors
/// None that well-formed input can give.
pub fn audit(candidates: &CandidateTable, selection: &Selection) -> Result<Table> {
    let parent = |which: usize| {
        candidates
            .parents
            .iter()
            .skip(which)
            .step_by(2)
            .copied()
            .collect::<Vec<_>>()
    };
    Table::new()
        .with("candidate", (0..candidates.len() as i64).collect::<Vec<_>>())?
        .with("parent_a", parent(0))?
        .with("parent_b", parent(1))?
        .with("t", candidates.t.clone())?
        .with("variance", candidates.variance.clone())?
        .with(
            "decision",
            selection
                .decision
                .iter()
                .map(|d| d.name().to_owned())
                .collect::<Vec<_>>(),
        )?
        .with("blocker", selection.blocker.clone())?
        .with("cosine", selection.cosine.clone())
}

/// How many would stay at thresholds from 0 to 1 in steps of 0.02; nothing where the selector has no threshold.
fn write_yield(
    selector: &mut dyn IdSelector,
    candidates: &CandidateTable,
    real: &IdentityTable,
    place: &Place<'_>,
) -> Result<()> {
    let thresholds: Vec<f32> = (0..=50).map(|i| i as f32 / 50.0).collect();
    let mut kept = vec![0i64; thresholds.len()];
    let shape = [thresholds.len()];
    let done = selector.yield_curve(
        &candidates.view()?,
        &real.view()?,
        TensorRef::new(&thresholds, &shape)?,
        TensorMut::new(&mut kept, &shape)?,
        &place.ctx(),
    );
    match done {
        Ok(()) => json_file::write(&place.dir.join(YIELD), &json!({"threshold": thresholds, "kept": kept})),
        Err(e) if e.kind() == ErrorKind::UNSUPPORTED => Ok(()),
        Err(e) => Err(e.context("yield curve")),
    }
}
