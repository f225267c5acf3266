//! What a backbone saves and takes up again.

use super::{
    super::{
        Finding, KEPT,
        ask::{failed, quietly, refuses, same_bits, under},
        checkpoint::Folder,
    },
    BATCH, Batch, Softmax, embeddings, train, trained,
};
use crate::{
    Backbone, Ctx, Result, SaveKind,
    testing::{Make, Output},
};

pub(super) fn weights(make: &Make<'_, dyn Backbone>) -> Finding {
    let (first, second) = quietly(|ctx| {
        let folder = Folder::new()?;
        let mut backbone = trained(make, 2, ctx)?;
        backbone.save(&folder.file("weights"), SaveKind::WEIGHTS, ctx)?;
        let mut loaded = make()?;
        loaded.load(&folder.file("weights"), ctx)?;
        Ok((embeddings(&mut *backbone, ctx)?, embeddings(&mut *loaded, ctx)?))
    })
    .map_err(failed("saving and loading weights"))?;
    same_bits("embeddings before and after saving", &first, &second)
}

pub(super) fn resume(make: &Make<'_, dyn Backbone>) -> Finding {
    let on = |mut backbone: Box<dyn Backbone>, ctx: &Ctx<'_>| -> Result<Output> {
        let losses = vec![
            train(&mut *backbone, 2, &mut Softmax, ctx)?,
            train(&mut *backbone, 3, &mut Softmax, ctx)?,
        ];
        Ok(embeddings(&mut *backbone, ctx)?.with("losses", losses, &[2]))
    };
    let (through, resumed) = under(1, 1, |ctx| {
        let folder = Folder::new()?;
        let backbone = trained(make, 2, ctx)?;
        backbone.save(&folder.file("checkpoint"), SaveKind::CHECKPOINT, ctx)?;
        let mut loaded = make()?;
        loaded.load(&folder.file("checkpoint"), ctx)?;
        Ok((on(backbone, ctx)?, on(loaded, ctx)?))
    })
    .map_err(failed("saving and loading a checkpoint"))?;
    same_bits("two more steps without and with a stop in between", &through, &resumed)
}

pub(super) fn foreign_files(make: &Make<'_, dyn Backbone>) -> Finding {
    let (foreign, cut, missing) = quietly(|ctx| {
        let folder = Folder::new()?;
        trained(make, 0, ctx)?.save(&folder.file("checkpoint"), SaveKind::CHECKPOINT, ctx)?;
        let load = |path: &std::path::Path| make().and_then(|mut b| b.load(path, ctx));
        let cut = folder.cut(&folder.file("checkpoint"))?;
        Ok((load(&folder.foreign()?), load(&cut), load(&folder.file("missing"))))
    })
    .map_err(failed("saving a checkpoint"))?;
    refuses("a foreign file", foreign)?;
    refuses("the first half of a checkpoint", cut)?;
    refuses("a file that does not exist", missing)?;
    KEPT
}

pub(super) fn not_initialised(make: &Make<'_, dyn Backbone>) -> Finding {
    let (embed, step, save) = quietly(|ctx| {
        let mut backbone = make()?;
        let batch = Batch::new(&backbone.info(), BATCH, 0);
        let folder = Folder::new()?;
        let embed = batch.embed(&mut *backbone, ctx);
        let step = batch.train(&mut *backbone, &mut Softmax, ctx);
        Ok((
            embed,
            step,
            backbone.save(&folder.file("weights"), SaveKind::WEIGHTS, ctx),
        ))
    })
    .map_err(failed("construction"))?;
    refuses("an embedding before initialise", embed)?;
    refuses("a step before initialise", step)?;
    refuses("saving before initialise", save)?;
    KEPT
}
