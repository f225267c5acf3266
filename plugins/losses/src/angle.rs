//! Margins on the angle between an embedding and its class centre.

/// Below this sine of the angle (half a second of arc from the class centre) derivatives that grow without bound are held.
pub(crate) const MIN_SINE: f64 = 1e-4;

/// The sine of the angle with this cosine, in 0..=1.
pub(crate) fn sine(cosine: f64) -> f64 {
    (1.0 - cosine * cosine).max(0.0).sqrt()
}

/// cos(theta + m) and its derivative on cos(theta), sin(theta + m) / sin(theta); m may have either sign.
pub(crate) fn shifted(cosine: f64, cos_m: f64, sin_m: f64) -> (f64, f64) {
    let sine = sine(cosine);
    (
        cosine * cos_m - sine * sin_m,
        cos_m + sin_m * cosine / sine.max(MIN_SINE),
    )
}
