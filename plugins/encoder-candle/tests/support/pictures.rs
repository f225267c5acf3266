//! Pictures as u8 RGB, channels last.

use std::path::Path;

/// Height and width of the committed photographs.
pub const SIZE: [usize; 2] = [92, 92];

/// The committed photographs, as named in the reference files.
pub const PHOTOGRAPHS: [(&str, &[u8]); 3] = [
    ("orl_s1_1", include_bytes!("../fixtures/orl_s1_1.png")),
    ("orl_s2_1", include_bytes!("../fixtures/orl_s2_1.png")),
    ("orl_s17_5", include_bytes!("../fixtures/orl_s17_5.png")),
];

/// A committed photograph's pixels.
pub fn photograph(png: &[u8]) -> Vec<u8> {
    let picture = image::load_from_memory(png).unwrap().into_rgb8();
    assert_eq!([picture.height() as usize, picture.width() as usize], SIZE);
    picture.into_raw()
}

/// All committed photographs, one after the other.
pub fn photographs() -> Vec<u8> {
    PHOTOGRAPHS.iter().flat_map(|(_, png)| photograph(png)).collect()
}

/// The square middle of an ORL photograph: rows 14 to 105, all 92 columns.
pub fn orl_crop(path: &Path) -> Vec<u8> {
    let picture = image::open(path).unwrap().into_rgb8();
    assert_eq!((picture.width(), picture.height()), (92, 112), "{}", path.display());
    picture.into_raw()[14 * 92 * 3..106 * 92 * 3].to_vec()
}

/// `count` pictures of smoothed noise, as `fixtures/make_iresnet_reference.py` draws them.
pub fn smooth(count: usize, size: usize) -> Vec<u8> {
    let noise: Vec<u32> = (0..count * size * size * 3)
        .map(|i| super::synthetic::hashed(i).into())
        .collect();
    let mut out = Vec::with_capacity(noise.len());
    for picture in noise.chunks_exact(size * size * 3) {
        for at in 0..picture.len() {
            let (y, x, c) = (at / 3 / size, at / 3 % size, at % 3);
            // Neighbours above and to the left, around the edges.
            let sum: u32 = (0..9)
                .map(|k| picture[((y + size - k / 3) % size * size + (x + size - k % 3) % size) * 3 + c])
                .sum();
            out.push((sum / 9) as u8);
        }
    }
    out
}
