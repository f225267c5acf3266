//! What is probably wrong with a training that does not learn.

use crate::config::{LearningRate, TrainingConfig};

/// arcface_torch trains with 0.1 for 512 images a step; more images a step bear proportionally more.
const RATE_AN_IMAGE: f64 = 0.1 / 512.0;
/// The factor on that from which a rate is suspect.
const SUSPECT: f64 = 6.0;
/// The fraction of that below which a rate is suspect.
const IDLE: f64 = 0.005;
/// Steps whose losses are averaged.
const WINDOW: usize = 50;

/// A training set and how it is trained on.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// The recipe.
    pub training: &'a TrainingConfig,
    /// Identities.
    pub classes: usize,
    /// Images.
    pub images: usize,
    /// Whether it starts from weights that were trained before.
    pub pretrained: bool,
}

impl Circumstances<'_> {
    /// The step at which something must have been learnt: after two epochs and 200 steps behind the warm-up, in a short training after its first half.
    fn due(&self) -> usize {
        let epoch = self.images.div_ceil(self.training.batch);
        (2 * epoch)
            .max(200 + self.training.learning_rate.warmup())
            .min(self.training.steps.div_ceil(2).max(2 * WINDOW))
    }

    /// A line for the user where the losses so far say, at the one step where it is due, that nothing is learnt.
    pub fn alarm(&self, losses: &[f64]) -> Option<String> {
        if losses.len() != self.due() || losses.len() < 2 * WINDOW {
            return None;
        }
        let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
        let (first, last) = (mean(&losses[..WINDOW]), mean(&losses[losses.len() - WINDOW..]));
        (last > 0.98 * first).then(|| {
            format!(
                "after {} steps the loss has not fallen ({first:.2} at first, {last:.2} now): the network is no better than chance; {}",
                losses.len(),
                self.likely_cause()
            )
        })
    }

    /// A line for the user where verification after `step` steps, when it is due, is as good as tossing a coin. `sets`: name, accuracy and pairs of each.
    ///
    /// Within two standard errors of one half, as a coin is in nineteen sets of twenty.
    pub fn chance<'s>(&self, step: usize, sets: impl IntoIterator<Item = (&'s str, f64, usize)>) -> Option<String> {
        if step < self.due() {
            return None;
        }
        let mut at = Vec::new();
        for (name, accuracy, pairs) in sets {
            if accuracy > 0.5 + 1.0 / (pairs.max(1) as f64).sqrt() {
                return None;
            }
            at.push(format!("{:.2}% of {pairs} pairs of {name}", 100.0 * accuracy));
        }
        (!at.is_empty()).then(|| {
            format!(
                "after {step} steps the network verifies {}, no better than chance: {}",
                at.join(", "),
                self.likely_cause()
            )
        })
    }

    /// Why its numbers are finite no more, probably.
    pub fn why_diverged(&self) -> String {
        let (peak, batch) = (self.training.learning_rate.peak(), self.training.batch);
        match peak > SUSPECT * RATE_AN_IMAGE * batch as f64 {
            true => self.likely_cause(),
            false => "the learning rate is not unusual, so look at the pixels (in [-1,1]), the loss's scale and the weights it started from".into(),
        }
    }

    /// What to look at first where nothing is learnt.
    pub fn likely_cause(&self) -> String {
        let (peak, batch) = (self.training.learning_rate.peak(), self.training.batch);
        let usual = RATE_AN_IMAGE * batch as f64;
        let each = self.images as f64 / self.classes.max(1) as f64;
        if peak > SUSPECT * usual {
            return format!(
                "likely the learning rate: {} is {} times what is usual for {batch} images a step ({usual:.4}); lower it, or warm it up for longer",
                short(peak),
                short((peak / usual).round())
            );
        }
        if peak < IDLE * usual {
            return format!(
                "likely the learning rate: {} is {} times less than what is usual for {batch} images a step ({usual:.4}); raise it",
                short(peak),
                short((usual / peak).round())
            );
        }
        if each < 2.0 {
            return format!(
                "likely the labels: {} identities with {each:.1} images each leave nothing to tell a person by; are the folders people?",
                self.classes
            );
        }
        if self.pretrained {
            return "likely the pixels: the weights that it starts from want the channel order, range and alignment that they were trained on (RGB in \
                    [-1,1] for arcface_torch's, BGR for AdaFace's)"
                .into();
        }
        "likely the labels (do the folders hold one person each?), else the pixels (in [-1,1]; RGB for weights that were trained on RGB, BGR for AdaFace's)"
            .into()
    }
}

