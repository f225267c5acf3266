//! Between bytes and the numbers that networks see.

use ficta_core::{Error, Result};

/// Luma of ITU-R BT.601 in 16-bit fixed point, as Pillow's `convert("L")` computes it. Grey stays what it is.
pub fn luma(rgb: [u8; 3]) -> u8 {
    let [r, g, b] = rgb.map(u32::from);
    ((r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16) as u8
}

/// `(x/255 - 0.5)/0.5` in f32, of every byte x.
const NUMBERS: [f32; 256] = {
    let mut all = [0.0; 256];
    let mut byte = 0;
    while byte < 256 {
        all[byte] = (byte as f32 / 255.0 - 0.5) / 0.5;
        byte += 1;
    }
    all
};

/// u8 RGB `[N,H,W,3]` to f32 `[N,C,H,W]` in [-1, 1]: `(x/255 - 0.5)/0.5`, in f32. With one channel, of the [`luma`].
///
/// # Errors
/// Another number of pixels; channels other than 1 and 3.
pub fn to_f32(pixels: &[u8], n: usize, height: usize, width: usize, channels: usize) -> Result<Vec<f32>> {
    check("pixels", pixels.len(), [n, height, width, 3])?;
    check_channels(channels)?;
    let area = height * width;
    let mut out = vec![0.0; n * channels * area];
    if area == 0 {
        return Ok(out);
    }
    for (image, planes) in pixels.chunks_exact(area * 3).zip(out.chunks_exact_mut(area * channels)) {
        put(image, width, false, planes);
    }
    Ok(out)
}

/// One image of [`to_f32`] into its place `[C,H,W]`, left and right exchanged where it is `mirrored`.
pub(crate) fn put(image: &[u8], width: usize, mirrored: bool, planes: &mut [f32]) {
    let (pixels, _) = image.as_chunks::<3>();
    let area = pixels.len();
    let rows = pixels.chunks_exact(width.max(1)).enumerate();
    if planes.len() == area {
        for (y, row) in rows {
            let to = planes[y * width..][..width].iter_mut();
            let number = |rgb: &[u8; 3]| NUMBERS[usize::from(luma(*rgb))];
            match mirrored {
                false => to.zip(row).for_each(|(to, rgb)| *to = number(rgb)),
                true => to.zip(row.iter().rev()).for_each(|(to, rgb)| *to = number(rgb)),
            }
        }
        return;
    }
    let (red, rest) = planes.split_at_mut(area);
    let (green, blue) = rest.split_at_mut(area);
    for (y, row) in rows {
        let at = y * width..(y + 1) * width;
        let to = red[at.clone()]
            .iter_mut()
            .zip(&mut green[at.clone()])
            .zip(&mut blue[at]);
        let set = |(((r, g), b), rgb): (((&mut f32, &mut f32), &mut f32), &[u8; 3])| {
            [*r, *g, *b] = rgb.map(|byte| NUMBERS[usize::from(byte)]);
        };
        match mirrored {
            false => to.zip(row).for_each(set),
            true => to.zip(row.iter().rev()).for_each(set),
        }
    }
}

/// f32 `[N,C,H,W]` in [-1, 1] to u8 RGB `[N,H,W,3]`: `(x * 0.5 + 0.5) * 255`, rounded (halves away from zero) and clamped to 0..255. One
/// channel becomes three equal ones.
///
/// # Errors
/// Another number of values; channels other than 1 and 3; NaN, with image and place.
pub fn to_u8(values: &[f32], n: usize, height: usize, width: usize, channels: usize) -> Result<Vec<u8>> {
    check_channels(channels)?;
    check("values", values.len(), [n, channels, height, width])?;
    let area = height * width;
    if let Some(at) = values.iter().position(|x| x.is_nan()) {
        let (image, place) = (at / (area * channels), at % area);
        let (row, column) = (place / width, place % width);
        let error = Error::data(format!("image {image} holds NaN at row {row}, column {column}"));
        return Err(error.help("the network that made it has diverged: lower its learning rate"));
    }
    let byte = |x: f32| ((x * 0.5 + 0.5) * 255.0).round().clamp(0.0, 255.0) as u8;
    let mut out = Vec::with_capacity(n * area * 3);
    for planes in values.chunks_exact((area * channels).max(1)) {
        for at in 0..area {
            // Plane 0 three times, or planes 0 to 2.
            out.extend((0..3).map(|colour| byte(planes[colour * (channels - 1) / 2 * area + at])));
        }
    }
    Ok(out)
}

/// RGB `[N,H,W,3]` with each pixel's colours replaced by its [`luma`].
pub fn to_grey(rgb: &mut [u8]) {
    rgb.as_chunks_mut::<3>()
        .0
        .iter_mut()
        .for_each(|pixel| *pixel = [luma(*pixel); 3]);
}

fn check(what: &str, got: usize, shape: [usize; 4]) -> Result<()> {
    let expected = shape.iter().try_fold(1usize, |n, d| n.checked_mul(*d));
    if expected == Some(got) {
        return Ok(());
    }
    Err(Error::shape(format!("{what}: shape {shape:?} does not hold {got}")))
}

fn check_channels(channels: usize) -> Result<()> {
    if matches!(channels, 1 | 3) {
        return Ok(());
    }
    Err(Error::shape(format!(
        "{channels} channels, expected 1 (grey) or 3 (RGB)"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_comes_back() {
        let pixels: Vec<u8> = (0..=255).flat_map(|v| [v, 255 - v, v / 2]).collect();
        let values = to_f32(&pixels, 2, 8, 16, 3).unwrap();
        assert_eq!(to_u8(&values, 2, 8, 16, 3).unwrap(), pixels);
        let grey: Vec<u8> = (0..=255).flat_map(|v| [v; 3]).collect();
        let values = to_f32(&grey, 1, 16, 16, 1).unwrap();
        assert_eq!(values.len(), 256);
        assert_eq!(to_u8(&values, 1, 16, 16, 1).unwrap(), grey);
    }

    #[test]
    fn a_mirrored_image_is_the_image_of_the_mirrored_pixels() {
        let pixels: Vec<u8> = (0..3 * 5 * 3).map(|i| (i * 7 % 256) as u8).collect();
        let image = crate::data::Rgb {
            pixels,
            height: 3,
            width: 5,
        };
        for channels in [1, 3] {
            let mut got = vec![0.0; channels * 15];
            put(&image.pixels, 5, true, &mut got);
            assert_eq!(got, to_f32(&image.mirrored().pixels, 1, 3, 5, channels).unwrap());
        }
        assert_eq!(
            NUMBERS.map(|x| ((x * 0.5 + 0.5) * 255.0).round() as u8),
            std::array::from_fn(|i| i as u8)
        );
    }

    #[test]
    fn planes_are_channels() {
        let values = to_f32(&[0, 255, 51, 255, 0, 51], 1, 1, 2, 3).unwrap();
        assert_eq!(values, [-1.0, 1.0, 1.0, -1.0, -0.6, -0.6]);
        // (19595 * 0 + 38470 * 255 + 7471 * 51 + 32768) >> 16 = 156; Pillow's convert("L") agrees.
        assert_eq!(luma([0, 255, 51]), 156);
        assert_eq!(luma([10, 20, 30]), 18);
    }

    #[test]
    fn values_outside_are_clamped_and_halves_round_away() {
        let half = (127.5f32 / 255.0 - 0.5) / 0.5;
        assert_eq!(half, 0.0);
        let bytes = to_u8(&[-7.0, 1.2, f32::INFINITY, half], 1, 2, 2, 1).unwrap();
        assert_eq!(bytes, [0, 0, 0, 255, 255, 255, 255, 255, 255, 128, 128, 128]);
    }

    #[test]
    fn nan_is_an_error_with_its_place() {
        let mut values = vec![0.0; 2 * 3 * 4];
        values[12 + 4 + 3] = f32::NAN;
        let error = to_u8(&values, 2, 2, 2, 3).unwrap_err();
        assert_eq!(error.message(), "image 1 holds NaN at row 1, column 1");
    }

    #[test]
    fn shapes_are_checked() {
        assert!(to_f32(&[0; 5], 1, 1, 2, 3).is_err());
        assert!(to_f32(&[0; 6], 1, 1, 2, 2).is_err());
        assert!(to_u8(&[0.0; 5], 1, 1, 2, 3).is_err());
        assert!(to_u8(&[0.0; 6], 1, 1, 2, 2).is_err());
        assert!(to_u8(&[], 0, 8, 8, 3).unwrap().is_empty());
        assert!(to_f32(&[], 3, 0, 8, 3).unwrap().is_empty());
    }

    #[test]
    fn grey_keeps_grey() {
        let mut rgb = [10, 20, 30, 7, 7, 7];
        to_grey(&mut rgb);
        assert_eq!(rgb, [18, 18, 18, 7, 7, 7]);
    }
}
