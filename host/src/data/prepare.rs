//! From encoded images to pixel buffers at two sizes.

use ficta_core::{Error, Result};
use rayon::prelude::*;

use super::{
    config::{Crop, DataConfig, Size},
    convert,
    resize::resize,
    source::ImageSource,
};

/// An RGB image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rgb {
    /// `[height,width,3]`.
    pub pixels: Vec<u8>,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl Rgb {
    /// A part of the image, if it lies inside.
    pub fn crop(&self, part: Crop) -> Option<Self> {
        let Crop { x, y, width, height } = part;
        if x.checked_add(width)? > self.width || y.checked_add(height)? > self.height {
            return None;
        }
        let rows = (y..y + height).flat_map(|row| {
            let start = (row * self.width + x) * 3;
            &self.pixels[start..start + width * 3]
        });
        Some(Self {
            pixels: rows.copied().collect(),
            height,
            width,
        })
    }

    /// The mirror image: left and right exchanged.
    #[must_use]
    pub fn mirrored(&self) -> Self {
        let rows = self.pixels.chunks_exact((self.width * 3).max(1));
        Self {
            pixels: rows
                .flat_map(|row| row.as_chunks::<3>().0.iter().rev().flatten())
                .copied()
                .collect(),
            ..*self
        }
    }

    /// The image at another size; see [`mod@super::resize`].
    #[must_use]
    pub fn resized(&self, height: usize, width: usize) -> Self {
        Self {
            pixels: resize(&self.pixels, self.height, self.width, height, width),
            height,
            width,
        }
    }
}

/// An image at two sizes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// For the encoder: of one size in a set.
    pub full: Rgb,
    /// To train on: a square of the configured size, grey where one channel is asked for.
    pub small: Rgb,
}

/// Images decoded at once, and between two calls of the progress callback.
const BLOCK: usize = 64;

/// Decodes, crops and resizes the chosen images of `source` on all of the current pool's threads, and hands them to `put` in the order given. The result
/// does not depend on the number of threads; a block of images is held.
///
/// `progress` gets how many images are done after each block; an error it returns ends the work.
///
/// # Errors
/// The first image, in the order given, that cannot be read, has another size than expected, or does not contain the crop; images that
/// are not square or differ in size where they must not; what `put` and `progress` return.
pub fn prepare(
    source: &dyn ImageSource,
    chosen: &[usize],
    config: &DataConfig,
    mut put: impl FnMut(Prepared) -> Result<()>,
    mut progress: impl FnMut(usize) -> Result<()>,
) -> Result<()> {
    config.check()?;
    let (mut done, mut size) = (0, None);
    for block in chosen.chunks(BLOCK) {
        let images: Vec<Result<Prepared>> = block.par_iter().map(|index| one(source, *index, config)).collect();
        for (index, image) in block.iter().zip(images) {
            let image = image?;
            let this = (image.full.height, image.full.width);
            let first = *size.get_or_insert(this);
            if this != first {
                return Err(unequal(
                    &source.name(*index),
                    &image.full,
                    &source.name(chosen[0]),
                    first,
                ));
            }
            put(image)?;
            done += 1;
        }
        progress(done)?;
    }
    Ok(())
}

