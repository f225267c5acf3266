//! Time and memory of a step of many images from steps of fewer.

use std::time::{Duration, Instant};

use ficta_core::Result;
use serde::Serialize;

use super::peak_memory;

/// Images of the first step.
const FIRST: usize = 8;
/// Steps of the whole batch, where it is reached: the fastest counts.
const WHOLE: usize = 3;

/// What a step takes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Calibration {
    /// Seconds of a step.
    pub seconds: f64,
    /// Peak memory of the process during it, in bytes, where the system tells.
    pub peak_memory: Option<u64>,
    /// How it was found.
    pub how: String,
}

/// What was seen of steps of so many images.
#[derive(Clone, Copy, Debug)]
struct Probe {
    images: usize,
    seconds: f64,
    peak: Option<u64>,
}

/// Takes steps of ever more images, by doubling, until one of `batch` is reached or the next would exceed `budget`; then the last two are drawn on
/// to `batch` as a straight line.
///
/// # Errors
/// The step's.
pub fn calibrate(batch: usize, budget: Duration, step: &mut dyn FnMut(usize) -> Result<()>) -> Result<Calibration> {
    let began = Instant::now();
    let mut probes: Vec<Probe> = Vec::new();
    let mut images = FIRST.min(batch);
    loop {
        if probes.is_empty() {
            // The first of all steps makes what the others find made.
            step(images)?;
        }
        let mut probe = take(images, step)?;
        let left = |probe: &Probe| began.elapsed().as_secs_f64() + probe.seconds < budget.as_secs_f64();
        if images == batch {
            let mut count = 1;
            while count < WHOLE && left(&probe) {
                let again = take(images, step)?;
                probe.seconds = probe.seconds.min(again.seconds);
                probe.peak = probe.peak.max(again.peak);
                count += 1;
            }
            return Ok(Calibration {
                seconds: probe.seconds,
                peak_memory: probe.peak,
                how: format!("{count} steps of {batch} images"),
            });
        }
        probes.push(probe);
        let next = (2 * images).min(batch);
        let expected = probe.seconds * next as f64 / images as f64;
        if began.elapsed().as_secs_f64() + expected > budget.as_secs_f64() {
            return Ok(drawn_on(&probes, batch));
        }
        images = next;
    }
}

fn take(images: usize, step: &mut dyn FnMut(usize) -> Result<()>) -> Result<Probe> {
    peak_memory::forget();
    let began = Instant::now();
    step(images)?;
    Ok(Probe {
        images,
        seconds: began.elapsed().as_secs_f64(),
        peak: peak_memory::peak(),
    })
}

/// The straight line through the last two steps, at `batch`; of one, in proportion.
fn drawn_on(probes: &[Probe], batch: usize) -> Calibration {
    let last = probes[probes.len() - 1];
    let at_batch = |value: &dyn Fn(&Probe) -> f64, alone: f64| match probes {
        [.., before, last] => {
            let slope = (value(last) - value(before)) / (last.images - before.images) as f64;
            value(last) + slope.max(0.0) * (batch - last.images) as f64
        }
        _ => alone,
    };
    let ratio = batch as f64 / last.images as f64;
    let peak = |p: &Probe| p.peak.unwrap_or_default() as f64;
    let sizes: Vec<_> = probes
        .iter()
        .rev()
        .take(2)
        .rev()
        .map(|p| p.images.to_string())
        .collect();
    Calibration {
        seconds: at_batch(&|p| p.seconds, last.seconds * ratio),
        peak_memory: last.peak.map(|_| at_batch(&peak, peak(&last) * ratio) as u64),
        how: format!("drawn on from steps of {} images", sizes.join(" and ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_within_the_budget_is_measured_itself() {
        let mut sizes = Vec::new();
        let found = calibrate(20, Duration::from_secs(60), &mut |images| {
            sizes.push(images);
            Ok(())
        });
        assert_eq!(sizes, [8, 8, 16, 20, 20, 20]);
        assert_eq!(found.unwrap().how, "3 steps of 20 images");
    }

    #[test]
    fn a_batch_beyond_the_budget_is_drawn_on_to() {
        let each = Duration::from_micros(400);
        let mut most = 0;
        let found = calibrate(4096, Duration::from_millis(60), &mut |images| {
            most = most.max(images);
            std::thread::sleep(each * images as u32);
            Ok(())
        })
        .unwrap();
        assert!(
            most < 256 && found.how.starts_with("drawn on from steps of "),
            "{found:?}"
        );
        let expected = each.as_secs_f64() * 4096.0;
        assert!(
            (0.5..2.0).contains(&(found.seconds / expected)),
            "{found:?}, expected {expected}"
        );
    }

    #[test]
    fn lines_do_not_fall() {
        let probe = |images, seconds| Probe {
            images,
            seconds,
            peak: Some(100),
        };
        let found = drawn_on(&[probe(8, 2.0), probe(16, 1.5)], 64);
        assert_eq!((found.seconds, found.peak_memory), (1.5, Some(100)));
        assert_eq!(drawn_on(&[probe(8, 1.0)], 64).seconds, 8.0);
        assert_eq!(drawn_on(&[probe(8, 1.0), probe(16, 1.5)], 64).seconds, 4.5);
    }
}
