//! Which images of a set are written, and how the new set is named and described.

use std::{collections::BTreeMap, path::Path};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use ficta_core::{Error, Result};

use crate::data::{
    People,
    source::{Format, ImageSource},
    writer::{Card, Choice, Origin},
};

/// How a set is written.
#[derive(clap::Args, Debug)]
pub struct WriteArgs {
    /// Layout of the new set: person/image.ext; MXNet's .rec with .idx, as InsightFace has it; tar shards; Parquet as Hugging Face's
    /// `datasets` has it.
    #[arg(long, default_value = "folder", value_name = "LAYOUT", value_parser = written())]
    pub format: Format,
    /// Replaces a folder that is not empty, once the new set is whole.
    #[arg(long)]
    pub replace: bool,
    /// The licence to state in the card, instead of the source's.
    #[arg(long, value_name = "TEXT")]
    pub licence: Option<String>,
    /// The consent to state in the card, instead of the source's.
    #[arg(long, value_name = "TEXT")]
    pub consent: Option<String>,
}

/// The layouts that there are writers for.
fn written() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(["folder", "recordio", "webdataset", "parquet"])
        .try_map(|name| <Format as clap::ValueEnum>::from_str(&name, false))
}

/// What is written: images identity by identity, and the identities' names.
pub struct Selection {
    /// Images with their new labels.
    pub chosen: Vec<Choice>,
    names: BTreeMap<i64, String>,
}

impl Selection {
    /// The images of these people that `keep` accepts. With `relabel` the people that are left are numbered from 0.
    pub fn of(
        all: &People,
        people: impl IntoIterator<Item = usize>,
        relabel: bool,
        keep: impl Fn(usize) -> bool,
    ) -> Self {
        let (mut chosen, mut names) = (Vec::new(), BTreeMap::new());
        for person in people {
            let label = if relabel { names.len() as i64 } else { all.label(person) };
            let before = chosen.len();
            let images = all.images(person).iter().map(|i| *i as usize).filter(|i| keep(*i));
            chosen.extend(images.map(|index| Choice { index, label }));
            if chosen.len() > before {
                names.insert(label, all.name(person).to_owned());
            }
        }
        Self { chosen, names }
    }

    /// Number of identities.
    pub fn identities(&self) -> usize {
        self.names.len()
    }

    /// The name of an identity.
    pub fn name(&self, label: i64) -> String {
        self.names.get(&label).cloned().unwrap_or_else(|| label.to_string())
    }

    /// The card of the new set.
    ///
    /// # Errors
    /// Nothing is left to write.
    pub fn card(&self, path: &Path, source: &dyn ImageSource, args: &WriteArgs, made_by: &str) -> Result<Card> {
        if self.chosen.is_empty() {
            return Err(Error::data(format!("no image of {} is left to write", path.display())));
        }
        let mut card = Card::from_one(Origin::of(path, source), args.format, made_by);
        (card.images, card.identities) = (self.chosen.len(), self.identities());
        card.licence = args.licence.clone().or(card.licence);
        card.consent = args.consent.clone().or(card.consent);
        Ok(card)
    }
}
