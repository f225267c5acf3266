//! `ficta plugins list | inspect`.

use std::collections::BTreeSet;

use ficta_tests::{command::ficta, product};
use serde_json::Value;

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

#[test]
fn the_list_shows_every_component_and_no_rejection() {
    let listed = ficta(["plugins", "list"]).succeeded();
    let version = concat!(" ", env!("CARGO_PKG_VERSION"), "]");
    insta::assert_snapshot!("list", listed.stdout.replace(version, " [VERSION]]"));
    let json = ficta(["plugins", "list", "--json"]).succeeded().json();
    assert_eq!(json["rejected"], serde_json::json!([]));
    let components = json["components"].as_array().unwrap();
    assert_eq!(components.len(), listed.stdout.lines().count());
    for component in components {
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
