//! Where the distances come from: a network, or features given.

use std::path::Path;

use ficta_core::{Error, Kind, Result};

use super::EvaluateArgs;
use crate::{
    cli::{component_params, plugin_folders::registry},
    evaluation::{Features, Network, Protocol, VerificationSet, embed},
    pipeline::{face_training::SetSize, matrix::Matrix},
    run_host::RunHost,
    storage::{Tensor, Tensors},
};

/// What gives distances.
pub(super) enum Source {
    Network {
        network: Box<Network<'static>>,
        name: String,
        description: String,
    },
    Given {
        features: Vec<Features>,
        name: String,
        description: String,
    },
}

/// Distances of a set's pairs.
pub(super) struct OfSet {
    pub distances: Vec<f64>,
    /// Images that were scaled to the network's size.
    pub scaled: usize,
    /// The features, two rows a pair, where a network made them.
    pub features: Option<Tensors>,
}

impl Source {
    pub(super) fn new(args: &EvaluateArgs, sets: &[VerificationSet], host: &RunHost) -> Result<Self> {
        if !args.features.is_empty() {
            return Self::given(args, sets);
        }
        let registry = registry(&args.plugins)?;
        let params = component_params::parse(&args.params, "--param")?;
        let shown = |what: &str| {
            if args.params.is_empty() {
                what.to_owned()
            } else {
                format!("{what} {params}")
            }
        };
        if let Some(name) = &args.encoder {
            registry.check(Kind::ENCODER, name, &params)?;
            let encoder = registry.encoder(name, &params)?;
            return Ok(Self::Network {
                name: name.clone(),
                description: encoder.info().description.to_string(),
                network: Box::new(Network::Encoder(encoder)),
            });
        }
        let (Some(name), Some(weights)) = (&args.backbone, &args.weights) else {
            return Err(Error::config(
                "--encoder, --backbone with --weights, or --features is needed",
            ));
        };
        registry.check(Kind::BACKBONE, name, &params)?;
        let mut backbone = registry.backbone(name, &params)?;
        backbone
            .load(weights, &host.ctx())
            .map_err(|e| e.context(format!("--weights {}", weights.display())))?;
        Ok(Self::Network {
            name: weights
                .file_stem()
                .map_or_else(|| name.clone(), |stem| stem.to_string_lossy().into_owned()),
            description: format!("{}, weights {}", shown(name), weights.display()),
            network: Box::new(Network::Backbone(backbone)),
        })
    }

    fn given(args: &EvaluateArgs, sets: &[VerificationSet]) -> Result<Self> {
        let mut features = Vec::new();
        for (path, set) in args.features.iter().zip(sets) {
            let read = Features::read(path)?;
            if read.rows() != 2 * set.pairs.len() {
                return Err(Error::data(format!(
                    "{}: {} features for {} pairs of {}, expected {}",
                    path.display(),
                    read.rows(),
                    set.pairs.len(),
                    set.name,
                    2 * set.pairs.len()
                ))
                .help("rows 2k and 2k+1 are the images of pair k"));
            }
            features.push(read);
        }
        let files: Vec<_> = args.features.iter().map(|p| p.display().to_string()).collect();
        let stem = args.features[0]
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        Ok(Self::Given {
            features,
            name: stem,
            description: format!("features {}", files.join(", ")),
        })
    }

    pub(super) fn name(&self) -> String {
        match self {
            Self::Network { name, .. } | Self::Given { name, .. } => name.clone(),
        }
    }

    pub(super) fn description(&self) -> String {
        match self {
            Self::Network { description, .. } | Self::Given { description, .. } => description.clone(),
        }
    }

    /// What is known of the weights that figures must say: those that an evaluation chose.
    pub(super) fn cautions(&self, args: &EvaluateArgs) -> Vec<String> {
        // An encoder's weights are one of its parameters, under a name of its own.
        let params = component_params::parse(&args.params, "--param").unwrap_or_default();
        let texts = params.as_object().into_iter().flat_map(|all| all.values());
        let named = texts.filter_map(|value| value.as_str()).map(Path::new);
        named
            .chain(args.weights.as_deref())
            .filter(|file| file.is_file())
            .filter_map(|file| SetSize::beside(file)?.selected)
            .map(|selected| selected.caution())
            .collect()
    }

    /// Distances of the pairs of set number `at`.
    pub(super) fn distances(
        &mut self,
        at: usize,
        set: &VerificationSet,
        protocol: Protocol,
        host: &RunHost,
    ) -> Result<OfSet> {
        match self {
            Self::Given { features, .. } => {
                let rows: Vec<[usize; 2]> = (0..set.pairs.len()).map(|k| [2 * k, 2 * k + 1]).collect();
                Ok(OfSet {
                    distances: features[at].distances(&rows, protocol)?,
                    scaled: 0,
                    features: None,
                })
            }
            Self::Network {
                network, description, ..
            } => {
                let embedded = embed(network, &*set.images, host)?;
                let rows: Vec<usize> = set.pairs.iter().flatten().copied().collect();
                let mut tensors = Tensors::new();
                tensors.metadata.insert("network".into(), description.clone());
                for (name, matrix) in [("feature", &embedded.image), ("feature_flip", &embedded.mirrored)] {
                    let chosen = matrix.select(&rows);
                    tensors.insert(name, &[chosen.rows, chosen.cols], chosen.data)?;
                }
                let tensor = |m: Matrix| Tensor::new(&[m.rows, m.cols], m.data);
                let features = Features::new(
                    std::path::Path::new(&set.name),
                    tensor(embedded.image)?,
                    Some(tensor(embedded.mirrored)?),
                )?;
                Ok(OfSet {
                    distances: features.distances(&set.pairs, protocol)?,
                    scaled: embedded.scaled,
                    features: Some(tensors),
                })
            }
        }
    }
}
