//! The templates: crates that build and pass their tests as they stand, under the name `my-KIND`.

use ficta_core::{Error, Kind, Result};

use super::{core_source::CoreSource, names::Names};

macro_rules! template {
    ($kind:literal $(, $more:literal)*) => {
        &[
            ("Cargo.toml", include_str!(concat!("../../../../templates/", $kind, "/Cargo.toml"))),
            ("src/lib.rs", include_str!(concat!("../../../../templates/", $kind, "/src/lib.rs"))),
            ("tests/conformance.rs", include_str!(concat!("../../../../templates/", $kind, "/tests/conformance.rs"))),
            (
                concat!("tests/snapshots/conformance__my-", $kind, ".snap"),
                include_str!(concat!("../../../../templates/", $kind, "/tests/snapshots/conformance__my-", $kind, ".snap")),
            ),
            $(($more, include_str!(concat!("../../../../templates/", $kind, "/", $more))),)*
        ]
    };
}

const README: &str = include_str!("../../../../templates/README.md");

/// Where the templates find ficta-core.
const CORE: &str = "path = \"../../../core\"";

type Files = &'static [(&'static str, &'static str)];

/// The files of a kind, and the name of its trait.
fn sources(kind: Kind) -> Result<(Files, &'static str)> {
    Ok(match kind {
        Kind::ENCODER => (template!("encoder"), "Encoder"),
        Kind::PROPOSER => (template!("proposer"), "IdProposer"),
        Kind::SELECTOR => (template!("selector"), "IdSelector"),
        Kind::DENOISER => (template!("denoiser", "src/tensor_file.rs"), "Denoiser"),
        Kind::SAMPLER => (template!("sampler"), "Sampler"),
        Kind::BACKBONE => (template!("backbone", "src/tensor_file.rs"), "Backbone"),
        Kind::LOSS => (template!("loss"), "Loss"),
        Kind::COMMUNICATOR => (template!("communicator"), "Communicator"),
        other => return Err(Error::unsupported(format!("there is no template for kind {other:?}"))),
    })
}

/// The files of a new crate: path and text.
///
/// # Errors
/// A kind without a template.
pub fn files(kind: Kind, names: &Names, core: &CoreSource) -> Result<Vec<(String, String)>> {
    let (sources, trait_name) = sources(kind)?;
    let of = |prefix: &str, joint: &str, capital: bool| {
        let word = kind.name();
        match capital {
            true => format!("{prefix}{}{}", word[..1].to_uppercase(), &word[1..]),
            false => format!("{prefix}{joint}{word}"),
        }
    };
    let rename = |text: &str| {
        text.replace(CORE, &core.requirement())
            .replace(&of("my", "-", false), &names.kebab)
            .replace(&of("my", "_", false), &names.snake)
            .replace(&of("My", "", true), &names.camel)
    };
    let mut all: Vec<_> = sources
        .iter()
        .map(|(path, text)| (rename(path), rename(text)))
        .collect();
    let readme = README
        .replace("USAGE", &usage(kind, names))
        .replace("KINDTRAIT", trait_name)
        .replace("register_KIND", &format!("register_{kind}"))
        .replace("my-KIND", &names.kebab)
        .replace("my_KIND", &names.snake)
        .replace("KIND", kind.name());
    all.push(("README.md".into(), readme));
    all.push((".gitignore".into(), "/target\n".into()));
    Ok(all)
}

/// How a run is told to use it.
pub fn usage(kind: Kind, names: &Names) -> String {
    let table = match kind {
        Kind::PROPOSER => "ids.SET.proposer".to_owned(),
        Kind::SELECTOR => "ids.SET.selector".to_owned(),
        other => other.to_string(),
    };
    format!("--set {table}.plugin={} --set '{table}.params={{}}'", names.kebab)
}
