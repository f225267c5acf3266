//! A verification pack as a set.

use std::{borrow::Cow, path::Path};

use ficta_core::Result;

use super::{SetImages, VerificationSet};
use crate::data::pack::Pack;

impl SetImages for Pack {
    fn len(&self) -> usize {
        self.len()
    }
    fn bytes(&self, index: usize) -> Result<Cow<'_, [u8]>> {
        self.image(index).map(Cow::Owned)
    }
    fn place(&self, index: usize) -> String {
        let offset = self.offset(index).unwrap_or_default();
        format!("{}: image {index} at offset {offset}", self.path().display())
    }
}

pub(super) fn open(path: &Path) -> Result<VerificationSet> {
    let pack = Pack::open(path)?;
    Ok(VerificationSet {
        name: String::new(),
        pairs: (0..pack.same().len()).map(|k| [2 * k, 2 * k + 1]).collect(),
        same: pack.same().to_vec(),
        fold: Vec::new(),
        folds: 0,
        images: Box::new(pack),
    })
}
