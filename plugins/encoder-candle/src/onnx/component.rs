//! The encoder `onnx`.

use candle_core::{DType, Device, Result as CandleResult, Tensor};
use ficta_core::{Configure, Ctx, Encoder, EncoderInfo, Error, ErrorKind, Result, TensorMut, TensorRef};
use sha2::{Digest, Sha256};

use super::graph::Network;
use super::params::OnnxParams;
use crate::encoding::{Encoding, Flip};
use crate::input::{Input, PerChannel};
use crate::iresnet::check_batch;

/// Height and width where neither the file nor the user says.
const SIZE: usize = 112;

/// A face-recognition network out of an ONNX file.
///
/// Convolutions run as those of `iresnet` do, with normalisations, sums and activations around them folded in; a model with an operator
/// that is not known is refused with its name. Images of any size are scaled by bilinear interpolation with half-pixel centres and without
/// antialiasing. On one machine a feature has the same bits whatever stands beside its image in the batch and however many threads there are.
#[derive(Debug)]
pub struct Onnx {
    network: Network,
    description: String,
    encoding: Encoding,
    /// The number of images that the model is made for, if it is made for one.
    exactly: Option<usize>,
}

impl Configure for Onnx {
    type Params = OnnxParams;

    fn configure(params: OnnxParams) -> Result<Self> {
        let source = params.model.display().to_string();
        let bytes = std::fs::read(&params.model).map_err(|e| {
            Error::wrap(ErrorKind::IO, format!("cannot read {source}"), &e).help("`model` is an .onnx file")
        })?;
        let sha256: String = Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
        let network = Network::read(&bytes).map_err(|e| e.context(format!("model {source}")))?;
        let input = input(&network, &params).map_err(|e| e.context(format!("model {source}")))?;
        let probe = |images: usize| -> CandleResult<Tensor> {
            let shape = (images, input.size[0], input.size[1], input.channels);
            network.forward(&Tensor::zeros(shape, DType::F32, &Device::Cpu)?)
        };
        let named = |e: candle_core::Error| {
            Error::data(format!("model {source}: {e}")).help(format!(
                "it was given images of {}x{}; is that its input_size?",
                input.size[0], input.size[1]
            ))
        };
        // Some models are made for one number of images without saying so: a reshape to [1, ...] tells only when it runs.
        let stated = network.input_shape.first().copied().flatten();
        let (exactly, found) = match stated {
            Some(images) => (Some(images), probe(images).map_err(named)?),
            None => match probe(2) {
                Ok(features) => (None, features),
                Err(_) => (Some(1), probe(1).map_err(named)?),
            },
        };
        let dim = found.dim(1).map_err(named)?;
        if dim == 0 {
            return Err(Error::data(format!("model {source}: its features have no numbers")));
        }
        let description = format!(
            "ONNX model {}, sha256 {}, {}{}",
            params.model.file_name().unwrap_or_default().display(),
            &sha256[..12],
            input.describe(),
            if params.flip {
                ", sum with the mirrored image"
            } else {
                ""
            }
        );
        let flip = if params.flip { Flip::Sum } else { Flip::No };
        let batch = check_batch(params.batch)?;
        Ok(Self {
            network,
            description,
            encoding: Encoding::new("onnx", input, dim, flip, exactly.unwrap_or(batch)),
            exactly,
        })
    }
}

fn input(network: &Network, params: &OnnxParams) -> Result<Input> {
    let [_, channels, high, wide] = network.input_shape[..] else {
        return Err(Error::unsupported(format!(
            "its input has {} dimensions, expected [N,C,H,W]",
            network.input_shape.len()
        )));
    };
    let channels = channels.unwrap_or(3);
    if ![1, 3].contains(&channels) {
        return Err(Error::unsupported(format!(
            "images of {channels} channels, expected 1 or 3 before height and width"
        ))
        .help("a model for [N,H,W,C], as TensorFlow's, has to be converted to [N,C,H,W]"));
    }
    let asked = |axis: Option<usize>| match (axis, params.input_size) {
        (Some(own), Some(asked)) if own != asked => {
            Err(Error::config(format!("input_size = {asked}, the model takes {own}")).help("leave input_size out"))
        }
        (own, asked) => match own.or(asked).unwrap_or(SIZE) {
            size @ 1..=4096 => Ok(size),
            size => Err(Error::config(format!("input_size = {size}, expected 1 to 4096"))),
        },
    };
    let (mean, std) = if network.normalises { (0.0, 1.0) } else { (127.5, 127.5) };
    let input = Input {
        size: [asked(high)?, asked(wide)?],
        channels,
        order: params.order,
        mean: params.mean.unwrap_or(PerChannel::All(mean)).values(),
        std: params.std.unwrap_or(PerChannel::All(std)).values(),
    };
    input.check()?;
    Ok(input)
}

impl Onnx {
    /// With as many images as the model is made for.
    fn forward(network: &Network, exactly: Option<usize>, pictures: &Tensor) -> CandleResult<Tensor> {
        let count = pictures.dim(0)?;
        match exactly.filter(|images| *images > count) {
            None => network.forward(pictures),
            Some(images) => {
                let whole = pictures.pad_with_zeros(0, 0, images - count)?.contiguous()?;
                network.forward(&whole)?.narrow(0, 0, count)
            }
        }
    }
}

impl Encoder for Onnx {
    fn info(&self) -> EncoderInfo {
        self.encoding.info(&self.description)
    }

    fn encode(&mut self, images: TensorRef<'_>, features: TensorMut<'_>, ctx: &Ctx<'_>) -> Result<()> {
        let (network, exactly) = (&self.network, self.exactly);
        let forward = |pictures: &Tensor| Self::forward(network, exactly, pictures);
        self.encoding.run(images, features, ctx, forward)
    }
}
