//! What a denoiser saves and takes up again.

use super::{
    super::{
        Finding, KEPT,
        ask::{failed, quietly, refuses, same_bits, under},
        checkpoint::Folder,
    },
    Batch, predictions, train, trained,
};
use crate::{
    Ctx, Denoiser, Result, SaveKind,
    testing::{Make, Output},
};

pub(super) fn weights(make: &Make<'_, dyn Denoiser>) -> Finding {
    let (first, second) = quietly(|ctx| {
        let folder = Folder::new()?;
        let mut denoiser = trained(make, 2, ctx)?;
        denoiser.save(&folder.file("weights"), SaveKind::WEIGHTS, ctx)?;
        let mut loaded = make()?;
        loaded.load(&folder.file("weights"), ctx)?;
        Ok((predictions(&mut *denoiser, ctx)?, predictions(&mut *loaded, ctx)?))
    })
    .map_err(failed("saving and loading weights"))?;
    same_bits("predictions before and after saving", &first, &second)
}

pub(super) fn resume(make: &Make<'_, dyn Denoiser>) -> Finding {
    let on = |mut denoiser: Box<dyn Denoiser>, ctx: &Ctx<'_>| -> Result<Output> {
        let losses = vec![train(&mut *denoiser, 2, ctx)?, train(&mut *denoiser, 3, ctx)?];
        Ok(predictions(&mut *denoiser, ctx)?.with("losses", losses, &[2]))
    };
    let (through, resumed) = under(1, 1, |ctx| {
        let folder = Folder::new()?;
        let denoiser = trained(make, 2, ctx)?;
        denoiser.save(&folder.file("checkpoint"), SaveKind::CHECKPOINT, ctx)?;
        let mut loaded = make()?;
        loaded.load(&folder.file("checkpoint"), ctx)?;
        Ok((on(denoiser, ctx)?, on(loaded, ctx)?))
    })
    .map_err(failed("saving and loading a checkpoint"))?;
    same_bits("two more steps without and with a stop in between", &through, &resumed)
}

pub(super) fn foreign_files(make: &Make<'_, dyn Denoiser>) -> Finding {
    let (foreign, cut, missing) = quietly(|ctx| {
        let folder = Folder::new()?;
        let denoiser = trained(make, 0, ctx)?;
        denoiser.save(&folder.file("checkpoint"), SaveKind::CHECKPOINT, ctx)?;
        let load = |path: &std::path::Path| make().and_then(|mut d| d.load(path, ctx));
        let cut = folder.cut(&folder.file("checkpoint"))?;
        Ok((load(&folder.foreign()?), load(&cut), load(&folder.file("missing"))))
    })
    .map_err(failed("saving a checkpoint"))?;
    refuses("a foreign file", foreign)?;
    refuses("the first half of a checkpoint", cut)?;
    refuses("a file that does not exist", missing)?;
    KEPT
}

pub(super) fn not_initialised(make: &Make<'_, dyn Denoiser>) -> Finding {
    let (predict, step, save) = quietly(|ctx| {
        let mut denoiser = make()?;
        let batch = Batch::new(&denoiser.info(), 1, 0);
        let folder = Folder::new()?;
        let predict = batch.predict(&mut *denoiser, true, ctx);
        let step = batch.train(&mut *denoiser, ctx);
        Ok((
            predict,
            step,
            denoiser.save(&folder.file("weights"), SaveKind::WEIGHTS, ctx),
        ))
    })
    .map_err(failed("construction"))?;
    refuses("a prediction before initialise", predict)?;
    refuses("a step before initialise", step)?;
    refuses("saving before initialise", save)?;
    KEPT
}
