//! The page beside exported weights.

use std::fmt::Write as _;

use ficta_core::BackboneInfo;
use serde_json::Value;

use crate::{config::ComponentChoice, pipeline::training_evaluation::Selected};

/// What a model card tells.
pub struct ModelCard<'a> {
    /// The network and its parameters.
    pub network: &'a ComponentChoice,
    /// Its dimensions.
    pub info: BackboneInfo,
    /// Files and their SHA-256.
    pub files: Vec<(String, String)>,
    /// What is known of its training.
    pub training: Option<Value>,
    /// Which evaluation chose the weights, if one did.
    pub selected: Option<Selected>,
}

impl ModelCard<'_> {
    /// Markdown.
    pub fn text(&self) -> String {
        let BackboneInfo {
            dim,
            channels,
            height,
            width,
            parameters,
            ..
        } = self.info;
        let order = if channels == 3 { "RGB" } else { "grey" };
        let mut text = format!(
            "# {} for face recognition\n\n\
             | | |\n|---|---|\n\
             | network | `{}` (ficta {}) |\n\
             | parameters | {parameters} |\n\
             | input | f32 `[N,{channels},{height},{width}]`, {order}, (x / 255 - 0.5) / 0.5, aligned to the usual five points |\n\
             | output | f32 `[N,{dim}]`, not normalised; compare by the cosine |\n\n## Files\n\n",
            self.network.plugin,
            self.network.plugin,
            env!("CARGO_PKG_VERSION")
        );
        for (name, digest) in &self.files {
            let what = match name.rsplit('.').next() {
                Some("pth") => "state dict of PyTorch, with the keys of InsightFace's arcface_torch",
                Some("onnx") => "ONNX, input `input`, output `embedding`",
                _ => "the same state dict as safetensors",
            };
            let _ = writeln!(text, "- `{name}`: {what}; SHA-256 `{digest}`");
        }
        let json = |value: &Value| serde_json::to_string_pretty(value).unwrap_or_default();
        let _ = write!(text, "\n## Network\n\n```json\n{}\n```\n", json(&self.network.params));
        match &self.training {
            Some(training) => {
                let _ = write!(text, "\n## Training\n\n```json\n{}\n```\n", json(training));
            }
            None => text.push_str("\n## Training\n\nUnknown: the weights came without a record of it.\n"),
        }
        if let Some(selected) = &self.selected {
            let _ = write!(text, "\n**Selected by evaluation:** {}.\n", selected.caution());
        }
        text.push_str(
            "\n## Limits\n\n\
             Not evaluated here: measure it on sets that played no part in its training before you rely on it, by group of people as well as on average. A network learns the\n\
             balance of its training faces. Whether it may be used, and for what, depends on the licence of those faces and on the law where it is used.\n",
        );
        text
    }
}
