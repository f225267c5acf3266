//! The whole pipeline, from drawn faces to the report.

use std::fs;

use ficta_tests::{
    command, faces, records,
    records::{differences, outputs},
    smoke::Smoke,
    weights,
};
use serde_json::Value;

/// The stages of the smoke run, in order.
const STAGES: [&str; 24] = [
    "data",
    "encode",
    "statistics",
    "propose/fictional",
    "select/fictional",
    "propose/midpoint",
    "select/midpoint",
    "train-denoiser",
    "generate/fictional",
    "generate/midpoint",
    "reencode/fictional",
    "reencode/midpoint",
    "figures",
    "train-backbone/fictional/seed-0",
    "train-backbone/fictional/seed-1",
    "evaluate/fictional",
    "train-backbone/fictional-midpoint/seed-0",
    "train-backbone/fictional-midpoint/seed-1",
    "evaluate/fictional-midpoint",
    "train-backbone/real/seed-0",
    "train-backbone/real/seed-1",
    "evaluate/real",
    "evaluate-untrained",
    "compare",
];

fn stages() -> Vec<String> {
    STAGES
        .iter()
        .chain(&["metrics", "report"])
        .map(ToString::to_string)
        .collect()
}

#[test]
fn end_to_end_a_run_goes_from_faces_to_a_report_and_is_then_up_to_date() {
    let smoke = Smoke::new();
    assert_eq!(smoke.stale(&[]), stages(), "nothing is there yet");
    assert!(!smoke.out().exists(), "a plan writes nothing");

    let first = smoke.run(&[]).succeeded();
    for arm in ["real", "fictional", "fictional-midpoint"] {
        assert!(first.stdout.contains(arm), "no arm {arm} in the table\n{first}");
    }
    let made = outputs(&smoke.out());
    for stage in stages() {
        assert!(
            made.keys().any(|file| file.starts_with(&format!("{stage}/"))),
            "{stage} left nothing"
        );
    }
    let work: Vec<_> = records::files(&smoke.out().join(".work")).into_keys().collect();
    assert_eq!(work, ["lock"], "unfinished work is left behind");

    let results = records::results(&smoke.out());
    let second = smoke.run(&[]).succeeded();
    assert!(second.stderr.contains("every stage is up to date"), "{second}");
    assert_eq!(second.stdout, first.stdout, "the table is shown again");
    assert_eq!(
        records::results(&smoke.out()),
        results,
        "a run without work changes nothing"
    );
    let third = smoke.run(&["--json", "--quiet"]).succeeded();
    assert_eq!(
        (&third.json()["ran"], &third.json()["cached"]),
        (&0.into(), &stages().len().into()),
        "{third}"
    );
    assert_eq!(third.stderr, "", "--quiet");

    report(&smoke, &first.stdout);
}

/// The report can be shown again, holds what it must and refers to nothing outside itself.
fn report(smoke: &Smoke, table: &str) {
    let out = smoke.out();
    let shown = command::ficta([&"report".into(), &out]).succeeded();
    assert_eq!(shown.stdout, table);
    let json = command::ficta([&"report".into(), &out, &"--json".into()])
        .succeeded()
        .json();
    let named = json.to_string();
    for arm in ["real", "fictional", "fictional-midpoint"] {
        assert!(named.contains(&format!("\"{arm}\"")), "no arm {arm} in {json:#}");
    }
    let page = fs::read_to_string(out.join("report/index.html")).unwrap();
    for part in [
        "Variance-based interpolation against midpoint",
        "data:image/png;base64,",
        "dlib-resnet",
        "<svg",
    ] {
        assert!(page.contains(part), "the page has no {part}");
    }
    for part in ["src=\"http", "href=\"http", "@import", "<link"] {
        assert!(!page.contains(part), "the page refers to the network: {part}");
    }
    let nothing = command::ficta([&"report".into(), &smoke.folder().join("nowhere")]);
    nothing.refused(1, &["nowhere", "ficta run"]);
}

