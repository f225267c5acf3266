//! Greedy non-maximum suppression in the given order, as plainly as it can be written: replace it by a selector of your own.
//!
//! A candidate is dropped where its cosine to a real identity, or to one selected before it, exceeds the threshold.

use ficta_core::{
    Candidates, Configure, Ctx, Decision, Error, IdSelector, Identities, Result, SelectionMut, TensorRef,
};

/// Parameters in the run file. The comments become the schema that users see.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "MySelector")]
pub struct Params {
    /// Largest cosine to a real or a selected identity, -1 to 1.
    #[schemars(range(min = -1, max = 1))]
    pub threshold: f32,
}

impl Default for Params {
    fn default() -> Self {
        Self { threshold: 0.5 }
    }
}

/// See [`Params`].
pub struct MySelector(Params);

impl Configure for MySelector {
    type Params = Params;

    fn configure(params: Params) -> Result<Self> {
        if !(-1.0..=1.0).contains(&params.threshold) {
            return Err(Error::config(format!(
                "threshold: expected -1 to 1, got {}",
                params.threshold
            )));
        }
        Ok(Self(params))
    }
}

/// Rows of length 1.
fn unit_rows(what: &str, tensor: &TensorRef<'_>, dim: usize) -> Result<Vec<f32>> {
    let mut rows = tensor.as_slice::<f32>()?.to_vec();
    for (i, row) in rows.chunks_mut(dim.max(1)).enumerate() {
        let norm = row.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
        if !(norm > 0.0 && norm.is_finite()) {
            return Err(Error::data(format!(
                "{what} {i} has length {norm}: expected a finite number above 0"
            )));
        }
        row.iter_mut().for_each(|x| *x = (f64::from(*x) / norm) as f32);
    }
    Ok(rows)
}

/// The row most similar to `feature`, the first of equals, and its cosine.
fn nearest<'a>(feature: &[f32], rows: impl Iterator<Item = (usize, &'a [f32])>) -> Option<(usize, f32)> {
    let cosine = |row: &[f32]| row.iter().zip(feature).map(|(a, b)| f64::from(a * b)).sum::<f64>() as f32;
    rows.map(|(i, row)| (i, cosine(row)))
        .reduce(|best, next| if next.1 > best.1 { next } else { best })
}

impl IdSelector for MySelector {
    fn select(
        &mut self,
        candidates: &Candidates<'_>,
        real: &Identities<'_>,
        mut out: SelectionMut<'_>,
        ctx: &Ctx<'_>,
    ) -> Result<usize> {
        let [k, dim] = candidates.feature.dims("candidates")?;
        let [m, real_dim] = real.mean.dims("real means")?;
        real.mean
            .expect_shape("real means", &[m, if k == 0 { real_dim } else { dim }])?;
        for (what, room) in [
            ("decision", &out.decision),
            ("blocker", &out.blocker),
            ("cosine", &out.cosine),
            ("rank", &out.rank),
        ] {
            room.expect_shape(what, &[k])?;
        }
        let features = unit_rows("candidate", &candidates.feature, dim)?;
        let means = unit_rows("the mean of real identity", &real.mean, real_dim)?;
        let (decision, blocker) = (out.decision.as_mut_slice::<u8>()?, out.blocker.as_mut_slice::<i64>()?);
        let (cosine, rank) = (out.cosine.as_mut_slice::<f32>()?, out.rank.as_mut_slice::<i64>()?);
        let mut kept: Vec<usize> = Vec::new();
        for i in 0..k {
            ctx.progress(i as u64, k as u64, "candidates")?;
            let feature = &features[i * dim..][..dim];
            let by_real = nearest(feature, means.chunks(dim).enumerate());
            let by_kept = nearest(feature, kept.iter().map(|j| (*j, &features[j * dim..][..dim])));
            let over = |nearest: Option<(usize, f32)>| nearest.filter(|(_, c)| *c > self.0.threshold);
            let (why, by) = match (over(by_real), over(by_kept)) {
                (Some(by), _) => (Decision::REAL, Some(by)),
                (None, Some(by)) => (Decision::SELECTED, Some(by)),
                (None, None) => (Decision::KEEP, None),
            };
            decision[i] = why.0;
            (blocker[i], cosine[i]) = by.map_or((-1, f32::NAN), |(row, c)| (row as i64, c));
            rank[i] = -1;
            if why == Decision::KEEP {
                rank[i] = kept.len() as i64;
                kept.push(i);
            }
        }
        ctx.progress(k as u64, k as u64, "candidates")?;
        Ok(kept.len())
    }
}

ficta_core::register_selector!(
    MySelector,
    "my-selector",
    "Greedy NMS in the given order, one threshold"
);
ficta_core::export_plugin!();
