//! One optimizer step.

use ficta_core::{Ctx, Error, Loss, LossGradient, LossInput, Result, TensorRef, random::Stream};
use ficta_tch_bridge::{Borrowed, HostBuffer, OrBackend, clip_gradient_norm};
use tch::Tensor;

use crate::{
    Architecture, Params,
    cosine_head::{cosines, inject},
    model::Model,
    network::Mode,
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
}

impl Step<'_> {
    /// Refuses what cannot be a step, before anything is computed.
    pub fn check(&self, architecture: &Architecture, classes: usize, ctx: &Ctx<'_>) -> Result<()> {
        let batch = check_images(self.images, architecture)?;
        if batch < 2 {
            return Err(Error::data(format!("a batch of {batch} image(s)"))
                .help("batch normalisation needs at least 2 images a step: drop the last, incomplete batch"));
        }
        self.labels.expect_shape("labels", &[batch])?;
        if ctx.world_size() > 1 {
            return Err(Error::unsupported(format!(
                "iresnet trains in one process, but the run has {}",
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
    pub fn take(&self, model: &mut Model, params: &Params, loss: &mut dyn Loss, ctx: &Ctx<'_>) -> Result<f64> {
        let statistics = RunningStatistics::keep(&model.parameters)?;
        match self.differentiate(model, params, loss, ctx) {
            Ok((value, gradients)) => {
                model.sgd.step(&model.parameters, &gradients, self.learning_rate)?;
                Ok(value)
            }
            Err(error) => {
                statistics.restore()?;
                Err(error)
            }
        }
    }

    /// The loss and the gradient of everything that is trained, the embedder's part clipped.
    fn differentiate(
        &self,
        model: &Model,
        params: &Params,
        loss: &mut dyn Loss,
        ctx: &Ctx<'_>,
    ) -> Result<(f64, Vec<Tensor>)> {
        let compute = params.precision.compute_kind();
        let images = Borrowed::new(self.images)?.channels_last(compute)?;
        let mode = Mode {
            training: true,
            compute,
            dropout: self.dropout(model, params)?,
        };
        let weights = model.parameters.tensors();
        let head = model.head()?;
        let (cosines, norms) = model
            .network
            .forward(weights, &images, &mode)
            .and_then(|embeddings| cosines(&embeddings, head.of(weights)))
            .or_backend("computing a batch's cosines")?;

        let [batch, classes] = [self.images.shape()[0], model.classes];
        let (lent_cosines, lent_norms) = (HostBuffer::copy_of(&cosines)?, HostBuffer::copy_of(&norms)?);
        self.explain_unless_finite(&lent_norms, model)?;
        let (mut by_cosine, mut by_norm) = (HostBuffer::zeros(&[batch, classes])?, HostBuffer::zeros(&[batch])?);
        let input = LossInput {
            cosines: lent_cosines.view()?,
            norms: lent_norms.view()?,
            labels: self.labels,
            step: model.sgd.steps(),
        };
        let gradient = LossGradient {
            cosines: by_cosine.view_mut()?,
            norms: by_norm.view_mut()?,
        };
        let value = loss
            .evaluate(&input, gradient, ctx)
            .map_err(|e| e.context(format!("loss of step {}", input.step)))?;
        if !value.is_finite() {
            return Err(diverged(format!("the loss of step {} is {value}", input.step)));
        }

        let objective = inject(&cosines, &by_cosine.into_tensor(), &norms, &by_norm.into_tensor())
            .or_backend("injecting the loss's gradient")?;
        let mut gradients = model.parameters.gradients(&objective)?;
        // The head, which comes last, is not clipped, as in `arcface_torch`.
        let embedder = gradients.len() - 1;
        clip_gradient_norm(&mut gradients[..embedder], params.clip_limit())
            .map_err(|e| e.context(format!("step {}", input.step)))?;
        Ok((value, gradients))
    }

    /// Factors 0 and 1/(1-p) on the last feature map, a stream a step and row.
    fn dropout(&self, model: &Model, params: &Params) -> Result<Option<Tensor>> {
        if params.dropout == 0.0 {
            return Ok(None);
        }
        let (rows, flat) = (self.images.shape()[0], params.architecture()?.flat_features());
        let kept = (1.0 / (1.0 - params.dropout)) as f32;
        let mut factors = vec![0f32; rows * flat];
        for (row, factors) in factors.chunks_exact_mut(flat).enumerate() {
            let mut stream = Stream::new(model.seed, "iresnet/dropout", model.sgd.steps(), row as u64);
            factors
                .iter_mut()
                .for_each(|f| *f = if stream.uniform() < params.dropout { 0.0 } else { kept });
        }
        Tensor::f_from_slice(&factors)
            .and_then(|t| t.f_reshape([rows as i64, flat as i64]))
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
    Error::data(message).help(
        "the training has diverged: lower the learning rate or warm it up, check that pixels are in [-1,1], lower the loss's scale, \
         or set clip_norm",
    )
}

/// The number of images, if they fit the network.
pub fn check_images(images: TensorRef<'_>, architecture: &Architecture) -> Result<usize> {
    let [batch, ..] = images.dims::<4>("images")?;
    let size = architecture.input_size;
    images
        .expect_shape("images", &[batch, architecture.channels, size, size])
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
