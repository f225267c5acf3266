//! The people of a run's photographs, before the run has looked at them.

use crate::{
    config::RunConfig,
    data::{People, source},
};

/// How many people the run learns from; 0 where its faces cannot be read.
pub fn real_people(config: &RunConfig) -> usize {
    let people = source::open(&config.data.path).and_then(|source| People::of(&*source));
    people.map_or(0, |people| people.len().saturating_sub(config.data.held_out))
}

/// How many photographs there are, the held-out people's among them; 0 where they cannot be read.
pub fn photographs(config: &RunConfig) -> usize {
    source::open(&config.data.path).map_or(0, |source| source.len())
}
