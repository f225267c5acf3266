//! Measurements for BENCHMARKS.md: see `benches/`.
