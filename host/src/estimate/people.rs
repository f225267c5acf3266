//! The photographs of a run and the people on them, before the run has looked at them.

use ficta_core::Result;

use crate::{
    config::RunConfig,
    data::{People, source},
};

/// How much a run has to learn from.
#[derive(Clone, Copy, Debug, Default)]
pub struct Photographed {
    /// People, without those held out.
    pub people: usize,
    /// Photographs, the held-out people's among them.
    pub images: usize,
}

impl Photographed {
    /// Counts a run's faces; none where they cannot be read.
    pub fn of(config: &RunConfig) -> Self {
        let counted = || -> Result<Self> {
            let source = source::open(&config.data.path)?;
            Ok(Self {
                people: People::of(&*source)?.len().saturating_sub(config.data.held_out),
                images: source.len(),
            })
        };
        counted().unwrap_or_default()
    }
}
