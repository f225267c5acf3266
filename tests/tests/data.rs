//! Sets of images through the whole product: a run from RecordIO, a training from it, the set that a run has generated, leaks by an encoder.

use std::{fs, path::Path};

use ficta::data::{
    ImageSource, People,
    source::{Format, open},
    writer::Card,
};
use ficta_tests::{
    command::{Finished, ficta},
    faces,
    records::{hash, outputs},
    smoke::Smoke,
    weights,
};

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

fn convert(from: &Path, to: &Path, format: &str) -> Finished {
    ficta(["data", "convert", "-q", text(from), text(to), "--format", format]).succeeded()
}

#[test]
fn a_run_from_recordio_gives_what_its_folder_gives() {
    let smoke = Smoke::new();
    smoke.run(&["--until", "select", "-q"]).succeeded();
    let records = smoke.folder().join("records");
    convert(&smoke.faces(), &records, "recordio");
    let path = format!("data.path={}", records.join("train.rec").display());
    let out = smoke.folder().join("run-of-records");
    smoke
        .run_into(&out, &["--until", "select", "-q", "--set", &path])
        .succeeded();
    let (folder, record) = (outputs(&smoke.out()), outputs(&out));
    assert!(folder.keys().any(|name| name.starts_with("select/fictional/")));
    assert_eq!(folder, record);
    // The same set in another layout is the same set: nothing runs again.
    assert!(smoke.stale(&["--until", "select", "--set", &path]).is_empty());
}

#[test]
fn features_are_the_same_from_any_layout() {
    let smoke = Smoke::new();
    let weights = format!("weights={}", text(&smoke.weights()));
    let encode = |set: &Path, name: &str| {
        let out = smoke.folder().join(name);
        let call = ["encode", "-q", "--encoder", "dlib-resnet", "--param", &weights];
        ficta(call.into_iter().chain(["--data", text(set), "--out", text(&out)])).succeeded();
        hash(&out)
    };
    let of_folder = encode(&smoke.faces(), "folder.safetensors");
    for format in ["recordio", "webdataset", "parquet"] {
        let set = smoke.folder().join(format);
        convert(&smoke.faces(), &set, format);
        assert_eq!(encode(&set, &format!("{format}.safetensors")), of_folder, "{format}");
    }
}

/// Arguments of a small training.
const TRAINING: &str = "--batch 8 --steps 12 --checkpoint-every 5 --lr 0.05 --threads 1 -q --param blocks=[1,1,1,1] \
    --param widths=[8,8,8,16,16] --param input_size=16 --param dim=16 --param precision=f32";

#[test]
fn training_streams_from_any_layout_to_the_same_weights() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    faces::draw(&at("faces"), 1);
    let train = |data: &str, out: &str, more: &[&str]| {
        let (data, out) = (at(data), at(out));
        let words = ["train", "--data", text(&data), "--out", text(&out)].into_iter();
        ficta(words.chain(TRAINING.split_whitespace()).chain(more.iter().copied()))
    };
    train("faces", "of-folder", &[]).succeeded();
    for format in ["recordio", "webdataset", "parquet"] {
        convert(&at("faces"), &at(format), format);
        let out = format!("of-{format}");
        train(format, &out, &["--loader-threads", "3"]).succeeded();
        for file in ["weights.safetensors", "loss.jsonl"] {
            assert_eq!(
                hash(&at("of-folder").join(file)),
                hash(&at(&out).join(file)),
                "{format}: {file}"
            );
        }
    }
    train("faces", "none", &["--loader-threads", "0"]).refused(2, &["--loader-threads is 0"]);
    // What is wrong with an image shows when it is needed; the work before it is kept.
    fs::write(at("faces/p3/1.png"), "no image").unwrap();
    train("faces", "broken", &[]).refused(1, &["p3/1.png is not a sound image"]);
    faces::draw_person(&at("faces/p3"), 1, 3);
    train("faces", "broken", &["--resume"]).succeeded();
    assert_eq!(
        hash(&at("of-folder/weights.safetensors")),
        hash(&at("broken/weights.safetensors"))
    );
}

