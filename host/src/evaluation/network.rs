//! What turns images into embeddings: an encoder, or a trained backbone.

use ficta_core::{Backbone, Ctx, Encoder, Error, Result, TensorMut, TensorRef};

use crate::data::{Rgb, convert};

/// A network to be evaluated.
pub enum Network<'n> {
    /// A frozen encoder: scales whatever it is given.
    Encoder(Box<dyn Encoder>),
    /// A trained backbone: takes images of its own size.
    Backbone(Box<dyn Backbone>),
    /// A backbone that somebody else goes on with.
    Lent(&'n mut dyn Backbone),
}

impl Network<'_> {
    /// Length of an embedding.
    pub fn dim(&self) -> usize {
        match self {
            Self::Encoder(network) => network.info().dim,
            Self::Backbone(network) => network.info().dim,
            Self::Lent(network) => network.info().dim,
        }
    }

    /// Height and width that images must have; `None` where any will do.
    pub fn size(&self) -> Option<(usize, usize)> {
        match self {
            Self::Encoder(_) => None,
            Self::Backbone(network) => Some((network.info().height, network.info().width)),
            Self::Lent(network) => Some((network.info().height, network.info().width)),
        }
    }

    /// Raw embeddings of `images`, all of one size, `[N,d]`.
    ///
    /// # Errors
    /// The network's.
    pub fn embed(&mut self, images: &[Rgb], ctx: &Ctx<'_>) -> Result<Vec<f32>> {
        let Some(Rgb { height, width, .. }) = images.first().cloned().map(|first| Rgb {
            pixels: Vec::new(),
            ..first
        }) else {
            return Ok(Vec::new());
        };
        let (n, dim) = (images.len(), self.dim());
        let mut pixels = Vec::with_capacity(n * height * width * 3);
        images.iter().for_each(|image| pixels.extend_from_slice(&image.pixels));
        let mut out = vec![0f32; n * dim];
        let room = TensorMut::new(&mut out, &[n, dim])?;
        let backbone: &mut dyn Backbone = match self {
            Self::Encoder(network) => {
                network.encode(TensorRef::new(&pixels, &[n, height, width, 3])?, room, ctx)?;
                return finite(out);
            }
            Self::Backbone(network) => &mut **network,
            Self::Lent(network) => &mut **network,
        };
        let channels = backbone.info().channels;
        let values = convert::to_f32(&pixels, n, height, width, channels)?;
        backbone.embed(TensorRef::new(&values, &[n, channels, height, width])?, room, ctx)?;
        finite(out)
    }
}

fn finite(out: Vec<f32>) -> Result<Vec<f32>> {
    match out.iter().position(|x| !x.is_finite()) {
        Some(at) => Err(Error::data(format!("the network gave {}", out[at]))),
        None => Ok(out),
    }
}