#[test]
fn end_to_end_a_change_runs_only_what_depends_on_it() {
    let smoke = Smoke::new();
    smoke.run(&[]).succeeded();
    let before = outputs(&smoke.out());

    // What each change must run again, by stage or by first part of a stage's name; the report holds the whole config.
    let cases: [(&str, &[&str]); 8] = [
        ("run.name=other", &["report"]),
        ("claims.variance.title=other", &["report"]),
        ("evaluation.bootstrap=40", &["compare", "report"]),
        (
            "loss.params.margin=0.3",
            &[
                "train-backbone",
                "evaluate/fictional",
                "evaluate/real",
                "compare",
                "report",
            ],
        ),
        (
            "sampler.params.steps=4",
            &[
                "generate",
                "reencode",
                "figures",
                "train-backbone/fictional",
                "evaluate/fictional",
                "compare",
                "metrics",
                "report",
            ],
        ),
        (
            "ids.midpoint.selector.params.threshold_selected=0.89",
            &[
                "select/midpoint",
                "generate/midpoint",
                "reencode/midpoint",
                "train-backbone/fictional-midpoint",
                "evaluate/fictional-midpoint",
                "compare",
                "metrics",
                "report",
            ],
        ),
        ("denoiser.training.checkpoint_every=5", &["report"]),
        ("metrics.pairs=20", &["metrics", "report"]),
    ];
    for (change, expected) in cases {
        let stale = smoke.stale(&["--set", change]);
        let part_of = |stage: &String, what: &str| {
            stage
                .strip_prefix(what)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '-']))
        };
        let wanted: Vec<_> = stages()
            .into_iter()
            .filter(|s| expected.iter().any(|e| part_of(s, e)))
            .collect();
        assert_eq!(stale, wanted, "after --set {change}");
    }

    let change = ["--set", "loss.params.margin=0.3"];
    let finished = smoke.run(&[&change[..], &["--json"]].concat()).succeeded();
    assert_eq!(finished.json()["ran"], 11, "{finished}");
    let changed = differences(&before, &outputs(&smoke.out()));
    assert!(
        changed.contains(&"train-backbone/real/seed-0/weights.safetensors".into()),
        "{changed:?}"
    );
    assert!(
        changed
            .iter()
            .all(|f| ["train-backbone/", "evaluate/", "compare/", "report/"]
                .iter()
                .any(|s| f.starts_with(s))),
        "{changed:?}"
    );
    assert_eq!(smoke.stale(&change), [""; 0]);

    // And back again: the same bytes as at first.
    smoke.run(&[]).succeeded();
    assert_eq!(differences(&before, &outputs(&smoke.out())), [""; 0]);
}

/// The paper measures with another network than the one that conditions.
#[test]
fn end_to_end_another_network_measures_where_metrics_name_one() {
    let smoke = Smoke::new();
    smoke.run(&[]).succeeded();
    let metrics =
        || -> Value { serde_json::from_slice(&fs::read(smoke.out().join("metrics/metrics.json")).unwrap()).unwrap() };
    let page = || fs::read_to_string(smoke.out().join("report/index.html")).unwrap();
    let before = metrics();
    assert_eq!(before["also_conditions"], true);
    assert!(page().contains("also conditions the generator"));

    let weights = smoke.folder().join("other-weights");
    weights::write_scaled(&weights, 0.9);
    let choice = format!(
        r#"metrics.encoder={{plugin="dlib-resnet",params={{weights="{}"}}}}"#,
        weights.display()
    );
    let change = ["--set", choice.as_str()];
    let stale = [
        "encode-metrics",
        "reencode-metrics/fictional",
        "reencode-metrics/midpoint",
        "metrics",
        "report",
    ];
    assert_eq!(smoke.stale(&change), stale);
    smoke.run(&change).succeeded();
    assert_eq!(smoke.stale(&change), [""; 0]);
    let after = metrics();
    assert_eq!(after["also_conditions"], false);
    assert!(!page().contains("also conditions the generator"));
    let distance = |of: &Value| of["sets"]["fictional"]["distance"].as_f64().unwrap();
    assert_ne!(distance(&before), distance(&after));
}