#[test]
fn end_to_end_what_a_run_generated_is_a_set_with_a_card() {
    let smoke = Smoke::new();
    // Only some of the generated identities stay in the second selection.
    let second = "ids.fictional.second_selector={ plugin = \"id-nms\", params = { threshold_real = 1.0, threshold_selected = 0.9999, target = 3 } }";
    smoke.run(&["-q", "--until", "generate", "--set", second]).succeeded();
    let stage = smoke.out().join("generate/fictional");
    let card = Card::read(&stage).expect("a card beside the images");
    assert_eq!((card.seed, card.images, card.identities), (Some(7), 12, 4));
    let plugins: Vec<&str> = card.plugins.keys().map(String::as_str).collect();
    assert_eq!(
        plugins,
        [
            "ficta_diffusion_tch",
            "ficta_encoder_candle",
            "ficta_id_nms",
            "ficta_identities",
            "ficta_samplers"
        ]
    );
    let source = open(&stage).unwrap();
    assert_eq!((source.format(), source.len()), (Format::Generated, 12));
    assert!(
        source
            .notes()
            .iter()
            .any(|note| note.contains("all identities are here"))
    );

    smoke.run(&["-q", "--set", second]).succeeded();
    let source = open(&stage).unwrap();
    assert_eq!(source.len(), 9, "{:?}", source.notes());
    let records = smoke.folder().join("made");
    convert(&stage, &records, "recordio");
    let back = open(&records).unwrap();
    let everything = |set: &dyn ImageSource| -> Vec<(i64, Vec<u8>)> {
        (0..set.len())
            .map(|i| (set.label(i), set.bytes(i).unwrap().into_owned()))
            .collect()
    };
    assert_eq!(everything(&*back), everything(&*source));
    assert_eq!(
        People::of(&*back).unwrap().name(0),
        People::of(&*source).unwrap().name(0)
    );
    let card = Card::read(&records).expect("a card");
    let made_from = &card.made_from[0];
    assert_eq!((made_from.format.as_str(), made_from.seed), ("generated", Some(7)));
    assert!(
        made_from.plugins["ficta_samplers"]
            .as_str()
            .unwrap()
            .contains("sampler ddim")
    );
    assert_eq!(made_from.made_from[0].name, "faces");
    let metrics: serde_json::Value =
        serde_json::from_slice(&fs::read(smoke.out().join("metrics/metrics.json")).unwrap()).unwrap();
    assert_eq!(
        made_from.metrics["ID preservation P"]["value"],
        metrics["sets"]["fictional"]["preservation"]
    );
    assert_eq!(
        made_from.metrics["EER"]["value"],
        metrics["sets"]["fictional"]["separability"]["eer"]
    );
    assert!(
        made_from.metrics["EER"]["convention"]
            .as_str()
            .unwrap()
            .contains("cosine")
    );
    // An image that was lost is no silent loss.
    let lost = stage.join("images/00000/000.png");
    fs::remove_file(&lost).unwrap();
    ficta([
        "data",
        "convert",
        "-q",
        text(&stage),
        text(&smoke.folder().join("less")),
    ])
    .refused(1, &["damaged", "images/00000/000.png"]);
}

#[test]
fn an_encoder_finds_people_of_another_set() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    weights::write(&at("weights"));
    faces::draw(&at("a"), 1);
    faces::draw(&at("b"), 2);
    // A picture of a in b, brighter: other bytes, the same face.
    let image = image::open(at("a/p2/1.png")).unwrap().brighten(3);
    image.save(at("b/p5/9.png")).unwrap();
    let weights = format!("weights={}", at("weights").display());
    let validate = |more: &[&str]| {
        let (a, b) = (at("a"), at("b"));
        let words = [
            "data",
            "validate",
            text(&a),
            "--against",
            text(&b),
            "--encoder",
            "dlib-resnet",
            "--param",
            &weights,
        ];
        ficta(words.iter().chain(more))
    };
    let found = validate(&["--threshold", "0.9999", "--json"]);
    assert_eq!(found.code, Some(4), "{found}");
    let report = found.json();
    assert_eq!(report["valid"], false);
    let leaks: Vec<&serde_json::Value> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["kind"] == "cosine-leak")
        .collect();
    assert_eq!(leaks.len(), 1, "{report:#}");
    assert!(leaks[0]["image"].as_str().unwrap().ends_with("p2/1.png"));
    assert!(leaks[0]["other"].as_str().unwrap().ends_with("p5/9.png"));
    validate(&["--threshold", "2"]).refused(2, &["cosine threshold is 2"]);
    let none = validate(&["--threshold", "1", "--allow", "near-leak", "--allow", "near-duplicate"]);
    assert_eq!(none.code, Some(0), "{none}");
}
