//! The verification sets that a run file names.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use ficta_core::{Backbone, Error, Result};
use serde_json::{Value, json};

use super::{Place, matrix::Matrix};
use crate::{
    evaluation::{Features, Network, Protocol, VerificationSet, embed},
    storage::{Tensor, hash},
};

/// Folds for pairs that have none of their own.
const FOLDS: usize = 10;
/// How run files' sets are compared.
pub const PROTOCOL: Protocol = Protocol::Insightface;
/// Of VAL@FAR.
pub const VAL_FAR: f64 = 1e-3;

/// Opens the sets by name; images are not decoded yet.
///
/// # Errors
/// A set that cannot be opened, with its name.
pub fn open(sets: &BTreeMap<String, PathBuf>) -> Result<Vec<(String, VerificationSet)>> {
    let open = |(name, path): (&String, &PathBuf)| {
        let mut set =
            VerificationSet::open(path, None, FOLDS).map_err(|e| e.context(format!("evaluation set {name}")))?;
        set.name.clone_from(name);
        Ok((name.clone(), set))
    };
    sets.iter().map(open).collect()
}

/// What the sets hold, for fingerprints: the content, not the place, since a moved set is the same set. Of a list of pairs it is the list's; which images
/// it names is all that is known of them. `key` is where the sets stand.
///
/// # Errors
/// A set that is not there.
pub fn content(key: &str, sets: &BTreeMap<String, PathBuf>) -> Result<Value> {
    let each = sets.iter().map(|(name, path)| match path.exists() {
        true => Ok(json!([name, hash::of_file(path)?])),
        false => Err(Error::config(format!(
            "{key}.{name}: {} does not exist",
            path.display()
        ))),
    });
    each.collect()
}

/// Distance of each pair, and how many images were scaled to the network's size.
///
/// # Errors
/// Images that cannot be read; the network's; embeddings without a direction.
pub fn distances(set: &VerificationSet, network: &mut dyn Backbone, place: &Place<'_>) -> Result<(Vec<f64>, usize)> {
    let embedded = embed(&mut Network::Lent(network), &*set.images, place.host)?;
    let tensor = |m: Matrix| Tensor::new(&[m.rows, m.cols], m.data);
    let features = Features::new(
        Path::new(&set.name),
        tensor(embedded.image)?,
        Some(tensor(embedded.mirrored)?),
    )?;
    Ok((features.distances(&set.pairs, PROTOCOL)?, embedded.scaled))
}
