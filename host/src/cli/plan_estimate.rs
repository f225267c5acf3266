//! What `ficta plan` says of a run's trainings and generated sets.

use std::{sync::Arc, time::Duration};

use ficta_core::{Error, Result};
use serde_json::{Value, json};

use super::own_stdout::out;
use crate::{
    config::RunConfig,
    estimate::{Calibration, ENCODED, Estimate, Generation, Photographed, Training, estimate, generations, trainings},
    pipeline::{Plan, training_images::HELD},
    registry::Registry,
    report::grouped,
    run_host::{RunHost, minutes},
};

/// `--estimate` of `ficta plan`.
#[derive(clap::Args, Debug)]
pub struct EstimateArgs {
    /// Takes a few real steps of the run's backbone, denoiser and encoder on this machine, and estimates time and memory of the run from them.
    #[arg(long)]
    pub estimate: bool,
    /// Seconds of calibration for each network. A batch that takes longer is drawn on to from smaller ones.
    #[arg(long, default_value_t = 60.0, value_name = "SECONDS", requires = "estimate")]
    pub estimate_seconds: f64,
}

/// The trainings and generated sets of a plan, and what they are estimated to take.
pub struct Outlook {
    trainings: Vec<Training>,
    generations: Vec<Generation>,
    /// Images that the encoder is given, where that is known: the photographs twice, at full size and at that of generated images, and these.
    encoded: u64,
    /// Images that the denoiser makes at once.
    batch: usize,
    estimate: Option<Estimate>,
}

impl Outlook {
    /// Of a plan; calibrates if asked to.
    ///
    /// # Errors
    /// Seconds that are none; the components'.
    pub fn new(args: &EstimateArgs, config: &RunConfig, plan: &Plan, registry: &Registry) -> Result<Self> {
        let real = Photographed::of(config);
        let generations = generations(config, plan, registry, real);
        let mut outlook = Self {
            trainings: trainings(config, plan),
            encoded: generations
                .iter()
                .filter_map(Generation::images)
                .fold(2 * real.images as u64, u64::saturating_add),
            generations,
            batch: config.generation.batch,
            estimate: None,
        };
        if !args.estimate || outlook.trainings.is_empty() {
            return Ok(outlook);
        }
        let budget = Duration::try_from_secs_f64(args.estimate_seconds).map_err(|e| {
            Error::config(format!("--estimate-seconds {}: {e}", args.estimate_seconds)).help("give seconds, such as 60")
        })?;
        let host = RunHost::new(config.run.seed, config.run.threads, true, Arc::default()).on(config.run.device.here());
        outlook.estimate = Some(estimate(config, registry, &host, real, budget)?);
        Ok(outlook)
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

    fn generating(&self, generation: &Generation) -> Option<f64> {
        let of = self.estimate.as_ref()?.prediction.as_ref()?;
        let predictions = generation.images()? as f64 * generation.predictions? as f64;
        Some(of.seconds / self.batch as f64 * predictions)
    }

    fn encoding(&self) -> Option<f64> {
        let of = self.estimate.as_ref()?.encoder.as_ref()?;
        Some(of.seconds / ENCODED as f64 * self.encoded as f64)
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
        let sets: Vec<_> = self
            .generations
            .iter()
            .map(|g| {
                json!({
                    "stage": g.stage, "identities": g.identities, "images": g.images(), "predictions_per_image": g.predictions,
                    "up_to_date": g.up_to_date, "estimated_seconds": self.generating(g),
                })
            })
            .collect();
        let encoding = json!({"images": self.encoded, "estimated_seconds": self.encoding()});
        json!({"trainings": each, "generations": sets, "encoding": encoding, "calibration": self.estimate})
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
        self.show_generations();
        match &self.estimate {
            Some(estimate) => self.show_estimate(estimate),
            None => out!("  (--estimate calibrates on this machine and estimates their time and memory)"),
        }
    }

    fn show_generations(&self) {
        if self.generations.is_empty() {
            return;
        }
        out!("generated sets");
        let width = self.generations.iter().map(|g| g.stage.len()).max().unwrap_or(0);
        for set in &self.generations {
            let mut line = match set.identities {
                Some(count) => format!(
                    "{} identities, {} images",
                    grouped(count as u64),
                    grouped(set.images().unwrap_or_default())
                ),
                None => format!("all selected identities, {} images each", set.images_per_id),
            };
            if let Some(predictions) = set.predictions {
                line.push_str(&format!(" of {} predictions", grouped(predictions)));
            }
            match self.generating(set) {
                _ if set.up_to_date => line.push_str("; up to date"),
                Some(seconds) => line.push_str(&format!("; about {}", duration(seconds))),
                None => {}
            }
            out!("  {:width$}  {line}", set.stage);
        }
    }

    fn show_estimate(&self, estimate: &Estimate) {
        let trainings = self.trainings.iter().filter(|t| !t.up_to_date);
        let training: f64 = trainings.filter_map(|t| self.seconds(t)).sum();
        let sets: Vec<_> = self.generations.iter().filter(|g| !g.up_to_date).collect();
        let generating: Vec<f64> = sets.iter().filter_map(|g| self.generating(g)).collect();
        let mut parts = vec![format!("the trainings about {}", duration(training))];
        if !sets.is_empty() {
            parts.push(match generating.len() == sets.len() {
                true => format!("the generated sets about {}", duration(generating.iter().sum())),
                false => "the generated sets unknown".into(),
            });
        }
        parts.push(match self.encoding() {
            Some(seconds) => format!(
                "encoding all {} images about {}",
                grouped(self.encoded),
                duration(seconds)
            ),
            None => "encoding unknown (the encoder cannot be built yet)".into(),
        });
        out!(
            "ESTIMATE, not a promise: real steps of these networks on random images, on this machine with {} threads and whatever else it was doing. What is to \
             do: {}. Loading of images, selection and evaluation are not in it, nor what a network of [metrics] encodes; memory is that of the process in a step; a \
             training holds up to {} of images beside it, and reads larger sets as it goes.",
            estimate.threads,
            parts.join(", "),
            gibibytes(HELD as u64)
        );
        let classes = grouped(estimate.classes as u64);
        out!(
            "  backbone ({classes} classes): {}",
            calibrated(&estimate.backbone, "step")
        );
        for (what, unit, of) in [
            ("denoiser", "step", &estimate.denoiser),
            ("generation", "prediction", &estimate.prediction),
            ("encoder", "call", &estimate.encoder),
        ] {
            if let Some(of) = of {
                out!("  {what}: {}", calibrated(of, unit));
            }
        }
    }
}

fn calibrated(of: &Calibration, unit: &str) -> String {
    let how = match unit {
        "step" => of.how.clone(),
        unit => of.how.replace("steps", &format!("{unit}s")),
    };
    format!("{:.3} s a {unit}, {} ({how})", of.seconds, memory(of.peak_memory))
}

fn memory(bytes: Option<u64>) -> String {
    bytes.map_or("memory unknown".into(), |bytes| {
        format!("{} of memory", gibibytes(bytes))
    })
}

fn gibibytes(bytes: u64) -> String {
    format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30))
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
