//! Placeholder until the components arrive.