fn one(source: &dyn ImageSource, index: usize, config: &DataConfig) -> Result<Prepared> {
    let image = source.decode(index)?;
    let name = || source.name(index);
    let (width, height) = (image.width, image.height);
    if let Some(expected) = config.expect_size
        && expected != (Size { width, height })
    {
        let Size { width: w, height: h } = expected;
        let message = format!(
            "{}: expected an image of {w}x{h} (data.expect_size), got {width}x{height}",
            name()
        );
        return Err(Error::data(message).help("resize or remove the image, or leave data.expect_size out"));
    }
    let image = match config.crop {
        None => image,
        Some(part) => image.crop(part).ok_or_else(|| {
            let Crop {
                x,
                y,
                width: w,
                height: h,
            } = part;
            Error::data(format!(
                "{}: data.crop takes {w}x{h} at ({x}, {y}), but the image is {width}x{height}",
                name()
            ))
        })?,
    };
    if image.width != image.height {
        let message = format!(
            "{}: expected a square image, got {}x{}",
            name(),
            image.width,
            image.height
        );
        return Err(Error::data(message).help("set data.crop to a square around the face, or align the images first"));
    }
    let mut small = image.resized(config.size, config.size);
    if config.channels == 1 {
        convert::to_grey(&mut small.pixels);
    }
    let full = match config.full_size {
        Some(Size { width, height }) => image.resized(height, width),
        None => image,
    };
    Ok(Prepared { full, small })
}

fn unequal(name: &str, image: &Rgb, first: &str, (height, width): (usize, usize)) -> Error {
    let message = format!(
        "{name}: the image is {}x{} and {first} is {width}x{height}, expected images of one size",
        image.width, image.height
    );
    Error::data(message).help("set data.full_size, for example { width = 112, height = 112 }")
}

#[cfg(test)]
mod tests {
    use std::{fs, path::PathBuf};

    use super::*;
    use crate::data::{png, source::FolderSource};

    /// A folder of `n` images whose first pixel tells their number.
    fn images(n: usize, height: usize, width: usize) -> (tempfile::TempDir, Vec<PathBuf>) {
        let folder = tempfile::tempdir().unwrap();
        let paths: Vec<PathBuf> = (0..n).map(|i| folder.path().join(format!("p/{i}.png"))).collect();
        for (i, path) in paths.iter().enumerate() {
            let mut pixels: Vec<u8> = (0..height * width * 3).map(|p| (p * 31 % 253) as u8).collect();
            pixels[0] = i as u8;
            png::write(path, &pixels, height, width, 3).unwrap();
        }
        (folder, paths)
    }

    fn config(edit: impl FnOnce(&mut DataConfig)) -> DataConfig {
        let mut config = DataConfig::at("");
        config.size = 4;
        edit(&mut config);
        config
    }

    /// What comes of the images of a folder, one after the other.
    #[derive(Debug, Default, PartialEq)]
    struct All {
        count: usize,
        full: Vec<u8>,
        full_height: usize,
        full_width: usize,
        small: Vec<u8>,
        size: usize,
    }

    /// [`super::prepare`] for all images of a folder.
    fn prepare(
        folder: &tempfile::TempDir,
        config: &DataConfig,
        progress: impl FnMut(usize) -> Result<()>,
    ) -> Result<All> {
        let source = FolderSource::open(folder.path())?;
        let all: Vec<usize> = (0..source.len()).collect();
        let mut out = All::default();
        let put = |image: Prepared| {
            out.count += 1;
            (out.full_height, out.full_width, out.size) = (image.full.height, image.full.width, image.small.width);
            out.full.extend(image.full.pixels);
            out.small.extend(image.small.pixels);
            Ok(())
        };
        super::prepare(&source, &all, config, put, progress)?;
        Ok(out)
    }

    fn message(folder: &tempfile::TempDir, config: &DataConfig) -> String {
        prepare(folder, config, |_| Ok(())).unwrap_err().to_string()
    }

