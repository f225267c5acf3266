//! `unet`: a diffusion model of faces, conditioned on an ID feature, on libtorch.
//!
//! That generation is diffusion conditioned on the ID feature is the paper's; it does not publish the network, the resolution or the schedule.
//! All of that is ours: a pixel-space UNet (Ronneberger et al. 2015; Ho et al. 2020) over small patches, the ID feature through an MLP added to the
//! time embedding and into every block by scale and shift (FiLM, Perez et al. 2018; "AdaGN", Dhariwal and Nichol 2021), v-prediction
//! (Salimans and Ho 2022), the cosine schedule (Nichol and Dhariwal 2021), dropped conditions for classifier-free guidance (Ho and Salimans
//! 2022), and an EMA of the weights.

mod denoiser;
mod inputs;
mod model;
mod network;
mod noising;
mod params;
mod persistence;
mod predict;
mod schedule;
mod train;

pub use denoiser::UnetDenoiser;
pub use params::{Params, PredictionTarget};
pub use schedule::Schedule;

ficta_core::register_denoiser!(
    UnetDenoiser,
    "unet",
    "pixel-space UNet conditioned on the ID feature, on libtorch"
);
ficta_core::export_plugin!(backend = "libtorch 2.11.0");
