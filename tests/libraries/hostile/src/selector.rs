use ficta_core::{
    Candidates, Configure, Ctx, Decision, IdSelector, Identities, Result, SelectionMut, TensorMut, TensorRef,
};

use crate::{Mode, Params};

pub struct Hostile(Mode);

impl Configure for Hostile {
    type Params = Params;
    fn configure(params: Params) -> Result<Self> {
        assert!(
            params.mode != Mode::PanicInConstruction,
            "the hostile component panics in construction"
        );
        Ok(Self(params.mode))
    }
}

impl IdSelector for Hostile {
    /// Keeps all.
    fn select(
        &mut self,
        candidates: &Candidates<'_>,
        _: &Identities<'_>,
        mut out: SelectionMut<'_>,
        _: &Ctx<'_>,
    ) -> Result<usize> {
        self.0.misbehave()?;
        let [k, _] = candidates.feature.dims("candidates")?;
        out.decision.as_mut_slice::<u8>()?.fill(Decision::KEEP.0);
        out.blocker.as_mut_slice::<i64>()?.fill(-1);
        out.cosine.as_mut_slice::<f32>()?.fill(f32::NAN);
        for (i, rank) in out.rank.as_mut_slice::<i64>()?.iter_mut().enumerate() {
            *rank = i as i64;
        }
        if self.0 == Mode::WrongRow {
            out.decision.as_mut_slice::<u8>()?[0] = Decision::REAL.0;
            out.blocker.as_mut_slice::<i64>()?[0] = 1_000_000;
            out.rank.as_mut_slice::<i64>()?.iter_mut().for_each(|r| *r -= 1);
            return Ok(k - 1);
        }
        Ok(if self.0 == Mode::WrongCount { k + 3 } else { k })
    }

    fn yield_curve(
        &mut self,
        candidates: &Candidates<'_>,
        _: &Identities<'_>,
        _: TensorRef<'_>,
        mut kept: TensorMut<'_>,
        _: &Ctx<'_>,
    ) -> Result<()> {
        let [k, _] = candidates.feature.dims("candidates")?;
        let more = if self.0 == Mode::WrongCurve { 1000 } else { 0 };
        kept.as_mut_slice::<i64>()?.fill((k + more) as i64);
        Ok(())
    }
}

ficta_core::register_selector!(Hostile, "hostile-selector", "Keeps all, or misbehaves on request");
