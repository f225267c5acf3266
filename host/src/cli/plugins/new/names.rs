//! One name in the spellings that a crate needs.

use ficta_core::{Error, Result};

/// A crate's name.
pub struct Names {
    /// `ring-loss`: crate and component.
    pub kebab: String,
    /// `ring_loss`: as in `use`.
    pub snake: String,
    /// `RingLoss`: the type.
    pub camel: String,
}

impl Names {
    /// Takes lower-case words of letters and digits, joined by hyphens.
    ///
    /// # Errors
    /// Any other name, and words that Rust keeps for itself.
    pub fn new(name: &str) -> Result<Self> {
        let words: Vec<&str> = name.split('-').collect();
        let is_word = |w: &&str| !w.is_empty() && w.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        let begins = name.starts_with(|c: char| c.is_ascii_lowercase());
        if !words.iter().all(is_word) || !begins || name.len() > 60 {
            return Err(Error::config(format!("`{name}` cannot be a crate's name"))
                .help("lower-case letters and digits, words joined by hyphens: ring-loss"));
        }
        // The names of crates that the template uses, and of what cargo makes beside a library.
        const TAKEN: [&str; 12] = [
            "core",
            "std",
            "alloc",
            "test",
            "proc-macro",
            "ficta",
            "ficta-core",
            "serde",
            "schemars",
            "safetensors",
            "build",
            "deps",
        ];
        const KEYWORDS: [&str; 16] = [
            "as", "crate", "dyn", "else", "enum", "fn", "for", "impl", "loop", "match", "mod", "move", "self",
            "struct", "type", "use",
        ];
        if TAKEN.contains(&name) || KEYWORDS.contains(&name) {
            return Err(
                Error::config(format!("`{name}` is taken by Rust or by a crate that a plugin uses"))
                    .help("add a word: my-loss"),
            );
        }
        let capital = |word: &&str| word[..1].to_uppercase() + &word[1..];
        Ok(Self {
            kebab: name.into(),
            snake: words.join("_"),
            camel: words.iter().map(capital).collect(),
        })
    }

    /// The library's file.
    pub fn library(&self) -> String {
        format!(
            "{}{}{}",
            std::env::consts::DLL_PREFIX,
            self.snake,
            std::env::consts::DLL_SUFFIX
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_spelt_three_ways() {
        let names = Names::new("ring-loss-2").unwrap();
        assert_eq!(
            (&*names.kebab, &*names.snake, &*names.camel),
            ("ring-loss-2", "ring_loss_2", "RingLoss2")
        );
    }

    #[test]
    fn other_names_are_refused() {
        for name in [
            "",
            "Ring",
            "ring_loss",
            "2ring",
            "ring--loss",
            "-ring",
            "ring/loss",
            "../x",
            "serde",
            "loop",
            "schön",
        ] {
            assert!(Names::new(name).is_err(), "{name}");
        }
    }
}
