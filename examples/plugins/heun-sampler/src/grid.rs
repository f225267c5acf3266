//! Which of the denoiser's time steps are visited.

use ficta_core::{DenoiserInfo, Error, Result};

/// One visited time step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Knot {
    /// Time step of the denoiser.
    pub t: usize,
    /// Noise level sqrt((1 - abar_t) / abar_t).
    pub sigma: f64,
}

/// Knots of falling noise level: the denoiser's time steps nearest (in log sigma) to Karras et al. 2022, equation 5,
///
/// sigma_i = (max^(1/rho) + i / (steps - 1) (min^(1/rho) - max^(1/rho)))^rho,
///
/// between the denoiser's own noise levels within `range`. Where two of them fall on one time step it is visited once.
///
/// # Errors
/// A noise schedule that does not fall, or has no time step within `range`.
pub fn knots(info: &DenoiserInfo, steps: usize, rho: f64, range: (f64, f64)) -> Result<Vec<Knot>> {
    let mut all: Vec<Knot> = Vec::new();
    for (t, &abar) in info.alpha_bar.iter().enumerate() {
        let falls = t == 0 || abar < info.alpha_bar[t - 1];
        if !(0.0..1.0).contains(&abar) || !falls {
            return Err(Error::data(format!(
                "the denoiser's alpha_bar is {abar} at t = {t}, expected to fall within [0, 1)"
            )));
        }
        let sigma = ((1.0 - abar) / abar).sqrt();
        if (range.0..=range.1).contains(&sigma) {
            all.push(Knot { t, sigma });
        }
    }
    let (Some(low), Some(high)) = (all.first(), all.last()) else {
        return Err(Error::config(format!(
            "no time step of the denoiser has a noise level within {range:?}"
        ))
        .help("widen sigma_min and sigma_max"));
    };
    let (from, to) = (high.sigma.powf(1.0 / rho), low.sigma.powf(1.0 / rho));
    let mut visited: Vec<Knot> = (0..steps)
        .map(|i| {
            (from + i as f64 / (steps - 1).max(1) as f64 * (to - from))
                .powf(rho)
                .ln()
        })
        .map(|ideal| nearest(&all, ideal))
        .collect();
    visited.dedup();
    Ok(visited)
}

fn nearest(all: &[Knot], log_sigma: f64) -> Knot {
    let above = all
        .partition_point(|knot| knot.sigma.ln() < log_sigma)
        .min(all.len() - 1);
    let below = above.saturating_sub(1);
    let off = |i: usize| (all[i].sigma.ln() - log_sigma).abs();
    if off(below) < off(above) {
        all[below]
    } else {
        all[above]
    }
}

#[cfg(test)]
mod tests {
    use ficta_core::{
        Denoiser, Prediction,
        testing::{ToyDenoiser, cosine_alpha_bar},
    };

    use super::*;

    fn info(alpha_bar: Vec<f64>) -> DenoiserInfo {
        ToyDenoiser::new([1, 1, 1], 1, 1.0, Prediction::V, alpha_bar).info()
    }

    #[test]
    fn levels_fall_from_the_largest_to_the_smallest() {
        let info = info(cosine_alpha_bar(1000));
        let knots = knots(&info, 18, 7.0, (0.002, 80.0)).unwrap();
        assert_eq!(knots.len(), 18);
        assert!(knots.windows(2).all(|w| w[1].sigma < w[0].sigma && w[1].t < w[0].t));
        assert!(
            knots[0].sigma <= 80.0 && knots[0].sigma > 70.0 && knots[17].t == 0,
            "{knots:?}"
        );
        for knot in &knots {
            let abar = info.alpha_bar[knot.t];
            assert!((knot.sigma.powi(2) * abar - (1.0 - abar)).abs() < 1e-12);
        }
        // The middle of the ramp: ((80^(1/7) + 0.002...^(1/7)) / 2)^7 up to the grid.
        let middle = (0.5 * (knots[0].sigma.powf(1.0 / 7.0) + knots[17].sigma.powf(1.0 / 7.0))).powf(7.0);
        assert!(knots[9].sigma < middle && middle < knots[8].sigma, "{middle} {knots:?}");
    }

    #[test]
    fn a_short_schedule_is_visited_once() {
        let knots = knots(&info(cosine_alpha_bar(5)), 50, 7.0, (0.0, f64::MAX)).unwrap();
        assert_eq!(knots.iter().map(|k| k.t).collect::<Vec<_>>(), [4, 3, 2, 1, 0]);
    }

    #[test]
    fn unusable_schedules_are_refused() {
        for schedule in [vec![0.5, 0.6], vec![1.0, 0.5], vec![0.5, f64::NAN], vec![]] {
            assert!(knots(&info(schedule), 5, 7.0, (0.002, 80.0)).is_err());
        }
        assert!(knots(&info(vec![0.9, 0.8]), 5, 7.0, (1.0, 80.0)).is_err());
    }
}
