//! Pictures side by side in one.

use ficta_core::Result;

use crate::report::{picture::Picture, png};

/// Pictures in lines without gaps, each in a square tile of `tile` pixels.
#[derive(Debug)]
pub(crate) struct Grid {
    pub png: Vec<u8>,
    pub width: u32,
    pub height: u32,
    /// Number of lines.
    pub lines: u32,
}

/// Lays out pictures in lines of `per_line`; `None` where there are none. Smaller pictures are enlarged to the tile, pixel by
/// pixel, and centred.
pub(crate) fn grid(pictures: &[&Picture], per_line: usize, tile: u32) -> Result<Option<Grid>> {
    if pictures.is_empty() {
        return Ok(None);
    }
    let per_line = per_line.clamp(1, pictures.len());
    let lines = pictures.len().div_ceil(per_line);
    let (width, height) = (per_line as u32 * tile, lines as u32 * tile);
    let channels = if pictures.iter().all(|p| p.is_grey()) { 1 } else { 3 };
    let mut pixels = vec![255_u8; width as usize * height as usize * channels];
    for (n, picture) in pictures.iter().enumerate() {
        let (left, top) = ((n % per_line) as u32 * tile, (n / per_line) as u32 * tile);
        paint(picture, tile, |x, y, rgb| {
            let at = ((top + y) as usize * width as usize + (left + x) as usize) * channels;
            pixels[at..at + channels].copy_from_slice(&rgb[..channels]);
        });
    }
    Ok(Some(Grid {
        png: png::encode(&pixels, width, height, channels)?,
        width,
        height,
        lines: lines as u32,
    }))
}

/// Calls `put` with place and colour of every pixel of a square tile that the picture covers: nearest neighbour, longer side
/// filling the tile, centred.
pub(super) fn paint(picture: &Picture, tile: u32, mut put: impl FnMut(u32, u32, [u8; 3])) {
    let longer = picture.width().max(picture.height());
    let scaled = |side: u32| (side * tile / longer).max(1);
    let (width, height) = (scaled(picture.width()), scaled(picture.height()));
    let (left, top) = ((tile - width) / 2, (tile - height) / 2);
    for y in 0..height {
        for x in 0..width {
            let from = (x * picture.width() / width, y * picture.height() / height);
            put(left + x, top + y, picture.rgb_at(from.0, from.1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_lie_in_reading_order() {
        let one = |v: u8| Picture::grey(2, 2, vec![v; 4]).unwrap();
        let (a, b, c) = (one(10), one(20), one(30));
        let g = grid(&[&a, &b, &c], 2, 2).unwrap().unwrap();
        assert_eq!((g.width, g.height, g.lines), (4, 4, 2));
        let image = image::load_from_memory(&g.png).unwrap();
        assert_eq!(image.color(), image::ColorType::L8);
        let image = image.to_luma8();
        assert_eq!(image.get_pixel(3, 1).0, [20]);
        assert_eq!(image.get_pixel(0, 2).0, [30]);
        assert_eq!(image.get_pixel(3, 3).0, [255], "an empty place is white");
        assert!(grid(&[], 2, 2).unwrap().is_none());
    }

    #[test]
    fn enlarged_pixel_by_pixel_and_colour_kept() {
        let small = Picture::rgb(1, 2, vec![1, 2, 3, 4, 5, 6]).unwrap();
        let large = Picture::grey(4, 4, vec![9; 16]).unwrap();
        let g = grid(&[&small, &large], 2, 4).unwrap().unwrap();
        let image = image::load_from_memory(&g.png).unwrap().to_rgb8();
        assert_eq!(image.get_pixel(0, 0).0, [255; 3]);
        assert_eq!(image.get_pixel(1, 1).0, [1, 2, 3]);
        assert_eq!(image.get_pixel(2, 2).0, [4, 5, 6]);
        assert_eq!(image.get_pixel(7, 3).0, [9; 3]);
    }
}
