//! One optimizer step.

use ficta_core::{Ctx, Error, Loss, LossGradient, LossInput, Result, TensorRef, random::Stream};
use ficta_tch_bridge::{Borrowed, HostBuffer, OrBackend, clip_gradient_norm, gradients};
use tch::Tensor;

use crate::{
    cosine_head::{cosines, inject},
    layout::{Layout, Mode},
    model::Model,
    partial_fc::OwnClasses,
    recipe::Recipe,
    running_statistics::RunningStatistics,
};

/// What a step is made of.
pub struct Step<'a> {
    /// f32 `[B,C,H,W]`.
    pub images: TensorRef<'a>,
    /// i64 `[B]`.
    pub labels: TensorRef<'a>,
    /// Rate of this step.
    pub learning_rate: f64,
    /// How to train.
    pub recipe: &'a Recipe,
    /// What is trained.
    pub layout: &'a dyn Layout,
}

impl Step<'_> {
    /// Refuses what cannot be a step, before anything is computed.
    pub fn check(&self, classes: usize, ctx: &Ctx<'_>) -> Result<()> {
        let batch = check_images(self.images, self.layout)?;
        if batch < 2 {
            return Err(Error::data(format!("a batch of {batch} image(s)"))
                .help("batch normalisation needs at least 2 images a step: drop the last, incomplete batch"));
        }
        self.labels.expect_shape("labels", &[batch])?;
        if ctx.world_size() > 1 {
            return Err(Error::unsupported(format!(
                "{} trains in one process, but the run has {}",
                self.layout.component(),
                ctx.world_size()
            ))
            .help("start the training stage without a communicator"));
        }
        if let Some((row, label)) = (0..)
            .zip(self.labels.as_slice::<i64>()?)
            .find(|(_, y)| !(0..classes as i64).contains(y))
        {
            return Err(Error::data(format!(
                "label of row {row} is {label}, but there are {classes} classes"
            ))
            .help("labels must run from 0 to the number of classes less 1"));
        }
        if !(self.learning_rate.is_finite() && self.learning_rate >= 0.0) {
            return Err(Error::config(format!(
                "learning rate {}, expected a finite number of at least 0",
                self.learning_rate
            )));
        }
        Ok(())
    }

    /// Takes the step; returns the batch's mean loss. After an error the model is as it was.
    pub fn take(&self, model: &mut Model, loss: &mut dyn Loss, ctx: &Ctx<'_>) -> Result<f64> {
        let statistics = RunningStatistics::keep(&model.parameters)?;
        let stepped = self.differentiate(model, loss, ctx).and_then(|(value, gradients)| {
            model.sgd.step(&model.parameters, &gradients, self.learning_rate)?;
            Ok(value)
        });
        match stepped {
            Ok(value) => {
                model.follow(self.recipe.ema_decay)?;
                Ok(value)
            }
            Err(error) => {
                statistics.restore()?;
                Err(error)
            }
        }
    }

    /// The loss and the gradient of everything that is trained, the embedder's part clipped.
    fn differentiate(&self, model: &Model, loss: &mut dyn Loss, ctx: &Ctx<'_>) -> Result<(f64, Vec<Tensor>)> {
        let pieces = self.recipe.pieces(self.images.shape()[0]);
        let (value, mut gradients) = match pieces[..] {
            [whole] => {
                let embeddings = self.embeddings(model, whole, true)?;
                let (value, objective) = self.judge(model, &embeddings, loss, ctx)?;
                (value, model.parameters.gradients(&objective)?)
            }
            _ => self.differentiate_pieces(model, &pieces, loss, ctx)?,
        };
        // The head, which comes last, is not clipped, as in `arcface_torch`.
        let embedder = gradients.len() - 1;
        clip_gradient_norm(&mut gradients[..embedder], self.recipe.clip_limit)
            .map_err(|e| e.context(format!("step {}", model.sgd.steps())))?;
        Ok((value, gradients))
    }

    /// The same, piece by piece (Gao et al. 2021, "Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup"): all embeddings first, without
    /// a tape; then the loss over the whole batch and its gradient on them; then each piece again, to carry its part of that gradient on.
    fn differentiate_pieces(
        &self,
        model: &Model,
        pieces: &[(usize, usize)],
        loss: &mut dyn Loss,
        ctx: &Ctx<'_>,
    ) -> Result<(f64, Vec<Tensor>)> {
        let doing = "computing a batch in pieces";
        let parts = pieces.iter().map(|piece| {
            ctx.check_cancelled()?;
            tch::no_grad(|| self.embeddings(model, *piece, false))
        });
        let parts = parts.collect::<Result<Vec<_>>>()?;
        let embeddings = Tensor::f_cat(&parts, 0)
            .and_then(|t| t.f_set_requires_grad(true))
            .or_backend(doing)?;
        let (value, objective) = self.judge(model, &embeddings, loss, ctx)?;
        let head = model.head()?.of(model.parameters.tensors());
        let mut ends = gradients(&objective, &[&embeddings, head])?;
        let (by_head, by_embedding) = (ends.pop(), ends.pop());
        let (Some(by_head), Some(by_embedding)) = (by_head, by_embedding) else {
            return Err(Error::backend("libtorch gave no gradients"));
        };
        let mut sums = model.parameters.zero_gradients()?;
        for piece in pieces {
            ctx.check_cancelled()?;
            let again = self.embeddings(model, *piece, true)?;
            let part = by_embedding
                .f_narrow(0, piece.0 as i64, piece.1 as i64)
                .and_then(|by| again.f_mul(&by)?.f_sum(tch::Kind::Float))
                .or_backend(doing)?;
            let found = model.parameters.gradients(&part)?;
            tch::no_grad(|| sums.iter_mut().zip(&found).try_for_each(|(s, g)| s.f_add_(g).map(drop)))
                .or_backend(doing)?;
        }
        if let Some(last) = sums.last_mut() {
            *last = by_head;
        }
        Ok((value, sums))
    }

    /// Embeddings of `count` images from the `first` on, in training mode.
    fn embeddings(&self, model: &Model, (first, count): (usize, usize), track: bool) -> Result<Tensor> {
        let device = model.device();
        let compute = self.recipe.precision.compute_kind(device);
        let images = Borrowed::new(self.images.rows(first, count)?)?.channels_last(compute, device)?;
        let mode = Mode {
            training: true,
            track,
            compute,
            dropout: self.dropout(model, first, count)?,
        };
        model
            .network
            .forward(model.parameters.tensors(), &images, &mode)
            .or_backend("computing a batch's embeddings")
    }

    /// The loss of embeddings of the whole batch, and a scalar whose gradient is that of the loss.
    fn judge(&self, model: &Model, embeddings: &Tensor, loss: &mut dyn Loss, ctx: &Ctx<'_>) -> Result<(f64, Tensor)> {
        let step = model.sgd.steps();
        let labels = self.labels.as_slice::<i64>()?;
        let own = OwnClasses::of(ctx.rank(), ctx.world_size(), model.classes);
        let sample = own.sample(labels, self.recipe.sample_rate, model.seed, step);
        let centres = model.head()?.of(model.parameters.tensors());
        let (cosines, norms) = match &sample {
            None => cosines(embeddings, centres),
            Some(sample) => Tensor::f_from_slice(&sample.chosen)
                .and_then(|chosen| chosen.f_to_device(model.device()))
                .and_then(|chosen| cosines(embeddings, &centres.f_index_select(0, &chosen)?)),
        }
        .or_backend("computing a batch's cosines")?;

        let [batch, classes] = [
            self.images.shape()[0],
            sample.as_ref().map_or(model.classes, |s| s.chosen.len()),
        ];
        let (lent_cosines, lent_norms) = (HostBuffer::copy_of(&cosines)?, HostBuffer::copy_of(&norms)?);
        self.explain_unless_finite(&lent_norms, model)?;
        let room = |shape: &[usize]| HostBuffer::zeros(shape, model.device());
        let (mut by_cosine, mut by_norm) = (room(&[batch, classes])?, room(&[batch])?);
        let input = LossInput {
            cosines: lent_cosines.view()?,
            norms: lent_norms.view()?,
            labels: match &sample {
                None => self.labels,
                Some(sample) => TensorRef::new(&sample.labels, &[batch])?,
            },
            step,
        };
        let gradient = LossGradient {
            cosines: by_cosine.view_mut()?,
            norms: by_norm.view_mut()?,
        };
        let value = loss.evaluate(&input, gradient, ctx).map_err(|error| {
            let broken = |cosines: &[f32]| cosines.iter().any(|c| !c.is_finite());
            // With sound embeddings these are the class centres', which are not clipped.
            match input.cosines.as_slice::<f32>().is_ok_and(broken) {
                true => diverged(format!("a cosine of step {step} is not finite")),
                false => error.context(format!("loss of step {step}")),
            }
        })?;
        if !value.is_finite() {
            return Err(diverged(format!("the loss of step {step} is {value}")));
        }
        let [by_cosine, by_norm] = [
            by_cosine.into_tensor(model.device())?,
            by_norm.into_tensor(model.device())?,
        ];
        let objective = inject(&cosines, &by_cosine, &norms, &by_norm).or_backend("injecting the loss's gradient")?;
        Ok((value, objective))
    }

    /// Factors 0 and 1/(1-p) on the last feature map, a stream a step and row.
    fn dropout(&self, model: &Model, first: usize, count: usize) -> Result<Option<Tensor>> {
        let (dropout, flat) = (self.recipe.dropout, self.layout.dropped());
        if dropout == 0.0 || flat == 0 {
            return Ok(None);
        }
        let kept = (1.0 / (1.0 - dropout)) as f32;
        let mut factors = vec![0f32; count * flat];
        for (row, factors) in (first..).zip(factors.chunks_exact_mut(flat)) {
            let mut stream = Stream::new(model.seed, "iresnet/dropout", model.sgd.steps(), row as u64);
            factors
                .iter_mut()
                .for_each(|f| *f = if stream.uniform() < dropout { 0.0 } else { kept });
        }
        Tensor::f_from_slice(&factors)
            .and_then(|t| t.f_reshape([count as i64, flat as i64])?.f_to_device(model.device()))
            .or_backend("drawing dropout")
            .map(Some)
    }

    fn explain_unless_finite(&self, norms: &HostBuffer, model: &Model) -> Result<()> {
        let view = norms.view()?;
        let Some(row) = view.as_slice::<f32>()?.iter().position(|n| !n.is_finite()) else {
            return Ok(());
        };
        let pixels = self.images.as_slice::<f32>()?;
        let per_image = pixels.len() / self.images.shape()[0];
        if let Some(at) = pixels.iter().position(|p| !p.is_finite()) {
            return Err(
                Error::data(format!("image {} of the batch holds {}", at / per_image, pixels[at]))
                    .help("pixels must be finite, in [-1,1]"),
            );
        }
        Err(diverged(format!(
            "the embedding of row {row} in step {} is not finite",
            model.sgd.steps()
        )))
    }
}

fn diverged(message: String) -> Error {
    Error::diverged(format!("the training has diverged: {message}")).help(
        "lower the learning rate or warm it up, check that pixels are in [-1,1], lower the loss's scale, or set clip_norm",
    )
}

/// The number of images, if they fit the network.
pub fn check_images(images: TensorRef<'_>, layout: &dyn Layout) -> Result<usize> {
    let [batch, ..] = images.dims::<4>("images")?;
    let (size, channels) = (layout.size().input, layout.size().channels);
    images
        .expect_shape("images", &[batch, channels, size, size])
        .map_err(|e| {
            e.help(format!(
                "resize the images to {size}x{size}, or set input_size and channels to theirs"
            ))
        })?;
    if images.dtype() != ficta_core::DType::F32 {
        return Err(Error::shape(format!(
            "images: expected F32 in [-1,1], got {:?}",
            images.dtype()
        )));
    }
    Ok(batch)
}
