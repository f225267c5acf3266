//! What all encoders do around their networks.

use candle_core::{Result as CandleResult, Tensor};
use ficta_core::{Ctx, Device, EncoderInfo, Error, Result, TensorMut, TensorRef};

use crate::backend::backend;
use crate::input::Input;
use crate::workers::Workers;

/// What becomes of the features of an image and of its mirror image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flip {
    /// There is no mirror image.
    No,
    /// Their sum: the protocol of InsightFace's `verification.py`.
    Sum,
    /// Their mean.
    Mean,
}

/// Batches of pictures through a network, on as many threads as the host allows.
#[derive(Debug)]
pub struct Encoding {
    /// How pictures are prepared.
    pub input: Input,
    /// Length of a feature.
    pub dim: usize,
    /// Whether the mirror image counts.
    pub flip: Flip,
    /// Images that go through the network at a time.
    pub batch: usize,
    /// Name of the component.
    pub name: &'static str,
    workers: Workers,
    told_of_device: bool,
}

impl Encoding {
    /// One that has not begun.
    pub fn new(name: &'static str, input: Input, dim: usize, flip: Flip, batch: usize) -> Self {
        Self {
            input,
            dim,
            flip,
            batch,
            name,
            workers: Workers::default(),
            told_of_device: false,
        }
    }

    /// What the encoder is.
    pub fn info(&self, description: &str) -> EncoderInfo {
        EncoderInfo {
            dim: self.dim,
            height: self.input.size[0],
            width: self.input.size[1],
            description: description.into(),
        }
    }

    /// [`ficta_core::Encoder::encode`] with `network`, which takes prepared pictures `[N,H,W,C]` to features `[N,dim]`.
    pub fn run(
        &mut self,
        images: TensorRef<'_>,
        mut features: TensorMut<'_>,
        ctx: &Ctx<'_>,
        network: impl Fn(&Tensor) -> CandleResult<Tensor> + Sync,
    ) -> Result<()> {
        let [count, height, width, _] = images.dims("images (u8 RGB, [N,H,W,3])")?;
        images.expect_shape("images (u8 RGB, [N,H,W,3])", &[count, height, width, 3])?;
        features.expect_shape("features", &[count, self.dim])?;
        if count > 0 && (height == 0 || width == 0) {
            return Err(Error::shape(format!("images: no pixels in shape {:?}", images.shape())));
        }
        let pixels = images.as_slice::<u8>()?;
        let out = features.as_mut_slice::<f32>()?;
        if ctx.device() != Device::CPU && !self.told_of_device {
            ctx.warn(&format!("{} computes on the CPU, not on {:?}", self.name, ctx.device()));
            self.told_of_device = true;
        }
        let (image, dim) = (height * width * 3, self.dim);
        let pool = self.workers.of(ctx.threads())?;
        let (input, flip) = (&self.input, self.flip);
        for (part, rows) in out.chunks_mut(self.batch * dim).enumerate() {
            ctx.check_cancelled()?;
            let first = part * self.batch;
            let pictures = &pixels[first * image..][..rows.len() / dim * image];
            let features = |mirrored| -> Result<Vec<f32>> {
                let pictures = input.tensor(pictures, [height, width], mirrored)?;
                backend(
                    "the forward pass",
                    network(&pictures).and_then(|f| f.flatten_all()?.to_vec1()),
                )
            };
            pool.install(|| -> Result<()> {
                rows.copy_from_slice(&features(false)?);
                if flip != Flip::No {
                    let mirrored = features(true)?;
                    rows.iter_mut().zip(mirrored).for_each(|(value, other)| *value += other);
                }
                if flip == Flip::Mean {
                    rows.iter_mut().for_each(|value| *value /= 2.0);
                }
                Ok(())
            })?;
            if let Some(at) = rows.iter().position(|v| !v.is_finite()) {
                return Err(Error::data(format!(
                    "the feature of image {} of {count} is not finite",
                    first + at / dim
                ))
                .help("the weights may be damaged, or too large for f32; fetch them again"));
            }
            ctx.progress((first + rows.len() / dim) as u64, count as u64, "images")?;
        }
        Ok(())
    }
}
