//! `ficta plugins list | inspect`.

use std::collections::BTreeSet;

use ficta_tests::{command::ficta, outside_crate, product};
use serde_json::Value;

const LICENCE: &str = "MIT OR Apache-2.0";

/// Whether a component of the product needs libtorch.
fn on_libtorch(component: &Value) -> bool {
    ["denoiser", "backbone"].contains(&text(&component["kind"]))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

#[test]
fn the_list_shows_every_component_and_no_rejection() {
    let listed = ficta(["plugins", "list"]).succeeded();
    let version = concat!(" ", env!("CARGO_PKG_VERSION"), "]");
    let (libraries, components): (Vec<_>, Vec<_>) =
        listed.stdout.lines().partition(|line| line.starts_with("library "));
    let lines: String = components.iter().map(|line| format!("{line}\n")).collect();
    insta::assert_snapshot!("list", lines.replace(version, " [VERSION]]"));
    let json = ficta(["plugins", "list", "--json"]).succeeded().json();
    assert_eq!(json["rejected"], serde_json::json!([]));
    let components = json["components"].as_array().unwrap();
    assert_eq!(components.len(), lines.lines().count());
    for component in components {
        let origin = &component["origin"];
        let says = format!("plugin API {}", text(&origin["api"]));
        let line = libraries.iter().find(|line| line.ends_with(text(&origin["path"])));
        let line = line.unwrap_or_else(|| panic!("no line on {origin}\n{listed}"));
        assert!(line.contains(&says) && line.contains(LICENCE), "{line}");
        assert_eq!(text(&origin["licence"]), LICENCE);
        let backend = text(&origin["backend"]);
        assert_eq!(
            backend.starts_with("libtorch 2."),
            on_libtorch(component),
            "{component}"
        );
        assert_eq!(
            line.contains(&format!("backend {backend}")),
            on_libtorch(component),
            "{line}"
        );
        assert!(
            listed.stdout.contains(text(&component["name"])) && listed.stdout.contains(text(&component["summary"]))
        );
    }
}

#[test]
fn every_library_can_be_inspected_and_documents_its_parameters() {
    let listed = ficta(["plugins", "list", "--json"]).succeeded().json();
    let listed: BTreeSet<_> = listed["components"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| text(&c["name"]).to_owned())
        .collect();
    let mut inspected = BTreeSet::new();
    for entry in std::fs::read_dir(product::plugins()).unwrap() {
        let path = entry.unwrap().path();
        let path = path.to_str().unwrap();
        if !path.ends_with(std::env::consts::DLL_SUFFIX) {
            continue;
        }
        let shown = ficta(["plugins", "inspect", path]).succeeded().stdout;
        let json = ficta(["plugins", "inspect", path, "--json"]).succeeded().json();
        for key in ["plugin", "version", "rustc", "licence"] {
            assert!(
                shown.contains(text(&json[key])) && !text(&json[key]).is_empty(),
                "{path}: {key}\n{shown}"
            );
        }
        assert!(shown.contains(&format!("plugin API {}", text(&json["api"]))), "{shown}");
        let backend = text(&json["backend"]);
        assert_eq!(
            shown.contains(&format!("  backend {backend}")),
            !backend.is_empty(),
            "{shown}"
        );
        assert_eq!(
            !backend.is_empty(),
            on_libtorch(&json["components"][0]),
            "{path}: {backend}"
        );
        assert!(shown.contains(&format!("  licence {LICENCE}")), "{shown}");
        for component in json["components"].as_array().unwrap() {
            let name = text(&component["name"]);
            assert!(
                shown.contains(&format!("`{name}`: {}", text(&component["summary"]))),
                "{shown}"
            );
            inspected.insert(name.to_owned());
            documented(name, &component["params"], &shown);
            let by_name = ficta(["plugins", "inspect", name]).succeeded().stdout;
            documented(name, &component["params"], &by_name);
            for part in [
                &format!("{} `{name}`: {}", text(&component["kind"]), text(&component["summary"])),
                path,
                &format!("plugin API {}", text(&json["api"])),
                text(&json["rustc"]),
                &format!("  licence {LICENCE}"),
                backend,
            ] {
                assert!(by_name.contains(part), "`{part}`\n{by_name}");
            }
        }
    }
    assert_eq!(inspected, listed);
    ficta(["plugins", "inspect", "id-nsm"]).refused(2, &["no component is named `id-nsm`", "id-nms"]);
}

/// Every parameter has a description, and unknown ones are refused by the schema itself.
fn documented(name: &str, schema: &Value, shown: &str) {
    assert_eq!(schema["additionalProperties"], false, "{name} takes unknown parameters");
    for (key, property) in schema["properties"].as_object().into_iter().flatten() {
        let description = property.get("description").and_then(Value::as_str).unwrap_or_default();
        assert!(description.len() > 10, "{name}.{key} is not described: {property}");
        assert!(
            shown.contains(description.lines().next().unwrap()),
            "{name}.{key}: its description is not shown\n{shown}"
        );
    }
}

#[test]
fn a_component_that_two_folders_offer_is_refused_only_when_it_is_used() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(
        product::library("ficta_losses"),
        folder.path().join(product::file_name("ficta_losses")),
    )
    .unwrap();
    let twice = folder.path().to_str().unwrap();
    ficta(["plugins", "list", "--plugins", twice]).succeeded();
    let smoke = ficta_tests::smoke::Smoke::new();
    smoke
        .run(&["--plugins", twice])
        .refused(2, &["loss `cosface` is offered by 2 plugins", "rename"]);
}

/// Two plugins that have nothing to do with each other but a name.
#[test]
fn one_name_in_two_different_plugins_is_refused_with_both_files() {
    let folder = tempfile::tempdir().unwrap();
    let files = ["wrong", "hostile"].map(|of| {
        let library = outside_crate::build(&product::root().join("tests/libraries").join(of), &[]);
        let to = folder.path().join(library.file_name().unwrap());
        std::fs::copy(&library, &to).unwrap();
        to.to_str().unwrap().to_owned()
    });
    let plugins = folder.path().to_str().unwrap();
    let listed = ficta(["plugins", "list", "--json", "--plugins", plugins])
        .succeeded()
        .json();
    assert_eq!(listed["rejected"], serde_json::json!([]));
    let smoke = ficta_tests::smoke::Smoke::new();
    let arguments = [
        "--plugins",
        plugins,
        "--set",
        "loss.plugin=wrong-loss",
        "--set",
        "loss.params={}",
    ];
    let parts = [
        "loss `wrong-loss` is offered by 2 plugins",
        &format!("{} (wrong 0.1.0)", files[0]),
        &format!("{} (hostile 0.1.0)", files[1]),
        "rename one of the components",
    ];
    smoke.run(&arguments).refused(2, &parts);
    assert!(!smoke.out().exists(), "nothing has run");
    // The others of both can be used.
    let other = [
        "--plugins",
        plugins,
        "--until",
        "propose",
        "--set",
        "loss.plugin=hostile-loss",
        "--set",
        "loss.params={mode=\"good\"}",
    ];
    smoke.run(&other).succeeded();
}
