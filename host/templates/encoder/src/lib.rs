//! Grey levels averaged over a grid, without their mean: the plainest face feature there is. Replace it by an encoder of your own.

use ficta_core::{Configure, Ctx, Encoder, EncoderInfo, Error, Result, TensorMut, TensorRef};

/// Parameters in the run file. The comments become the schema that users see.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "MyEncoder")]
pub struct Params {
    /// Cells along each side, 2 to 64: a feature has cells x cells numbers.
    #[schemars(range(min = 2, max = 64))]
    pub cells: usize,
}

impl Default for Params {
    fn default() -> Self {
        Self { cells: 12 }
    }
}

/// See [`Params`].
pub struct MyEncoder(Params);

impl Configure for MyEncoder {
    type Params = Params;

    fn configure(params: Params) -> Result<Self> {
        if !(2..=64).contains(&params.cells) {
            return Err(Error::config(format!("cells: expected 2 to 64, got {}", params.cells)));
        }
        Ok(Self(params))
    }
}

/// Fills `feature` from one image of `height` x `width` RGB pixels.
fn encode(image: &[u8], height: usize, width: usize, cells: usize, feature: &mut [f32]) {
    // Rec. 601 luma.
    let grey = |y: usize, x: usize| {
        let p = &image[3 * (y * width + x)..][..3];
        0.299 * f64::from(p[0]) + 0.587 * f64::from(p[1]) + 0.114 * f64::from(p[2])
    };
    // The pixels of a cell; at least one where the image is smaller than the grid.
    let span = |i: usize, size: usize| {
        let start = (i * size / cells).min(size - 1);
        start..((i + 1) * size / cells).max(start + 1)
    };
    let mut levels = vec![0f64; cells * cells];
    for (i, level) in levels.iter_mut().enumerate() {
        let (rows, columns) = (span(i / cells, height), span(i % cells, width));
        let count = (rows.len() * columns.len()) as f64;
        *level = rows
            .flat_map(|y| columns.clone().map(move |x| (y, x)))
            .map(|(y, x)| grey(y, x))
            .sum::<f64>()
            / count;
    }
    let mean = levels.iter().sum::<f64>() / levels.len() as f64;
    for (out, level) in feature.iter_mut().zip(&levels) {
        *out = ((level - mean) / 255.0) as f32;
    }
}

impl Encoder for MyEncoder {
    fn info(&self) -> EncoderInfo {
        let cells = self.0.cells;
        EncoderInfo {
            dim: cells * cells,
            height: cells,
            width: cells,
            description: format!("grey levels on a grid of {cells} x {cells}").into(),
        }
    }

    fn encode(&mut self, images: TensorRef<'_>, mut features: TensorMut<'_>, ctx: &Ctx<'_>) -> Result<()> {
        let [n, height, width, channels] = images.dims("images")?;
        images.expect_shape("images", &[n, height, width, 3])?;
        let dim = self.info().dim;
        features.expect_shape("features", &[n, dim])?;
        if height * width == 0 {
            return Err(Error::shape(format!("images of {height} x {width} pixels")));
        }
        let pixels = images.as_slice::<u8>()?.chunks(height * width * channels);
        for (i, (image, feature)) in pixels.zip(features.as_mut_slice::<f32>()?.chunks_mut(dim)).enumerate() {
            ctx.progress(i as u64, n as u64, "images")?;
            encode(image, height, width, self.0.cells, feature);
        }
        ctx.progress(n as u64, n as u64, "images")
    }
}

ficta_core::register_encoder!(MyEncoder, "my-encoder", "Grey levels on a grid");
ficta_core::export_plugin!();
