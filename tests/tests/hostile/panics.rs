//! Panics and errors: exit code 1, the text and the place, and the run goes on afterwards.

use ficta_tests::smoke::Smoke;

use super::{ENCODER, LOSS, SELECTOR};

#[test]
fn a_panic_in_construction_is_an_error() {
    for case in [SELECTOR, LOSS] {
        let smoke = Smoke::new();
        case.run(&smoke, "panic-in-construction")
            .refused(1, &["stage ", case.plugin, "panics in construction"]);
        case.goes_on(&smoke);
    }
}

#[test]
fn a_panic_in_a_call_is_an_error_with_its_place() {
    for case in [SELECTOR, ENCODER] {
        let smoke = Smoke::new();
        let refused = case.run(&smoke, "panic-in-call");
        refused.refused(
            1,
            &[
                &format!("stage {}", case.until),
                "the hostile component panics in a call",
                "src/lib.rs:",
            ],
        );
        case.goes_on(&smoke);
    }
}

/// The loss panics in its own library, below the libtorch backbone in another, which gives the error on.
#[test]
fn a_panic_in_a_callback_comes_through_two_libraries() {
    let smoke = Smoke::new();
    LOSS.run(&smoke, "panic-in-call").refused(
        1,
        &[
            "stage train-backbone/fictional/seed-0 (backbone iresnet, loss hostile-loss)",
            "the hostile component panics in a call",
            "src/lib.rs:",
        ],
    );
    LOSS.goes_on(&smoke);
}

#[test]
fn a_panic_in_drop_and_one_in_a_thread_of_its_own_do_no_harm() {
    for mode in ["panic-in-drop", "panic-in-drop-twice", "panic-in-thread"] {
        let smoke = Smoke::new();
        LOSS.run(&smoke, mode).succeeded();
    }
}

#[test]
fn an_error_keeps_its_causes_and_its_advice() {
    let smoke = Smoke::new();
    SELECTOR.run(&smoke, "error-chain").refused(
        1,
        &[
            "stage select/fictional (selector hostile-selector): the hostile component gives up",
            "caused by: the cause in between",
            "caused by: the innermost cause",
            "fix: do not use it",
        ],
    );
    SELECTOR.goes_on(&smoke);
}

#[test]
fn more_memory_than_there_can_be_is_an_error() {
    let smoke = Smoke::new();
    SELECTOR
        .run(&smoke, "capacity-overflow")
        .refused(1, &["stage select/fictional", "capacity overflow"]);
    SELECTOR.goes_on(&smoke);
}
