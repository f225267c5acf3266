use ficta_core::{Configure, Ctx, Encoder, EncoderInfo, Result, TensorMut, TensorRef};
use my_encoder::MyEncoder;

use crate::{Params, common, expect_some, trembling};

pub struct Wrong {
    fault: String,
    good: MyEncoder,
}

impl Configure for Wrong {
    type Params = Params;
    fn configure(params: Params) -> Result<Self> {
        Ok(Self {
            fault: params.fault,
            good: MyEncoder::configure(my_encoder::Params::default())?,
        })
    }
}

impl Encoder for Wrong {
    fn info(&self) -> EncoderInfo {
        let mut info = self.good.info();
        if self.fault == "says-nothing" {
            info.description = "".into();
        }
        info
    }

    fn encode(&mut self, images: TensorRef<'_>, mut features: TensorMut<'_>, ctx: &Ctx<'_>) -> Result<()> {
        common(&self.fault, ctx)?;
        expect_some(&self.fault, images.shape().first());
        if self.fault == "panics" {
            assert_eq!(images.shape()[3], 3);
        }
        let floats = images.as_slice::<f32>().unwrap_or_default();
        let pixels: Vec<u8> = floats.iter().map(|x| (255.0 * x) as u8).collect();
        let images = match &*self.fault {
            "takes-any-type" if !pixels.is_empty() => TensorRef::new(&pixels, images.shape())?,
            _ => images,
        };
        self.good.encode(images, features.reborrow(), ctx)?;
        let dim = self.info().dim;
        let values = features.as_mut_slice::<f32>()?;
        let rows = values.len() / dim;
        match &*self.fault {
            "centres-the-batch" => {
                for d in 0..dim {
                    let mean = (0..rows).map(|i| values[i * dim + d]).sum::<f32>() / rows as f32;
                    (0..rows).for_each(|i| values[i * dim + d] -= mean);
                }
            }
            "not-repeatable" if !values.is_empty() => values[0] += trembling(),
            "blind" => values.fill(0.5),
            "leaves-the-last" if !values.is_empty() => values[rows * dim - 1] = f32::NAN,
            _ => {}
        }
        Ok(())
    }
}

ficta_core::register_encoder!(Wrong, "wrong-encoder", "Breaks the contract");
