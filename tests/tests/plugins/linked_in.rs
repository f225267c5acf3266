//! The pure-Rust plugins linked into this test program: the same components, with the same bits as from their libraries.

use ficta::registry::{Origin, Registry};
use ficta_core::{
    Candidates, CandidatesMut, Ctx, Identities, Kind, NullHost, Prediction, SelectionMut, TensorMut, TensorRef,
    random::Stream,
    testing::{LossBatch, ToyDenoiser, cosine_alpha_bar},
};
use ficta_tests::product;
use serde_json::{Value, json};
// Linked for what they register.
use {ficta_encoder_candle as _, ficta_id_nms as _, ficta_identities as _, ficta_losses as _, ficta_samplers as _};

use super::loaded;

const CRATES: [&str; 5] = [
    "ficta_encoder_candle",
    "ficta_id_nms",
    "ficta_identities",
    "ficta_losses",
    "ficta_samplers",
];
const REAL: usize = 12;
const DIM: usize = 9;

/// The same component linked in and from its library.
fn both<T>(make: impl Fn(&Registry) -> ficta_core::Result<T>) -> [T; 2] {
    [Registry::with_built_ins(), loaded(&CRATES)].map(|registry| make(&registry).unwrap_or_else(|e| panic!("{e}")))
}

#[test]
fn the_registry_lists_what_is_linked_in_as_the_libraries_list_it() {
    let (here, there) = (Registry::with_built_ins(), loaded(&CRATES));
    assert!(here.entries().iter().all(|e| e.origin == Origin::BuiltIn));
    let sorted = |registry: &Registry| {
        let mut all: Vec<_> = registry.entries().iter().map(|e| e.component.clone()).collect();
        all.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
        all
    };
    assert_eq!(sorted(&here), sorted(&there));
    assert!(here.entries().len() >= 7);
}

#[test]
fn losses_have_the_same_bits_across_the_boundary() {
    let host = NullHost::default();
    for name in ["cosface", "arcface"] {
        let [mut here, mut there] = both(|r| r.loss(name, &json!({"scale": 30.0})));
        for seed in 0..5 {
            let batch = LossBatch::random(13, 7, seed);
            let expected = batch.evaluate(&mut *here, &Ctx::new(&host)).unwrap();
            assert!(expected.loss.is_finite() && expected.cosines.iter().any(|g| *g != 0.0));
            assert_eq!(
                batch.evaluate(&mut *there, &Ctx::new(&host)).unwrap(),
                expected,
                "{name}"
            );
        }
        // An error crosses with its kind and its words.
        let mut batch = LossBatch::random(3, 4, 0);
        batch.labels[1] = 99;
        let expected = batch.evaluate(&mut *here, &Ctx::new(&host)).unwrap_err();
        let error = batch.evaluate(&mut *there, &Ctx::new(&host)).unwrap_err();
        assert_eq!((error.kind(), error.message()), (expected.kind(), expected.message()));
        assert!(error.message().contains("99"), "{error}");
    }
}

/// Means and variances of invented identities.
struct Real {
    mean: Vec<f32>,
    variance: Vec<f32>,
    count: Vec<i64>,
}

impl Real {
    fn new(seed: u64) -> Self {
        let mut stream = Stream::new(seed, "tests.real", 0, 0);
        let mut mean = vec![0f32; REAL * DIM];
        stream.fill_normal(&mut mean);
        Self {
            mean,
            variance: (0..REAL).map(|_| 0.1 + stream.uniform() as f32).collect(),
            count: vec![5; REAL],
        }
    }

    fn view(&self) -> Identities<'_> {
        Identities {
            mean: TensorRef::new(&self.mean, &[REAL, DIM]).unwrap(),
            variance: TensorRef::new(&self.variance, &[REAL]).unwrap(),
            variance_per_dim: None.into(),
            count: TensorRef::new(&self.count, &[REAL]).unwrap(),
        }
    }
}

/// Features, parents and variances of candidates.
#[derive(Debug, PartialEq)]
struct Proposed {
    feature: Vec<f32>,
    parents: Vec<i64>,
    t: Vec<f32>,
    variance: Vec<f32>,
}

fn propose(registry: &Registry, params: &Value, real: &Real) -> Proposed {
    let host = NullHost { seed: 3 };
    let mut proposer = registry.proposer("variance-interpolation", params).unwrap();
    let k = proposer.count(REAL, 40).unwrap();
    let mut out = Proposed {
        feature: vec![0.0; k * DIM],
        parents: vec![0; 2 * k],
        t: vec![0.0; k],
        variance: vec![0.0; k],
    };
    let room = CandidatesMut {
        feature: TensorMut::new(&mut out.feature, &[k, DIM]).unwrap(),
        parents: TensorMut::new(&mut out.parents, &[k, 2]).unwrap(),
        t: TensorMut::new(&mut out.t, &[k]).unwrap(),
        variance: TensorMut::new(&mut out.variance, &[k]).unwrap(),
    };
    proposer.propose(&real.view(), room, &Ctx::new(&host)).unwrap();
    out
}

