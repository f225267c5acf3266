//! The host: loads plugins, composes runs from a file, and shows what the result is worth.

pub mod data;
pub mod evaluation;
pub mod metrics;
pub mod report;
pub mod statistics;
pub mod storage;
