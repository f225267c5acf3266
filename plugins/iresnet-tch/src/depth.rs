//! Networks by name.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Depth of a named iresnet: 18, 34, 50, 100 or 200.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Depth(u32);

/// Depth and its residual blocks in each of the four layers (InsightFace, `arcface_torch/backbones/iresnet.py`).
const NAMED: [(u32, [usize; 4]); 5] = [
    (18, [2, 2, 2, 2]),
    (34, [3, 4, 6, 3]),
    (50, [3, 4, 14, 3]),
    (100, [3, 13, 30, 3]),
    (200, [6, 26, 60, 6]),
];

impl Depth {
    /// iresnet50, the usual trainer.
    pub const R50: Self = Self(50);

    /// The depth of this number, if it has a name.
    pub fn new(number: u32) -> Option<Self> {
        NAMED.iter().any(|(n, _)| *n == number).then_some(Self(number))
    }

    /// Residual blocks of each layer.
    pub fn blocks(self) -> [usize; 4] {
        NAMED
            .iter()
            .find(|(n, _)| *n == self.0)
            .map_or([0; 4], |(_, blocks)| *blocks)
    }
}

impl Serialize for Depth {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_string())
    }
}

/// Accepts `"50"` and `50`: `--set backbone.params.depth=50` gives a number.
impl<'de> Deserialize<'de> for Depth {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Spelling {
            Number(u32),
            Text(String),
        }
        let spelling = Spelling::deserialize(deserializer)
            .map_err(|_| de::Error::custom("depth: expected one of 18, 34, 50, 100, 200"))?;
        let (number, shown) = match spelling {
            Spelling::Number(n) => (Some(n), n.to_string()),
            Spelling::Text(t) => (t.parse().ok(), t),
        };
        number
            .and_then(Self::new)
            .ok_or_else(|| de::Error::custom(format!("depth: expected one of 18, 34, 50, 100, 200, got {shown}")))
    }
}

impl JsonSchema for Depth {
    fn schema_name() -> Cow<'static, str> {
        "Depth".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let texts = NAMED.iter().map(|(n, _)| serde_json::Value::from(n.to_string()));
        let numbers = NAMED.iter().map(|(n, _)| serde_json::Value::from(*n));
        json_schema!({ "enum": texts.chain(numbers).collect::<Vec<_>>() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_are_the_same_depth() {
        for json in ["50", "\"50\""] {
            assert_eq!(serde_json::from_str::<Depth>(json).expect(json), Depth::R50);
        }
        assert_eq!(serde_json::to_string(&Depth::R50).expect("a depth is JSON"), "\"50\"");
    }

    #[test]
    fn other_depths_are_refused_with_the_choice() {
        for json in ["51", "\"r50\"", "50.5", "null", "-18"] {
            let error = serde_json::from_str::<Depth>(json).expect_err(json).to_string();
            assert!(error.contains("18, 34, 50, 100, 200"), "{json}: {error}");
        }
    }
}