#[test]
fn proposers_and_selectors_have_the_same_bits_across_the_boundary() {
    let real = Real::new(1);
    for rule in ["midpoint", "std-ratio"] {
        let [here, there] = both(|r| Ok(propose(r, &json!({"rule": rule}), &real)));
        assert!(here.t.len() == 40 && here.feature.iter().any(|x| *x != 0.0));
        assert_eq!(here, there, "{rule}");
        for (selector, params) in [
            ("id-nms", json!({"threshold_real": 0.8, "threshold_selected": 0.7})),
            ("k-centre", json!({"threshold": 0.8})),
            ("all", json!({})),
        ] {
            let [here, there] = both(|r| Ok(select(r, selector, &params, &here, &real)));
            assert!(here.0 > 0, "{selector} keeps none");
            assert_eq!(here, there, "{selector}");
        }
    }
}

/// Count, decisions, blockers, bits of the cosines, ranks.
type Selected = (usize, Vec<u8>, Vec<i64>, Vec<u32>, Vec<i64>);

fn select(registry: &Registry, name: &str, params: &Value, candidates: &Proposed, real: &Real) -> Selected {
    let (host, k) = (NullHost::default(), candidates.t.len());
    let (mut decision, mut blocker, mut cosine, mut rank) = (vec![0u8; k], vec![0i64; k], vec![0f32; k], vec![0i64; k]);
    let room = SelectionMut {
        decision: TensorMut::new(&mut decision, &[k]).unwrap(),
        blocker: TensorMut::new(&mut blocker, &[k]).unwrap(),
        cosine: TensorMut::new(&mut cosine, &[k]).unwrap(),
        rank: TensorMut::new(&mut rank, &[k]).unwrap(),
    };
    let view = Candidates {
        feature: TensorRef::new(&candidates.feature, &[k, DIM]).unwrap(),
        parents: Some(TensorRef::new(&candidates.parents, &[k, 2]).unwrap()).into(),
        variance: Some(TensorRef::new(&candidates.variance, &[k]).unwrap()).into(),
    };
    let mut selector = registry.selector(name, params).unwrap();
    let count = selector.select(&view, &real.view(), room, &Ctx::new(&host)).unwrap();
    (
        count,
        decision,
        blocker,
        cosine.iter().map(|c| c.to_bits()).collect(),
        rank,
    )
}

#[test]
fn samplers_have_the_same_bits_across_the_boundary() {
    let host = NullHost::default();
    let (conditions, seeds) = ([0.6f32, 0.8, 1.0, 0.0, 0.0, -1.0], [5u64, 6, 7]);
    for (name, params) in [
        ("ddim", json!({"steps": 5, "guidance": 1.5})),
        ("ddpm", json!({"steps": 5})),
        ("dpm-solver-pp", json!({"steps": 5})),
    ] {
        let made = both(|r| r.sampler(name, &params)).map(|mut sampler| {
            let mut denoiser = ToyDenoiser::new([1, 4, 4], 2, 0.3, Prediction::V, cosine_alpha_bar(50));
            let mut images = vec![f32::NAN; 3 * 16];
            let conditions = TensorRef::new(&conditions, &[3, 2]).unwrap();
            let seeds = TensorRef::new(&seeds, &[3]).unwrap();
            let out = TensorMut::new(&mut images, &[3, 1, 4, 4]).unwrap();
            sampler
                .sample(&mut denoiser, conditions, seeds, out, &Ctx::new(&host))
                .unwrap_or_else(|e| panic!("{name}: {e}"));
            images
        });
        assert!(made[0].iter().all(|x| x.is_finite()));
        assert_eq!(made[0], made[1], "{name}");
    }
}

#[test]
fn encoders_have_the_same_bits_across_the_boundary() {
    let (host, folder) = (NullHost::default(), tempfile::tempdir().unwrap());
    ficta_tests::weights::write(folder.path());
    let fixture = |name: &str| product::root().join("plugins/encoder-candle/tests/fixtures").join(name);
    let pixels: Vec<u8> = (0..2 * 20 * 20 * 3).map(|i| (i * 37 % 251) as u8).collect();
    for (name, params) in [
        ("dlib-resnet", json!({"weights": folder.path()})),
        ("iresnet", json!({"weights": fixture("iresnet.safetensors")})),
        ("onnx", json!({"model": fixture("onnx_mobile.onnx")})),
    ] {
        let [here, there] = both(|r| r.encoder(name, &params)).map(|mut encoder| {
            let info = encoder.info();
            let mut features = vec![f32::NAN; 2 * info.dim];
            let images = TensorRef::new(&pixels, &[2, 20, 20, 3]).unwrap();
            let out = TensorMut::new(&mut features, &[2, info.dim]).unwrap();
            encoder
                .encode(images, out, &Ctx::new(&host))
                .unwrap_or_else(|e| panic!("{name}: {e}"));
            (info, features.iter().map(|x| x.to_bits()).collect::<Vec<_>>(), features)
        });
        assert!(here.2.iter().all(|x| x.is_finite()) && here.2[0] != here.2[1], "{name}");
        assert_eq!((here.0, here.1), (there.0, there.1), "{name}");
    }
}

#[test]
fn every_kind_of_component_is_found_only_as_what_it_is() {
    for registry in [Registry::with_built_ins(), loaded(&CRATES)] {
        let error = registry
            .sampler("cosface", &json!({}))
            .err()
            .expect("a loss is no sampler");
        assert!(error.message().contains("`cosface` is a loss"), "{error}");
        for entry in registry.entries() {
            let named = |kind: &Kind| registry.find(*kind, &entry.component.name).is_ok();
            assert_eq!(
                Kind::ALL.iter().filter(|kind| named(kind)).count(),
                1,
                "{}",
                entry.component.name
            );
        }
    }
}
