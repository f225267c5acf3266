//! Cosines between embeddings and class centres.

use ficta_tch_bridge::TchResult;
use tch::Tensor;

/// Below this a vector is divided by it instead of by its norm, as `torch.nn.functional.normalize` does.
const SMALLEST_NORM: f64 = 1e-12;

/// Cosines `[B,C]` of `embeddings` `[B,d]` to `centres` `[C,d]`, and the embeddings' norms `[B]`; f32, on the tape.
pub fn cosines(embeddings: &Tensor, centres: &Tensor) -> TchResult<(Tensor, Tensor)> {
    let (unit, norms) = normalise(embeddings)?;
    let (centres, _) = normalise(centres)?;
    Ok((unit.f_linear(&centres, None::<&Tensor>)?, norms.f_squeeze_dim(1)?))
}

fn normalise(rows: &Tensor) -> TchResult<(Tensor, Tensor)> {
    let norms = rows.f_norm_scalaropt_dim(2, 1, true)?;
    Ok((rows.f_div(&norms.f_clamp_min(SMALLEST_NORM)?)?, norms))
}

/// A scalar whose gradient is what the loss gave: d/dcosines = `by_cosine`, d/dnorms = `by_norm`.
pub fn inject(cosines: &Tensor, by_cosine: &Tensor, norms: &Tensor, by_norm: &Tensor) -> TchResult {
    let kind = cosines.kind();
    cosines
        .f_mul(by_cosine)?
        .f_sum(kind)?
        .f_add(&norms.f_mul(by_norm)?.f_sum(kind)?)
}
