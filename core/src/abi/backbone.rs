use std::{ops::DerefMut, path::Path};

use abi_stable::{
    sabi_trait,
    sabi_types::RMut,
    std_types::{RBox, RResult, RStr},
};

use super::{
    Guarded, guard,
    guard::Lent,
    loss::{LossAbi_TO, LossLent, RemoteLoss},
    path_text,
};
use crate::{Backbone, BackboneInfo, Ctx, Error, Loss, Result, SaveKind, TensorMut, TensorRef};

#[sabi_trait]
pub trait BackboneAbi: Send {
    fn info(&self) -> RResult<BackboneInfo, Error>;
    fn initialise(&mut self, classes: usize, seed: u64, ctx: &Ctx<'_>) -> RResult<(), Error>;
    fn train_step(
        &mut self,
        images: TensorRef<'_>,
        labels: TensorRef<'_>,
        loss: LossLent<'_>,
        learning_rate: f64,
        ctx: &Ctx<'_>,
    ) -> RResult<f64, Error>;
    fn embed(&mut self, images: TensorRef<'_>, out: TensorMut<'_>, ctx: &Ctx<'_>) -> RResult<(), Error>;
    fn save(&self, path: RStr<'_>, what: SaveKind, ctx: &Ctx<'_>) -> RResult<(), Error>;
    #[sabi(last_prefix_field)]
    fn load(&mut self, path: RStr<'_>, ctx: &Ctx<'_>) -> RResult<(), Error>;
}

pub type BackboneObj<'a> = BackboneAbi_TO<'a, RBox<()>>;

impl<'a, T: DerefMut<Target = dyn Backbone + 'a> + Send> BackboneAbi for Guarded<T> {
    fn info(&self) -> RResult<BackboneInfo, Error> {
        guard(|| Ok(self.get().info()))
    }
    fn initialise(&mut self, classes: usize, seed: u64, ctx: &Ctx<'_>) -> RResult<(), Error> {
        guard(|| self.get_mut().initialise(classes, seed, ctx))
    }
    fn train_step(
        &mut self,
        images: TensorRef<'_>,
        labels: TensorRef<'_>,
        loss: LossLent<'_>,
        learning_rate: f64,
        ctx: &Ctx<'_>,
    ) -> RResult<f64, Error> {
        guard(|| {
            self.get_mut()
                .train_step(images, labels, &mut RemoteLoss(loss), learning_rate, ctx)
        })
    }
    fn embed(&mut self, images: TensorRef<'_>, out: TensorMut<'_>, ctx: &Ctx<'_>) -> RResult<(), Error> {
        guard(|| self.get_mut().embed(images, out, ctx))
    }
    fn save(&self, path: RStr<'_>, what: SaveKind, ctx: &Ctx<'_>) -> RResult<(), Error> {
        guard(|| self.get().save(Path::new(path.as_str()), what, ctx))
    }
    fn load(&mut self, path: RStr<'_>, ctx: &Ctx<'_>) -> RResult<(), Error> {
        guard(|| self.get_mut().load(Path::new(path.as_str()), ctx))
    }
}

/// A backbone in another library. It calls whatever loss the host lends it, also one from a third library.
pub struct RemoteBackbone(pub BackboneObj<'static>);

impl Backbone for RemoteBackbone {
    /// Dimensions; those of a network that panics when asked are all 0, so that the caller's shape checks refuse it.
    fn info(&self) -> BackboneInfo {
        let none = BackboneInfo {
            dim: 0,
            channels: 0,
            height: 0,
            width: 0,
            classes: 0,
            parameters: 0,
        };
        self.0.info().into_result().unwrap_or(none)
    }
    fn initialise(&mut self, classes: usize, seed: u64, ctx: &Ctx<'_>) -> Result<()> {
        self.0.initialise(classes, seed, ctx).into_result()
    }
    fn train_step(
        &mut self,
        images: TensorRef<'_>,
        labels: TensorRef<'_>,
        loss: &mut dyn Loss,
        learning_rate: f64,
        ctx: &Ctx<'_>,
    ) -> Result<f64> {
        let mut held = Lent::new(loss);
        let lent = LossAbi_TO::from_ptr(RMut::new(&mut held), sabi_trait::TD_Opaque);
        self.0
            .train_step(images, labels, lent, learning_rate, ctx)
            .into_result()
    }
    fn embed(&mut self, images: TensorRef<'_>, out: TensorMut<'_>, ctx: &Ctx<'_>) -> Result<()> {
        self.0.embed(images, out, ctx).into_result()
    }
    fn save(&self, path: &Path, what: SaveKind, ctx: &Ctx<'_>) -> Result<()> {
        self.0.save(path_text(path)?, what, ctx).into_result()
    }
    fn load(&mut self, path: &Path, ctx: &Ctx<'_>) -> Result<()> {
        self.0.load(path_text(path)?, ctx).into_result()
    }
}
