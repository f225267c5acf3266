//! A linear embedder with a cosine head, trained by SGD with momentum and written out by hand: replace it by a network of your own.
//!
//! e = A x; cos_ij = e_i . c_j / (|e_i| |c_j|). The loss gets the cosines and gives their gradient G back; then
//! d e_i = sum_j G_ij (c_j/|c_j| - cos_ij e_i/|e_i|) / |e_i| + g_i e_i/|e_i| for the gradient g on the norms, d c_j likewise, and d A = sum_i d e_i x_i^T.

mod tensor_file;

use std::path::Path;

use ficta_core::{
    Backbone, BackboneInfo, Configure, Ctx, Error, Loss, LossGradient, LossInput, Result, SaveKind, TensorMut,
    TensorRef, random::Stream,
};
use tensor_file::Tensors;

/// Parameters in the run file. The comments become the schema that users see.
#[derive(Clone, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "MyBackbone")]
pub struct Params {
    /// Height and width of the images in pixels, at least 1.
    #[schemars(range(min = 1))]
    pub input_size: usize,
    /// Channels of the images: 1 or 3.
    pub channels: usize,
    /// Length of an embedding, at least 2.
    #[schemars(range(min = 2))]
    pub dim: usize,
    /// Momentum of SGD, 0 to 1.
    #[schemars(range(min = 0, max = 1))]
    pub momentum: f32,
    /// Weight decay of SGD, at least 0.
    #[schemars(range(min = 0))]
    pub weight_decay: f32,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            input_size: 16,
            channels: 1,
            dim: 16,
            momentum: 0.9,
            weight_decay: 5e-4,
        }
    }
}

/// Weights with their momentum.
#[derive(Default)]
struct Trained {
    values: Vec<f32>,
    velocity: Vec<f32>,
}

impl Trained {
    fn new(mut values: Vec<f32>, scale: f32, stream: &mut Stream) -> Self {
        stream.fill_normal(&mut values);
        values.iter_mut().for_each(|v| *v *= scale);
        Self {
            velocity: vec![0.0; values.len()],
            values,
        }
    }

    /// v = momentum v + g + decay w; w = w - rate v, as PyTorch's SGD has it.
    fn step(&mut self, gradient: &[f64], rate: f64, params: &Params) {
        for ((w, v), g) in self.values.iter_mut().zip(&mut self.velocity).zip(gradient) {
            *v = params.momentum * *v + *g as f32 + params.weight_decay * *w;
            *w -= rate as f32 * *v;
        }
    }
}

/// See the crate's documentation.
pub struct MyBackbone {
    params: Params,
    /// A, row-major `[dim, pixels]`; empty before there are weights.
    embedder: Trained,
    /// Class centres, `[classes, dim]`.
    head: Trained,
    classes: usize,
    step: u64,
}

impl Configure for MyBackbone {
    type Params = Params;

    fn configure(params: Params) -> Result<Self> {
        if params.input_size == 0 || !matches!(params.channels, 1 | 3) || params.dim < 2 {
            return Err(Error::config(format!(
                "input_size {}, channels {}, dim {}: expected at least 1, 1 or 3, at least 2",
                params.input_size, params.channels, params.dim
            )));
        }
        if !(0.0..=1.0).contains(&params.momentum) || !(params.weight_decay >= 0.0 && params.weight_decay.is_finite()) {
            return Err(Error::config(format!(
                "momentum {}, weight_decay {}: expected 0 to 1, at least 0",
                params.momentum, params.weight_decay
            )));
        }
        Ok(Self {
            params,
            embedder: Trained::default(),
            head: Trained::default(),
            classes: 0,
            step: 0,
        })
    }
}

