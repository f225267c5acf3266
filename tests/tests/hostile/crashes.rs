//! Crashes: the signal passes on, but not in silence.

use std::os::unix::process::ExitStatusExt;

use ficta_tests::{command, product, smoke::Smoke};

use super::{LOSS, SELECTOR, plugins};

#[test]
fn a_crash_names_the_component_and_keeps_what_is_finished() {
    // SIGSEGV 11, SIGABRT 6.
    for (case, mode, signals, what) in [
        (SELECTOR, "segfault", &[11][..], "SIGSEGV"),
        (SELECTOR, "stack-overflow", &[11, 6][..], "SIGSEGV"),
        (SELECTOR, "allocate", &[6][..], "SIGABRT"),
        (LOSS, "segfault", &[11][..], "SIGSEGV"),
    ] {
        let smoke = Smoke::new();
        let output = case.call(&smoke, mode, &[]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        let signal = output
            .status
            .signal()
            .unwrap_or_else(|| panic!("{mode}: {}\n{said}", output.status));
        assert!(signals.contains(&signal), "{mode}: {}", output.status);
        for part in [
            &format!("stage {}", case.until),
            case.plugin,
            "has crashed with",
            what,
            "finished stages are kept",
        ] {
            assert!(said.contains(part), "{mode}: `{part}` is not in\n{said}");
        }
        case.goes_on(&smoke);
    }
}

#[test]
fn a_component_that_ends_the_process_is_named_and_does_not_pass_for_success() {
    for case in [SELECTOR, LOSS] {
        let smoke = Smoke::new();
        let parts = [
            &format!("stage {}", case.until),
            case.plugin,
            "has ended the process by calling exit",
            "finished stages are kept",
        ];
        case.run(&smoke, "exit").refused(1, &parts);
        case.goes_on(&smoke);
    }
}

/// `ficta plugins check` of the hostile selector in this mode.
fn check(mode: &str) -> std::process::Command {
    let library = plugins().join(product::file_name("hostile"));
    let params = format!(r#"hostile-selector={{"mode": "{mode}"}}"#);
    let mut call = command::prepare(&product::executable(), ["plugins", "check"]);
    call.arg(library)
        .args(["--component", "hostile-selector", "--params", &params]);
    call
}

#[test]
fn a_component_that_crashes_while_it_is_checked_is_named() {
    let output = check("segfault").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.signal(), Some(11), "{}\n{said}", output.status);
    assert!(
        said.contains("error: selector hostile-selector has crashed with SIGSEGV"),
        "{said}"
    );
    // There is no run, so that nothing is said of one.
    assert!(!said.contains("finished stages"), "{said}");
    command::finish(check("exit")).refused(1, &["selector hostile-selector has ended the process by calling exit"]);
}