#[test]
fn end_to_end_until_stops_after_a_stage_and_the_rest_follows_later() {
    let smoke = Smoke::new();
    smoke.run(&["--until", "select"]).succeeded();
    let last = stages().iter().position(|s| s == "select/midpoint").unwrap();
    assert_eq!(smoke.stale(&[]), stages()[last + 1..]);
    let before = records::results(&smoke.out());
    smoke.run(&["--until", "generate/fictional"]).succeeded();
    assert_eq!(smoke.stale(&[])[0], "generate/midpoint");
    let after = records::results(&smoke.out());
    assert!(
        before.iter().all(|(file, hash)| after.get(file) == Some(hash)),
        "earlier results stay"
    );
    let unknown = smoke.run(&["--until", "selct"]);
    unknown.refused(2, &["--until selct", "no such stage", "select"]);
}

/// Held-out people's pictures may change nothing but what is verified on them.
#[test]
fn end_to_end_held_out_people_reach_no_stage_before_evaluation() {
    let smoke = Smoke::new();
    smoke.run(&[]).succeeded();
    let before = outputs(&smoke.out());
    let people: Value = serde_json::from_slice(&fs::read(smoke.out().join("data/people.json")).unwrap()).unwrap();
    let held_out: Vec<_> = people["held_out"]
        .as_array()
        .unwrap()
        .iter()
        .map(|name| name.as_str().unwrap())
        .collect();
    assert_eq!(held_out.len(), 4);
    for (i, name) in held_out.iter().enumerate() {
        faces::draw_person(&smoke.faces().join(name), 999, i as u64);
    }
    smoke.run(&[]).succeeded();
    let changed = differences(&before, &outputs(&smoke.out()));
    assert!(changed.contains(&"data/held-out.safetensors".into()), "{changed:?}");
    assert!(
        changed.iter().any(|file| file.starts_with("evaluate/real/embeddings")),
        "{changed:?}"
    );
    let allowed = [
        "data/held-out.safetensors",
        "evaluate/",
        "evaluate-untrained/",
        "compare/",
        "report/",
    ];
    let leaked: Vec<_> = changed
        .iter()
        .filter(|file| !allowed.iter().any(|a| file.starts_with(a)))
        .collect();
    assert!(leaked.is_empty(), "held-out pictures have changed {leaked:?}");

    // The other way round the test must be able to see something: a learner's picture changes nearly everything.
    let learner = people["learn"][0].as_str().unwrap();
    faces::draw_person(&smoke.faces().join(learner), 998, 0);
    smoke.run(&[]).succeeded();
    let changed = differences(&before, &outputs(&smoke.out()));
    assert!(
        changed.contains(&"train-denoiser/weights.safetensors".into()),
        "{changed:?}"
    );
}

/// Environment and `--set` override the file, in this order.
#[test]
fn values_come_from_file_environment_and_command_line() {
    let smoke = Smoke::new();
    let call = |environment: &[(&str, &str)], more: &[&str]| {
        let more = [more, &["--until", "data", "--quiet"]].concat();
        let mut call = smoke.call(&ficta_tests::product::executable(), "run", &smoke.out(), &more);
        call.envs(environment.iter().copied());
        command::finish(call).succeeded();
        let text = fs::read_to_string(smoke.out().join("config.toml")).unwrap();
        text.lines()
            .find_map(|line| line.strip_prefix("held_out = "))
            .unwrap()
            .to_owned()
    };
    assert_eq!(call(&[], &[]), "4");
    assert_eq!(call(&[("FICTA__DATA__HELD_OUT", "6")], &[]), "6");
    assert_eq!(
        call(&[("FICTA__DATA__HELD_OUT", "6")], &["--set", "data.held_out=5"]),
        "5"
    );
}

/// A run that fails says what it was asked for, and so does the one that comes after it.
#[test]
fn a_run_that_fails_leaves_its_config() {
    let smoke = Smoke::new();
    let asked = || -> f64 {
        let text = fs::read_to_string(smoke.out().join("config.toml")).unwrap();
        let config: toml::Table = text.parse().unwrap();
        config["ids"]["fictional"]["selector"]["params"]["threshold_real"]
            .as_float()
            .unwrap()
    };
    let until = ["--until", "select/fictional", "--quiet"];
    // So strict that no candidate survives.
    let strict = "ids.fictional.selector.params={ threshold_real = -1.0, threshold_selected = -1.0 }";
    smoke
        .run(&[&until[..], &["--set", strict]].concat())
        .refused(1, &["stage select/fictional", "survives"]);
    assert_eq!(asked(), -1.0);
    smoke.run(&until).succeeded();
    assert_eq!(asked(), 0.9);
}
