//! Results that cannot be: they are refused where they arise, with the component's name.

use ficta_tests::smoke::Smoke;

use super::{ENCODER, LOSS, SELECTOR};

#[test]
fn nan_is_refused() {
    let smoke = Smoke::new();
    ENCODER
        .run(&smoke, "nan")
        .refused(1, &["stage encode", "hostile-encoder", "NaN"]);
    ENCODER.goes_on(&smoke);
    let smoke = Smoke::new();
    LOSS.run(&smoke, "nan").refused(
        1,
        &[
            "stage train-backbone/fictional/seed-0 (backbone iresnet, loss hostile-loss)",
            "not finite",
        ],
    );
    LOSS.goes_on(&smoke);
}

#[test]
fn counts_and_rows_that_cannot_be_are_refused() {
    for (mode, what) in [("wrong-count", "selected"), ("wrong-row", "1000000")] {
        let smoke = Smoke::new();
        SELECTOR
            .run(&smoke, mode)
            .refused(1, &["stage select/fictional", "hostile-selector", what]);
        SELECTOR.goes_on(&smoke);
    }
}
