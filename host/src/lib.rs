//! The host: loads plugins, composes runs from a file, and shows what the result is worth.

mod announced;
pub mod at_work;
pub mod audit;
pub mod cli;
pub mod config;
pub mod crash_notice;
pub mod data;
pub mod estimate;
pub mod evaluation;
pub mod features;
pub mod metrics;
pub mod nearest;
pub mod pipeline;
pub mod registry;
pub mod report;
pub mod run_host;
pub mod schema;
pub mod similarity;
pub mod statistics;
pub mod storage;