/// With an exponent where it would be long.
fn short(x: f64) -> String {
    match (1e-4..1e6).contains(&x) {
        true => x.to_string(),
        false => format!("{x:.1e}"),
    }
}

impl LearningRate {
    /// Its highest value.
    pub fn peak(&self) -> f64 {
        let (Self::Cosine { peak, .. } | Self::Steps { peak, .. } | Self::Poly { peak, .. }) = self;
        *peak
    }

    /// Steps of warm-up.
    pub fn warmup(&self) -> usize {
        let (Self::Cosine { warmup, .. } | Self::Steps { warmup, .. } | Self::Poly { warmup, .. }) = self;
        *warmup
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn training(peak: f64, batch: usize) -> TrainingConfig {
        let text = format!("steps = 1000\nbatch = {batch}\nlearning_rate = {{ schedule = \"poly\", peak = {peak:e} }}");
        toml::from_str(&text).unwrap()
    }

    fn around(training: &TrainingConfig, classes: usize) -> Circumstances<'_> {
        Circumstances {
            training,
            classes,
            images: 1000,
            pretrained: false,
        }
    }

    #[test]
    fn a_flat_loss_is_told_once_and_a_falling_one_never() {
        let mut t = training(0.1, 64);
        let (flat, falling): (Vec<f64>, Vec<f64>) = (0..400).map(|i| (30.0, 30.0 - i as f64 / 100.0)).unzip();
        let told = |t: &TrainingConfig, losses: &[f64]| {
            (1..=400)
                .filter(|n| around(t, 100).alarm(&losses[..*n]).is_some())
                .collect::<Vec<_>>()
        };
        assert_eq!(told(&t, &flat), [200]);
        assert!(told(&t, &falling).is_empty());
        // A training that is too short for that is looked at in its middle.
        t.steps = 260;
        assert_eq!(told(&t, &flat), [130]);
    }

    #[test]
    fn verification_like_a_coin_is_told_when_it_is_due() {
        let t = training(0.02, 64);
        let after = |step, sets: &[(&'static str, f64, usize)]| around(&t, 100).chance(step, sets.iter().copied());
        let coin = [("lfw", 0.51, 6000), ("own", 0.55, 300)];
        assert_eq!(after(199, &coin), None);
        let told = after(200, &coin).expect("a coin");
        assert!(
            told.contains("51.00% of 6000 pairs of lfw, 55.00% of 300 pairs of own") && told.contains("labels"),
            "{told}"
        );
        // 0.5 and two standard errors of 6000 pairs are 0.5129.
        assert_eq!(after(200, &[("lfw", 0.513, 6000)]), None);
        assert_eq!(after(200, &[("lfw", 0.51, 6000), ("own", 0.6, 300)]), None);
        assert_eq!(after(200, &[]), None);
    }

    #[test]
    fn the_likely_cause_is_named() {
        let fast = training(1.0, 64);
        assert!(around(&fast, 100).likely_cause().contains("80 times"));
        assert!(
            around(&fast, 100)
                .why_diverged()
                .contains("1 is 80 times what is usual")
        );
        let absurd = around(&training(1e30, 64), 100).why_diverged();
        assert!(absurd.contains("1.0e30 is 8.0e31 times what is usual"), "{absurd}");
        // Too low a rate makes nothing diverge.
        let slow = around(&training(1e-5, 512), 100).why_diverged();
        assert!(slow.contains("not unusual") && slow.contains("pixels"), "{slow}");
        let idle = around(&training(1e-5, 512), 100).likely_cause();
        assert!(idle.contains("10000 times less"), "{idle}");
        let usual = training(0.1, 512);
        let tuned = Circumstances {
            pretrained: true,
            ..around(&usual, 100)
        };
        assert!(tuned.likely_cause().contains("channel order"));
        assert!(
            around(&training(0.1, 512), 900)
                .likely_cause()
                .contains("1.1 images each")
        );
        assert!(around(&training(0.1, 512), 100).likely_cause().contains("labels"));
    }
}
