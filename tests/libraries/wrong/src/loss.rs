use std::time::Duration;

use ficta_core::{Configure, Ctx, Loss, LossGradient, LossInput, Result, TensorRef};
use my_loss::MyLoss;

use crate::{Params, common, expect_some, tick};

pub struct Wrong {
    fault: String,
    good: MyLoss,
    calls: u64,
}

impl Configure for Wrong {
    type Params = Params;
    fn configure(params: Params) -> Result<Self> {
        Ok(Self {
            fault: params.fault,
            good: MyLoss::configure(my_loss::Params::default())?,
            calls: 0,
        })
    }
}

impl Loss for Wrong {
    fn evaluate(&mut self, input: &LossInput<'_>, mut gradient: LossGradient<'_>, ctx: &Ctx<'_>) -> Result<f64> {
        self.calls += 1;
        common(&self.fault, ctx)?;
        expect_some(&self.fault, input.labels.shape().first());
        let classes = input.cosines.shape().last().copied().unwrap_or(1) as i64;
        let mut input = *input;
        let mut labels = input.labels.as_slice::<i64>().map(<[i64]>::to_vec).unwrap_or_default();
        let mut cosines = input.cosines.as_slice::<f32>().map(<[f32]>::to_vec).unwrap_or_default();
        match &*self.fault {
            "clamps-labels" => {
                labels.iter_mut().for_each(|y| *y = (*y).clamp(0, classes - 1));
                input.labels = TensorRef::new(&labels, &[labels.len()])?;
            }
            "hides-nan" => {
                cosines.iter_mut().filter(|c| !c.is_finite()).for_each(|c| *c = 0.0);
                input.cosines = TensorRef::new(&cosines, input.cosines.shape())?;
            }
            "panics" => assert_eq!(labels.len() as i64 * classes, cosines.len() as i64),
            "never-looks" if labels.len() > 100 => std::thread::sleep(Duration::from_millis(1200)),
            // Only where it is asked to stop, so that the other checks need not be waited for.
            "never-returns" if ctx.check_cancelled().is_err() => loop {
                std::thread::park();
            },
            _ => {}
        }
        let mut value = self.good.evaluate(
            &input,
            LossGradient {
                cosines: gradient.cosines.reborrow(),
                norms: gradient.norms.reborrow(),
            },
            ctx,
        )?;
        match &*self.fault {
            "half-gradient" => gradient
                .cosines
                .as_mut_slice::<f32>()?
                .iter_mut()
                .for_each(|g| *g *= 0.5),
            "leaves-norms" => gradient.norms.as_mut_slice::<f32>()?.fill(f32::NAN),
            "counts-threads" => value += ctx.threads() as f64 * 1e-6,
            "not-repeatable" => value += tick() as f64 * 1e-9,
            "sums" => value *= labels.len() as f64,
            "forgets-state" => value += self.calls as f64 * 1e-3,
            "first-row-counts-twice" => gradient.cosines.as_mut_slice::<f32>()?[..classes as usize]
                .iter_mut()
                .for_each(|g| *g *= 2.0),
            _ => {}
        }
        Ok(value)
    }
}

ficta_core::register_loss!(Wrong, "wrong-loss", "Breaks the contract");
