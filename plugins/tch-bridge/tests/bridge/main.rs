//! The pieces that libtorch plugins are made of.

mod checkpoints;
mod gradients;
mod layers;
mod memory;
mod optimisers;
mod threads;