fn norm(row: &[f64]) -> f64 {
    row.iter().map(|x| x * x).sum::<f64>().sqrt().max(1e-12)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

impl MyBackbone {
    fn pixels(&self) -> usize {
        self.params.channels * self.params.input_size * self.params.input_size
    }

    /// The images' elements, of the right shape and finite.
    fn images<'a>(&self, images: &'a TensorRef<'_>, batch: usize) -> Result<&'a [f32]> {
        if self.embedder.values.is_empty() {
            return Err(Error::config("the network has no weights yet").help("initialise it, or load a file"));
        }
        let size = self.params.input_size;
        images.expect_shape("images", &[batch, self.params.channels, size, size])?;
        let elements = images.as_slice::<f32>()?;
        match elements.iter().position(|x| !x.is_finite()) {
            None => Ok(elements),
            Some(at) => Err(Error::data(format!(
                "image {} holds {}",
                at / self.pixels(),
                elements[at]
            ))),
        }
    }

    /// A x.
    fn project(&self, image: &[f32]) -> Vec<f64> {
        let rows = self.embedder.values.chunks(self.pixels());
        rows.map(|row| row.iter().zip(image).map(|(w, x)| f64::from(*w) * f64::from(*x)).sum())
            .collect()
    }

    /// Unit rows and their norms.
    fn centres(&self) -> (Vec<Vec<f64>>, Vec<f64>) {
        let rows = self
            .head
            .values
            .chunks(self.params.dim)
            .map(|row| row.iter().map(|x| f64::from(*x)).collect());
        unit(rows.collect())
    }

    fn tensors(&self, what: SaveKind) -> Tensors {
        let (a, c) = (
            vec![self.params.dim, self.pixels()],
            vec![self.classes, self.params.dim],
        );
        let mut all = Tensors::new();
        all.insert("embedder".into(), (a.clone(), self.embedder.values.clone()));
        if what == SaveKind::CHECKPOINT {
            all.insert("embedder.velocity".into(), (a, self.embedder.velocity.clone()));
            all.insert("head".into(), (c.clone(), self.head.values.clone()));
            all.insert("head.velocity".into(), (c, self.head.velocity.clone()));
            all.insert("step".into(), (vec![1], vec![self.step as f32]));
        }
        all
    }
}

fn unit(rows: Vec<Vec<f64>>) -> (Vec<Vec<f64>>, Vec<f64>) {
    let norms: Vec<f64> = rows.iter().map(|row| norm(row)).collect();
    let scaled = rows
        .iter()
        .zip(&norms)
        .map(|(row, n)| row.iter().map(|x| x / n).collect());
    (scaled.collect(), norms)
}

impl Backbone for MyBackbone {
    fn info(&self) -> BackboneInfo {
        BackboneInfo {
            dim: self.params.dim,
            channels: self.params.channels,
            height: self.params.input_size,
            width: self.params.input_size,
            classes: self.classes,
            parameters: (self.params.dim * self.pixels()) as u64,
        }
    }

    fn initialise(&mut self, classes: usize, seed: u64, _: &Ctx<'_>) -> Result<()> {
        if classes == 0 {
            return Err(Error::config("a head of no classes"));
        }
        let mut stream = Stream::new(seed, "backbone.weights", 0, 0);
        let scale = (self.pixels() as f32).sqrt().recip();
        self.embedder = Trained::new(vec![0.0; self.params.dim * self.pixels()], scale, &mut stream);
        self.head = Trained::new(vec![0.0; classes * self.params.dim], 0.1, &mut stream);
        (self.classes, self.step) = (classes, 0);
        Ok(())
    }

    fn train_step(
        &mut self,
        images: TensorRef<'_>,
        labels: TensorRef<'_>,
        loss: &mut dyn Loss,
        learning_rate: f64,
        ctx: &Ctx<'_>,
    ) -> Result<f64> {
        let ([batch], classes, pixels) = (labels.dims("labels")?, self.classes, self.pixels());
        let elements = self.images(&images, batch)?;
        if classes == 0 || batch == 0 {
            return Err(Error::config(format!(
                "a step on {batch} images with a head of {classes} classes"
            )));
        }
        let label_values = labels.as_slice::<i64>()?;
        if let Some(i) = label_values.iter().position(|y| !(0..classes as i64).contains(y)) {
            return Err(Error::data(format!(
                "label {} of image {i}, expected 0 to {}",
                label_values[i],
                classes - 1
            )));
        }
        ctx.check_cancelled()?;

        // Forward.
        let (embedded, norms) = unit(elements.chunks(pixels).map(|image| self.project(image)).collect());
        let (centres, lengths) = self.centres();
        let cosine = |i: usize, j: usize| dot(&embedded[i], &centres[j]);
        let cosines: Vec<f32> = (0..batch * classes)
            .map(|k| cosine(k / classes, k % classes) as f32)
            .collect();
        let raw_norms: Vec<f32> = norms.iter().map(|n| *n as f32).collect();

        // The loss may live in another library: it gets views, and fills the gradients.
        let (mut by_cosine, mut by_norm) = (vec![0f32; cosines.len()], vec![0f32; batch]);
        let input = LossInput {
            cosines: TensorRef::new(&cosines, &[batch, classes])?,
            norms: TensorRef::new(&raw_norms, &[batch])?,
            labels,
            step: self.step,
        };
        let room = LossGradient {
            cosines: TensorMut::new(&mut by_cosine, &[batch, classes])?,
            norms: TensorMut::new(&mut by_norm, &[batch])?,
        };
        let value = loss.evaluate(&input, room, ctx)?;
        if !value.is_finite() || by_cosine.iter().chain(&by_norm).any(|g| !g.is_finite()) {
            return Err(
                Error::diverged(format!("the loss is {value}, or its gradient is not finite"))
                    .help("lower the learning rate, or look at the loss"),
            );
        }

        // Backward.
        let dim = self.params.dim;
        let (mut by_embedder, mut by_head) = (vec![0f64; dim * pixels], vec![0f64; classes * dim]);
        for i in 0..batch {
            let mut by_embedding: Vec<f64> = embedded[i].iter().map(|e| f64::from(by_norm[i]) * e).collect();
            for j in 0..classes {
                let (g, cos) = (f64::from(by_cosine[i * classes + j]), cosine(i, j));
                for d in 0..dim {
                    by_embedding[d] += g * (centres[j][d] - cos * embedded[i][d]) / norms[i];
                    by_head[j * dim + d] += g * (embedded[i][d] - cos * centres[j][d]) / lengths[j];
                }
            }
            let image = &elements[i * pixels..][..pixels];
            for (row, g) in by_embedder.chunks_mut(pixels).zip(by_embedding) {
                row.iter_mut().zip(image).for_each(|(sum, x)| *sum += g * f64::from(*x));
            }
        }
        self.embedder.step(&by_embedder, learning_rate, &self.params);
        self.head.step(&by_head, learning_rate, &self.params);
        self.step += 1;
        Ok(value)
    }

    fn embed(&mut self, images: TensorRef<'_>, mut out: TensorMut<'_>, ctx: &Ctx<'_>) -> Result<()> {
        let batch = images.shape().first().copied().unwrap_or(0);
        let elements = self.images(&images, batch)?;
        out.expect_shape("out", &[batch, self.params.dim])?;
        let rows = out.as_mut_slice::<f32>()?.chunks_mut(self.params.dim);
        for (row, image) in rows.zip(elements.chunks(self.pixels())) {
            ctx.check_cancelled()?;
            row.iter_mut()
                .zip(self.project(image))
                .for_each(|(out, x)| *out = x as f32);
        }
        Ok(())
    }

    fn save(&self, path: &Path, what: SaveKind, _: &Ctx<'_>) -> Result<()> {
        if self.embedder.values.is_empty() {
            return Err(Error::config("the network has no weights yet"));
        }
        tensor_file::write(path, &self.tensors(what))
    }

    fn load(&mut self, path: &Path, _: &Ctx<'_>) -> Result<()> {
        let mut all = tensor_file::read(path)?;
        let shape = [Some(self.params.dim), Some(self.pixels())];
        let (_, values) = tensor_file::take(&mut all, path, "embedder", &shape)?;
        let (mut head, mut classes, mut step) = (Trained::default(), 0, 0);
        let mut velocity = vec![0.0; values.len()];
        if !all.is_empty() {
            velocity = tensor_file::take(&mut all, path, "embedder.velocity", &shape)?.1;
            let (found, values) = tensor_file::take(&mut all, path, "head", &[None, shape[0]])?;
            classes = found[0];
            let of_head = tensor_file::take(&mut all, path, "head.velocity", &[Some(classes), shape[0]])?.1;
            head = Trained {
                values,
                velocity: of_head,
            };
            step = tensor_file::take(&mut all, path, "step", &[Some(1)])?.1[0] as u64;
        }
        self.embedder = Trained { values, velocity };
        (self.head, self.classes, self.step) = (head, classes, step);
        Ok(())
    }
}

ficta_core::register_backbone!(MyBackbone, "my-backbone", "Linear embedder with a cosine head");
ficta_core::export_plugin!();
