use ficta_core::{Configure, Ctx, Encoder, EncoderInfo, Result, TensorMut, TensorRef};

use crate::{Mode, Params};

const DIM: usize = 64;

pub struct Hostile(Mode);

impl Configure for Hostile {
    type Params = Params;
    fn configure(params: Params) -> Result<Self> {
        assert!(
            params.mode != Mode::PanicInConstruction,
            "the hostile component panics in construction"
        );
        Ok(Self(params.mode))
    }
}

impl Encoder for Hostile {
    fn info(&self) -> EncoderInfo {
        EncoderInfo {
            dim: match self.0 {
                Mode::NoSize => 0,
                Mode::HugeSize => 1 << 45,
                _ => DIM,
            },
            height: 8,
            width: 8,
            description: "every so many-th pixel".into(),
        }
    }

    fn encode(&mut self, images: TensorRef<'_>, mut features: TensorMut<'_>, _: &Ctx<'_>) -> Result<()> {
        self.0.misbehave()?;
        let [n, h, w, c] = images.dims("images")?;
        let (pixels, features) = (images.as_slice::<u8>()?, features.as_mut_slice::<f32>()?);
        for i in 0..n {
            for d in 0..DIM {
                features[i * DIM + d] = f32::from(pixels[i * h * w * c + d * h * w * c / DIM]) / 255.0 - 0.4;
            }
        }
        if self.0 == Mode::Nan {
            features[DIM + 3] = f32::NAN;
        }
        Ok(())
    }
}

ficta_core::register_encoder!(Hostile, "hostile-encoder", "Picks pixels, or misbehaves on request");