    #[test]
    fn order_and_result_do_not_depend_on_threads() {
        let (folder, _) = images(150, 8, 8);
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let mut seen = Vec::new();
            let prepared = pool.install(|| {
                prepare(&folder, &config(|_| ()), |done| {
                    seen.push(done);
                    Ok(())
                })
            });
            assert_eq!(seen, [64, 128, 150]);
            prepared.unwrap()
        };
        let one = run(1);
        assert_eq!((one.count, one.full_height, one.full_width, one.size), (150, 8, 8, 4));
        assert!((0..150).all(|i| one.full[i * 8 * 8 * 3] == i as u8));
        assert_eq!(run(4), one);
    }

    #[test]
    fn crop_then_resize() {
        let (folder, paths) = images(1, 6, 5);
        let crop = Crop {
            x: 1,
            y: 2,
            width: 4,
            height: 4,
        };
        let prepared = prepare(&folder, &config(|c| c.crop = Some(crop)), |_| Ok(())).unwrap();
        let whole = png::read(&paths[0]).unwrap();
        let at = |row: usize, column: usize| &whole.pixels[(row * 5 + column) * 3..][..3];
        assert_eq!(&prepared.full[..3], at(2, 1));
        assert_eq!(&prepared.full[prepared.full.len() - 3..], at(5, 4));
        assert_eq!(prepared.small, prepared.full);
        let full = Some(Size { width: 3, height: 2 });
        let resized = prepare(&folder, &config(|c| (c.crop, c.full_size) = (Some(crop), full)), |_| {
            Ok(())
        })
        .unwrap();
        assert_eq!(resized.full, resize(&prepared.full, 4, 4, 2, 3));
    }

    #[test]
    fn one_channel_makes_the_small_images_grey() {
        let (folder, _) = images(1, 4, 4);
        let prepared = prepare(&folder, &config(|c| c.channels = 1), |_| Ok(())).unwrap();
        assert!(
            prepared
                .small
                .as_chunks::<3>()
                .0
                .iter()
                .all(|[r, g, b]| r == g && g == b)
        );
        assert!(
            prepared.full.as_chunks::<3>().0.iter().any(|[r, g, _]| r != g),
            "the encoder still sees colours"
        );
    }

    #[test]
    fn the_first_bad_image_is_named() {
        let (folder, paths) = images(9, 4, 4);
        for bad in [7, 3] {
            fs::write(&paths[bad], "no image").unwrap();
        }
        assert!(message(&folder, &config(|_| ())).contains("3.png is not a sound image"));
    }

    #[test]
    fn sizes_are_checked() {
        let (folder, paths) = images(2, 6, 6);
        let wrong = Some(Size { width: 5, height: 6 });
        let text = message(&folder, &config(|c| c.expect_size = wrong));
        assert!(
            text.contains("0.png: expected an image of 5x6 (data.expect_size), got 6x6"),
            "{text}"
        );
        let right = Some(Size { width: 6, height: 6 });
        prepare(&folder, &config(|c| c.expect_size = right), |_| Ok(())).unwrap();
        let crop = Some(Crop {
            x: 3,
            y: 0,
            width: 4,
            height: 4,
        });
        let text = message(&folder, &config(|c| c.crop = crop));
        assert!(
            text.contains("data.crop takes 4x4 at (3, 0), but the image is 6x6"),
            "{text}"
        );
        png::write(&paths[1], &[0; 6 * 5 * 3], 6, 5, 3).unwrap();
        let text = message(&folder, &config(|_| ()));
        assert!(text.contains("1.png: expected a square image, got 5x6"), "{text}");
        png::write(&paths[1], &[0; 5 * 5 * 3], 5, 5, 3).unwrap();
        let text = message(&folder, &config(|_| ()));
        assert!(
            text.contains("1.png: the image is 5x5 and") && text.contains("set data.full_size"),
            "{text}"
        );
        let full = Some(Size { width: 6, height: 6 });
        assert_eq!(
            prepare(&folder, &config(|c| c.full_size = full), |_| Ok(()))
                .unwrap()
                .count,
            2
        );
    }

    #[test]
    fn progress_can_stop_the_work() {
        let (folder, _) = images(2, 4, 4);
        let stopped = prepare(&folder, &config(|_| ()), |_| {
            Err(Error::new(ficta_core::ErrorKind::CANCELLED, "stop"))
        });
        assert_eq!(stopped.unwrap_err().kind(), ficta_core::ErrorKind::CANCELLED);
    }
}
