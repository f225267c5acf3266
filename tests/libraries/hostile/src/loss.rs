use ficta_core::{Configure, Ctx, Loss, LossGradient, LossInput, Result, softmax::softmax_cross_entropy};

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

impl Loss for Hostile {
    fn evaluate(&mut self, input: &LossInput<'_>, mut gradient: LossGradient<'_>, ctx: &Ctx<'_>) -> Result<f64> {
        self.0.misbehave()?;
        let value = softmax_cross_entropy(input, &mut gradient, 16.0, ctx, |_| {})?;
        if self.0 == Mode::Nan {
            gradient.cosines.as_mut_slice::<f32>()?[0] = f32::NAN;
        }
        Ok(value)
    }
}

impl Drop for Hostile {
    fn drop(&mut self) {
        assert!(self.0 != Mode::PanicInDrop, "the hostile component panics in drop");
        if self.0 == Mode::PanicInDropTwice {
            std::panic::panic_any(Payload);
        }
    }
}

struct Payload;

impl Drop for Payload {
    fn drop(&mut self) {
        panic!("the payload of a panic panics in drop");
    }
}

ficta_core::register_loss!(Hostile, "hostile-loss", "Misbehaves on request");
// tests/libraries/wrong has one of this name, too.
ficta_core::register_loss!(Hostile, "wrong-loss", "Misbehaves on request");
