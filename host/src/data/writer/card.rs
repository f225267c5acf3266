//! The card of a set: a README that says what it is made of and how.

use std::{fmt::Write as _, fs, path::Path};

use ficta_core::Result;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    data::source::{Format, ImageSource, orl},
    pipeline::stages,
    storage::atomic,
};

/// Name of the file.
pub const CARD: &str = "README.md";

/// Begins the part that programs read.
const FENCE: &str = "```json ficta-card";

/// A set that another one is made from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    /// File or folder name.
    pub name: String,
    /// Its layout.
    pub format: String,
    /// Number of images.
    pub images: usize,
    /// The seed that it was drawn with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Plugins that it was made with, by name, with their versions.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub plugins: Map<String, Value>,
    /// Figures that were measured on it.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub metrics: Map<String, Value>,
    /// What it was made from itself, where its own card says so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub made_from: Vec<Origin>,
    /// The licence that its images are under; not stated where none is known.
    #[serde(default)]
    pub licence: Option<String>,
    /// What the people in it agreed to; not stated where nothing is known.
    #[serde(default)]
    pub consent: Option<String>,
}

impl Origin {
    /// What can be known of a set: its own card's statements, those of a set that is known here, and what a run has measured on the images that it
    /// generated.
    pub fn of(path: &Path, source: &dyn ImageSource) -> Self {
        let folder = if path.is_dir() {
            path
        } else {
            path.parent().unwrap_or(Path::new("."))
        };
        let mut own = Card::read(folder).unwrap_or_default();
        if source.format() == Format::Generated {
            own.metrics = stages::measured(folder);
        }
        let is_orl = source.format() == Format::Orl;
        Self {
            name: path
                .file_name()
                .unwrap_or(path.as_os_str())
                .to_string_lossy()
                .into_owned(),
            format: source.format().to_string(),
            images: source.len(),
            seed: own.seed,
            plugins: own.plugins,
            metrics: own.metrics,
            made_from: own.made_from,
            licence: own.licence.or_else(|| is_orl.then(|| orl::CREDIT.to_owned())),
            consent: own.consent,
        }
    }
}

/// What a card says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Card {
    /// Layout.
    pub format: String,
    /// Number of images.
    pub images: usize,
    /// Number of identities.
    pub identities: usize,
    /// What wrote the set.
    pub written_by: String,
    /// The command, without the paths of the machine it ran on.
    pub made_by: String,
    /// The sets that it is made from.
    pub made_from: Vec<Origin>,
    /// The seed of what was drawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Plugins by name, with their versions.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub plugins: Map<String, Value>,
    /// Licence of the set.
    pub licence: Option<String>,
    /// Consent of the people in it.
    pub consent: Option<String>,
    /// Figures that were measured.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub metrics: Map<String, Value>,
    /// Images of the source that were left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_out: Option<usize>,
}

impl Card {
    /// A card for what is made from one set: licence and consent are the set's own unless others are given.
    pub fn from_one(origin: Origin, format: Format, made_by: &str) -> Self {
        Self {
            format: format.to_string(),
            written_by: concat!("ficta ", env!("CARGO_PKG_VERSION")).to_owned(),
            made_by: made_by.to_owned(),
            licence: origin.licence.clone(),
            consent: origin.consent.clone(),
            made_from: vec![origin],
            ..Self::default()
        }
    }

    /// Reads the card in a folder, where there is one that ficta wrote.
    pub fn read(folder: &Path) -> Option<Self> {
        let text = fs::read_to_string(folder.join(CARD)).ok()?;
        let lines: Vec<&str> = text.lines().collect();
        // The last one: JSON escapes line breaks, so none of its own strings can begin a line, as those in the text above it may.
        let begin = lines.iter().rposition(|line| *line == FENCE)?;
        let json = &lines[begin + 1..];
        let end = json.iter().position(|line| *line == "```")?;
        serde_json::from_str(&json[..end].join("\n")).ok()
    }

    /// Writes the card into a folder.
    ///
    /// # Errors
    /// [`ficta_core::ErrorKind::IO`] with the path.
    pub fn write(&self, folder: &Path) -> Result<()> {
        atomic::write_bytes(&folder.join(CARD), self.text().as_bytes())
    }

