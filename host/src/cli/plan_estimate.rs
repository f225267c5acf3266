//! What `ficta plan` says of a run's trainings.

use std::{sync::Arc, time::Duration};

use ficta_core::{Error, Result};
use serde_json::{Value, json};

use super::own_stdout::out;
use crate::{
    config::RunConfig,
    estimate::{Calibration, Estimate, Training, estimate, trainings},
    pipeline::Plan,
    registry::Registry,
    report::grouped,
    run_host::{RunHost, minutes},
};

/// `--estimate` of `ficta plan`.
#[derive(clap::Args, Debug)]
pub struct EstimateArgs {
    /// Takes a few real steps of the run's backbone and denoiser on this machine, and estimates time and memory of the trainings from them.
    #[arg(long)]
    pub estimate: bool,
    /// Seconds of calibration for each network. A batch that takes longer is drawn on to from smaller ones.
    #[arg(long, default_value_t = 60.0, value_name = "SECONDS", requires = "estimate")]
    pub estimate_seconds: f64,
}

/// The trainings of a plan, and what they are estimated to take.
pub struct Outlook {
    trainings: Vec<Training>,
    estimate: Option<Estimate>,
}

impl Outlook {
    /// Of a plan; calibrates if asked to.
    ///
    /// # Errors
    /// Seconds that are none; the components'.
    pub fn new(args: &EstimateArgs, config: &RunConfig, plan: &Plan, registry: &Registry) -> Result<Self> {
        let trainings = trainings(config, plan);
        if !args.estimate || trainings.is_empty() {
            return Ok(Self {
                trainings,
                estimate: None,
            });
        }
        let budget = Duration::try_from_secs_f64(args.estimate_seconds).map_err(|e| {
            Error::config(format!("--estimate-seconds {}: {e}", args.estimate_seconds)).help("give seconds, such as 60")
        })?;
        let host = RunHost::new(config.run.seed, config.run.threads, true, Arc::default());
        Ok(Self {
            trainings,
            estimate: Some(estimate(config, registry, &host, budget)?),
        })
    }

    fn calibration(&self, stage: &str) -> Option<&Calibration> {
        let estimate = self.estimate.as_ref()?;
        match stage {
            "train-denoiser" => estimate.denoiser.as_ref(),
            _ => Some(&estimate.backbone),
        }
    }

    fn seconds(&self, training: &Training) -> Option<f64> {
        Some(self.calibration(&training.stage)?.seconds * training.steps as f64)
    }

    /// For `--json`.
    pub fn json(&self) -> Value {
        let each: Vec<_> = self
            .trainings
            .iter()
            .map(|t| {
                json!({
                    "stage": t.stage, "steps": t.steps, "batch": t.batch, "images": t.images, "up_to_date": t.up_to_date,
                    "estimated_seconds": self.seconds(t),
                    "estimated_peak_memory": self.calibration(&t.stage).and_then(|c| c.peak_memory),
                })
            })
            .collect();
        json!({"trainings": each, "calibration": self.estimate})
    }

    /// For people.
    pub fn show(&self) {
        if self.trainings.is_empty() {
            return;
        }
        out!("trainings");
        let width = self.trainings.iter().map(|t| t.arm().len()).max().unwrap_or(0);
        for alike in self.trainings.chunk_by(|a, b| a.arm() == b.arm()) {
            let (training, count) = (&alike[0], alike.len());
            let [steps, batch, images] = [training.steps as u64, training.batch as u64, training.images].map(grouped);
            let mut line = format!("{:width$}  {steps} steps of {batch}, {images} images", training.arm());
            if count > 1 {
                line.push_str(&format!("; {count} trainings"));
            }
            match self.seconds(training).zip(self.calibration(&training.stage)) {
                _ if alike.iter().all(|t| t.up_to_date) => out!("  {line}; up to date"),
                Some((seconds, of)) => {
                    let each = if count > 1 { " each" } else { "" };
                    out!(
                        "  {line}; about {}{each}, {}",
                        duration(seconds),
                        memory(of.peak_memory)
                    );
                }
                None => out!("  {line}"),
            }
        }
        let Some(estimate) = &self.estimate else {
            out!("  (--estimate calibrates on this machine and estimates their time and memory)");
            return;
        };
        let to_do = self.trainings.iter().filter(|t| !t.up_to_date);
        let all: f64 = to_do.filter_map(|t| self.seconds(t)).sum();
        out!(
            "ESTIMATE, not a promise: real steps of these networks on random images, on this machine with {} threads and whatever else it was doing. All \
             trainings that are to do: about {}. Loading of images, generation, encoding and evaluation are not in it; memory is that of the process in a step, without the \
             run's images.",
            estimate.threads,
            duration(all)
        );
        let classes = grouped(estimate.classes as u64);
        out!("  backbone ({classes} classes): {}", calibrated(&estimate.backbone));
        if let Some(denoiser) = &estimate.denoiser {
            out!("  denoiser: {}", calibrated(denoiser));
        }
    }
}

fn calibrated(of: &Calibration) -> String {
    format!("{:.3} s a step, {} ({})", of.seconds, memory(of.peak_memory), of.how)
}

fn memory(bytes: Option<u64>) -> String {
    bytes.map_or("memory unknown".into(), |bytes| {
        format!("{:.1} GiB of memory", bytes as f64 / f64::from(1 << 30))
    })
}

/// Days where there are several, else as elsewhere.
fn duration(seconds: f64) -> String {
    let hours = seconds / 3600.0;
    match hours {
        h if h >= 48.0 => format!("{:.1} days", h / 24.0),
        _ => minutes(Duration::from_secs_f64(seconds.clamp(0.0, 1e9))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        assert_eq!(duration(59.4), "59s");
        assert_eq!(duration(3600.0 * 5.0 + 60.0), "5h01m");
        assert_eq!(duration(86400.0 * 12.25), "12.2 days");
    }
}
