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