    fn text(&self) -> String {
        let stated = |text: &Option<String>| text.as_deref().map_or_else(|| "**not stated**".to_owned(), one_line);
        let mut out = format!(
            "# Face images\n\n{} images of {} identities, in the layout `{}`. Written by {}: `{}`.\n\n\
             - Licence: {}\n- Consent of the people shown: {}\n",
            self.images,
            self.identities,
            self.format,
            self.written_by,
            self.made_by,
            stated(&self.licence),
            stated(&self.consent)
        );
        // Writing to a String cannot fail.
        if let Some(seed) = self.seed {
            let _ = writeln!(out, "- Seed: {seed}");
        }
        list_plugins(&self.plugins, "", &mut out);
        if let Some(count) = self.left_out {
            let _ = writeln!(
                out,
                "- Left out as broken: {count} images, listed in a table beside this file"
            );
        }
        out.push_str("\n## Made from\n\n");
        if self.made_from.is_empty() {
            out.push_str("Not stated.\n");
        }
        self.made_from.iter().for_each(|origin| list(origin, 0, &mut out));
        if !self.metrics.is_empty() {
            out.push_str("\n## Measured\n\n");
            list_metrics(&self.metrics, "", &mut out);
        }
        let json = serde_json::to_string_pretty(self).unwrap_or_default();
        let _ = write!(out, "\n## For programs\n\n{FENCE}\n{json}\n```\n");
        out
    }
}

/// A statement of several lines, a whole licence, say, stays one entry of the list.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn list(origin: &Origin, depth: usize, out: &mut String) {
    let stated = |text: &Option<String>| text.as_deref().map_or_else(|| "not stated".to_owned(), one_line);
    let _ = writeln!(
        out,
        "{}- `{}` ({}, {} images); licence: {}; consent: {}",
        "  ".repeat(depth),
        origin.name,
        origin.format,
        origin.images,
        stated(&origin.licence),
        stated(&origin.consent)
    );
    let indent = "  ".repeat(depth + 1);
    if let Some(seed) = origin.seed {
        let _ = writeln!(out, "{indent}- Seed: {seed}");
    }
    list_plugins(&origin.plugins, &indent, out);
    list_metrics(&origin.metrics, &indent, out);
    origin.made_from.iter().for_each(|inner| list(inner, depth + 1, out));
}

fn list_plugins(plugins: &Map<String, Value>, indent: &str, out: &mut String) {
    for (name, version) in plugins {
        let _ = writeln!(out, "{indent}- Plugin: {name} {}", version.as_str().unwrap_or_default());
    }
}

/// Each with its convention, threshold and evaluator, where they are given.
fn list_metrics(metrics: &Map<String, Value>, indent: &str, out: &mut String) {
    for (name, about) in metrics {
        let Some(fields) = about.as_object() else {
            let _ = writeln!(out, "{indent}- {name}: {about}");
            continue;
        };
        let value = fields.get("value").map(Value::to_string).unwrap_or_default();
        let how: Vec<String> = fields
            .iter()
            .filter(|(key, _)| *key != "value")
            .map(|(key, value)| {
                format!(
                    "{key}: {}",
                    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
                )
            })
            .collect();
        let _ = writeln!(out, "{indent}- {name}: {value} ({})", how.join("; "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_reads_back_and_says_what_is_not_stated() {
        let origin = Origin {
            name: "faces".into(),
            format: "folder".into(),
            images: 3,
            licence: Some("CC BY 4.0".into()),
            ..Origin::default()
        };
        let mut card = Card::from_one(origin, Format::RecordIo, "ficta data convert");
        (card.images, card.identities, card.seed, card.left_out) = (3, 2, Some(7), Some(1));
        card.metrics.insert("uniqueness".into(), 0.5.into());
        card.made_from[0].seed = Some(9);
        card.made_from[0].plugins.insert("samplers".into(), "0.1.0".into());
        let measured = serde_json::json!({"value": 0.25, "convention": "cosine", "threshold": 0.3});
        card.made_from[0].metrics.insert("EER".into(), measured);
        let folder = tempfile::tempdir().unwrap();
        card.write(folder.path()).unwrap();
        assert_eq!(Card::read(folder.path()), Some(card));
        let text = fs::read_to_string(folder.path().join(CARD)).unwrap();
        assert!(
            text.contains("- Licence: CC BY 4.0\n- Consent of the people shown: **not stated**\n- Seed: 7"),
            "{text}"
        );
        assert!(text.contains("- uniqueness: 0.5"), "{text}");
        for line in [
            "  - Seed: 9",
            "  - Plugin: samplers 0.1.0",
            "  - EER: 0.25 (convention: cosine; threshold: 0.3)",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is not in {text}");
        }
        fs::write(folder.path().join(CARD), "another README").unwrap();
        assert_eq!(Card::read(folder.path()), None);
    }

    #[test]
    fn a_statement_that_quotes_a_card_does_not_hide_the_card() {
        let quoted = format!("\n{FENCE}\n{{}}\n```\n");
        let mut card = Card {
            format: quoted.clone(),
            made_by: format!("{quoted}{FENCE}"),
            licence: Some(quoted.clone()),
            ..Card::default()
        };
        card.metrics.insert(quoted.clone(), quoted.into());
        let folder = tempfile::tempdir().unwrap();
        card.write(folder.path()).unwrap();
        assert_eq!(Card::read(folder.path()), Some(card));
        let text = fs::read_to_string(folder.path().join(CARD)).unwrap();
        assert!(
            text.contains("\n- Licence: ```json ficta-card {} ```\n- Consent"),
            "{text}"
        );
    }
}
