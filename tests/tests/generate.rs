//! `ficta generate`: a set of its own by a run's denoiser, with the bytes that the run would make.

use std::{fs, path::Path, thread::sleep, time::Duration};

use ficta_tests::{
    command::{Finished, ficta, finish, prepare},
    product,
    records::hash,
    smoke::Smoke,
};
use serde_json::Value;

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

/// Arguments that make the set OUT from the smoke run's selected identities.
fn arguments(smoke: &Smoke, out: &Path, more: &str) -> Vec<String> {
    let run = smoke.out();
    let ids = run.join("select/fictional/selected.safetensors");
    let fixed = [
        "generate",
        "--run",
        text(&run),
        "--identities",
        text(&ids),
        "--out",
        text(out),
    ];
    let words = fixed.into_iter().chain(more.split_whitespace());
    words.map(str::to_owned).collect()
}

fn generate(smoke: &Smoke, out: &Path, more: &str) -> Finished {
    ficta(arguments(smoke, out, more))
}

/// The size of the smoke run's set: identities, images of each.
fn sizes(smoke: &Smoke) -> (usize, usize) {
    let table = fs::read_to_string(smoke.out().join("generate/fictional/manifest.csv")).unwrap();
    let rows: Vec<&str> = table.lines().skip(1).collect();
    let of_first = rows.iter().filter(|row| row.starts_with("0,")).count();
    (rows.len() / of_first, of_first)
}

#[test]
fn a_set_of_the_same_identities_is_the_runs_also_after_a_kill() {
    let smoke = Smoke::new();
    smoke.run(&["--until", "generate/fictional", "-q"]).succeeded();
    let (identities, images) = sizes(&smoke);
    let whole = smoke.folder().join("whole");
    let asked = format!("--count {identities} --images {images} --threads 1");
    let done = generate(&smoke, &whole, &format!("{asked} --batch 3 --json"))
        .succeeded()
        .json();
    assert_eq!(done["generation"]["count"], identities);
    // The table has the SHA-256 of every image.
    let manifest = |set: &Path| hash(&set.join("manifest.csv"));
    let of_run = manifest(&smoke.out().join("generate/fictional"));
    assert_eq!(manifest(&whole), of_run);
    let card = fs::read_to_string(whole.join("README.md")).unwrap();
    for part in [
        "`ficta generate`",
        "generated images of nobody",
        "denoiser unet",
        "sampler ",
    ] {
        assert!(card.contains(part), "{part}: {card}");
    }

    // It is a set like others.
    let found = ficta(["data", "inspect", text(&whole), "--json"]).succeeded().json();
    assert_eq!(found["summary"]["images"], identities * images, "{found}");

    // Killed with some images on the disk, the same call goes on.
    let killed = smoke.folder().join("killed");
    let mut child = prepare(
        &product::executable(),
        arguments(&smoke, &killed, &format!("{asked} --batch 1 -q")),
    )
    .spawn()
    .unwrap();
    let some = smoke.folder().join(".killed.work/outputs/images/00000/000.png");
    while !some.exists() && child.try_wait().unwrap().is_none() {
        sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(
        !killed.exists() && some.exists(),
        "killed too late or too early to tell"
    );
    let other = generate(&smoke, &killed, &format!("{asked} --seed 77"));
    other.refused(2, &["unfinished set with another seed"]);
    let gone_on = finish(prepare(&product::executable(), arguments(&smoke, &killed, &asked))).succeeded();
    assert!(gone_on.stderr.contains("are there already"), "{gone_on}");
    assert_eq!(manifest(&killed), of_run);
    assert!(!smoke.folder().join(".killed.work").exists());

    // A finished set is neither made again nor written over.
    assert!(
        generate(&smoke, &whole, &asked)
            .succeeded()
            .stderr
            .contains("is finished")
    );
    generate(&smoke, &whole, "--count 1 --images 1")
        .refused(2, &["holds a set with another count, identities, images"]);
    generate(&smoke, &smoke.faces(), &asked).refused(2, &["is no set of `ficta generate`"]);
}

#[test]
fn sampler_seed_and_identities_are_the_callers() {
    let smoke = Smoke::new();
    smoke.run(&["--until", "train-denoiser", "-q"]).succeeded();
    smoke.run(&["--until", "select/fictional", "-q"]).succeeded();
    let set = |name: &str, more: &str| {
        let out = smoke.folder().join(name);
        generate(&smoke, &out, &format!("--count 2 --images 1 --threads 1 -q {more}")).succeeded();
        let first = fs::read(out.join("images/00000/000.png")).unwrap();
        let settings: Value = serde_json::from_slice(&fs::read(out.join("generation.json")).unwrap()).unwrap();
        (first, settings)
    };
    let (plain, _) = set("plain", "");
    let (seeded, settings) = set("seeded", "--seed 77");
    assert_eq!(settings["seed"], 77);
    assert_ne!(plain, seeded);
    let (by_ddpm, settings) = set("ddpm", "--sampler ddpm");
    assert_eq!(settings["sampler"]["plugin"], "ddpm");
    assert_ne!(plain, by_ddpm);

    // Of real people.
    let run = smoke.out();
    let (ids, real, alone) = (
        run.join("statistics/identities.safetensors"),
        smoke.folder().join("real"),
        smoke.folder().join("alone"),
    );
    let weights = run.join("train-denoiser/weights.safetensors");
    let fixed = format!(
        "generate --identities {} --images 1 --count 1 --threads 1 --seed 7 -q",
        text(&ids)
    );
    let call = |more: String| ficta(fixed.split_whitespace().chain(more.split_whitespace()));
    call(format!("--run {} --out {}", text(&run), text(&real))).succeeded();

    // By a denoiser and a sampler that no run names.
    let own = "--param resolution=16 --param channels=1 --param base_width=16 --param multipliers=[1,2] --param patch=2 --param micro_batch=4 \
         --sampler ddim --sampler-param steps=3";
    call(format!(
        "--denoiser unet --weights {} {own} --out {}",
        text(&weights),
        text(&alone)
    ))
    .succeeded();
    let image = |set: &Path| hash(&set.join("images/00000/000.png"));
    assert_eq!(image(&real), image(&alone));
    let card = fs::read_to_string(alone.join("README.md")).unwrap();
    assert!(card.contains("## Made from\n\nNot stated."), "{card}");
}

#[test]
fn what_cannot_be_generated_is_refused() {
    let smoke = Smoke::new();
    smoke.run(&["--until", "select/fictional", "-q"]).succeeded();
    let out = smoke.folder().join("out");
    generate(&smoke, &out, "").refused(2, &["no trained denoiser", "--until train-denoiser"]);
    smoke.run(&["--until", "train-denoiser", "-q"]).succeeded();
    generate(&smoke, &out, "--count 1000000").refused(2, &["--count 1000000, but there are"]);
    generate(&smoke, &out, "--images 0").refused(2, &["--images 0"]);
    generate(&smoke, &out, "--sampler ddmi").refused(2, &["ddmi", "ddim"]);
    generate(&smoke, &out, "--sampler-param stpes=4").refused(2, &["stpes", "steps"]);
    let nowhere = ["generate", "--run", "nowhere", "--identities", "x", "--out", text(&out)];
    ficta(nowhere).refused(1, &["nowhere/config.toml", "name a run folder"]);
    assert!(!out.exists() && !smoke.folder().join(".out.work").exists());
}
