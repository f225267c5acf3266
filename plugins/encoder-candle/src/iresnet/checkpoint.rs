//! What a checkpoint of `ficta`'s training holds beside the weights.

use ficta_state_dict::StateDict;

/// Before the optimizer's tensors.
const OPTIMIZER: &str = "sgd.";
/// The class centres.
const HEAD: &str = "head.weight";
/// Before the moving averages of the weights, which a training with `ema_decay` keeps.
const AVERAGE: &str = "ema.";

/// A weight that every iresnet has.
const FIRST: &str = "conv1.weight";

/// Leaves the weights that the trained backbone itself embeds with: the averages where there are any, else those in training.
pub fn keep_for_use(weights: &mut StateDict) {
    // Not any name: weights from elsewhere may have a stray `ema.decay`.
    if weights.names().any(|name| name.strip_prefix(AVERAGE) == Some(FIRST)) {
        weights.keep_under(AVERAGE);
    }
    weights.ignore(|name| name.starts_with(OPTIMIZER) || name == HEAD);
}
