//! Weights as PyTorch saves them.

use ficta_core::{Backbone, Ctx, testing::RecordingHost};
use ficta_state_dict::{Stored, torch_save};

use crate::{
    reference::{assert_near, fixture},
    scene,
};

#[test]
fn a_pth_file_gives_the_embeddings_of_pytorch() {
    let (host, folder) = (RecordingHost::new(0), tempfile::tempdir().expect("a folder"));
    let (ctx, fixture) = (Ctx::new(&host), fixture());
    let path = folder.path().join("backbone.pth");
    for (prefix, counters) in [("", true), ("module.", false)] {
        let entries = fixture.tensors.iter().filter_map(|(name, entry)| {
            let name = name.strip_prefix("before.").filter(|n| *n != "head")?;
            let counter = name.ends_with("num_batches_tracked");
            if counter && !counters {
                return None;
            }
            let values = match counter {
                true => entry.i64().into_iter().map(|v| v as f32).collect(),
                false => entry.f32(),
            };
            let shape = entry.shape.clone();
            Some((format!("{prefix}{name}"), Stored { shape, values }))
        });
        let entries: Vec<_> = entries.collect();
        let bytes = torch_save(entries.iter().map(|(name, t)| (name.as_str(), t))).expect("a file");
        std::fs::write(&path, bytes).expect("a writable folder");
        let mut net = scene::net("{}");
        net.load(&path, &ctx).expect("weights");
        let found = scene::embed(&mut net, &fixture.tensors["images"].f32(), &ctx);
        assert_near("embeddings", &found, &fixture.tensors["embeddings"].f32());
    }
}
