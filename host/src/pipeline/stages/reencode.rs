//! reencode/SET: generated images through the encoder; a second selection on their centres; how near each comes to a real person.

use std::path::Path;

use ficta_core::{Ctx, Decision, Error, Kind, Result};
use serde_json::json;

use crate::{
    config::{REAL, RunConfig},
    data::ImageSource,
    pipeline::{
        Place, Stage,
        arm_images::ArmImages,
        candidates::CandidateTable,
        encoding::encode_small,
        generated_set,
        identities::IdentityTable,
        matrix::Matrix,
        place::write_table,
        selection::{self, Selection},
    },
    similarity::{Neighbour, top_k},
    statistics::{self, StatisticsConfig},
    storage::{Table, Tensors},
};

/// Raw features of the images, with their identities as labels.
pub const FEATURES: &str = "features.safetensors";
/// Centre of each identity's unit features and the identities that stay.
pub const CENTERS: &str = "centers.safetensors";

pub fn stage(config: &RunConfig, ids: &str) -> Stage {
    let set = config.ids.get(ids);
    let second = set.and_then(|s| s.second_selector.clone());
    let images = super::generated_sets(config).get(ids).copied().unwrap_or(0);
    let (encoder, ids_name, second_choice) = (config.encoder.clone(), ids.to_owned(), second.clone());
    let settings = config.statistics.clone();
    let work = move |place: &Place<'_>| {
        let real = IdentityTable::read(&place.file("statistics", super::statistics::SMALL))?;
        let faces = faces(place, &ids_name, images)?;
        let identities = faces.len() / images.max(1);
        let mut network = place.registry.encoder(&encoder.plugin, &encoder.params)?;
        let features = encode_small(&mut *network, &faces, place.host)?;
        let labels: Vec<_> = (0..faces.len()).map(|i| faces.label(i)).collect();
        super::encode::write(place, &features, &labels, FEATURES)?;

        let unit = statistics::unit_features(&features.data, features.cols, real.center.as_deref())?;
        let unit = Matrix::new(unit, features.rows, features.cols)?;
        let (mean, variance) = centers(&unit, images, &settings)?;
        let mut table = CandidateTable::empty(identities, unit.cols);
        table.feature = mean.normalised("centre of generated identity")?;
        table.variance = variance;
        if ids_name != REAL {
            let selected =
                CandidateTable::read(&place.file(&super::identities_stage(&ids_name), super::select::SELECTED))?;
            table.parents = selected.parents[..2 * identities].to_vec();
        }
        let decisions = match &second_choice {
            Some(choice) => {
                let mut selector = place.registry.selector(&choice.plugin, &choice.params)?;
                selection::run(&mut *selector, &table, &real, &place.ctx())?
            }
            None => Selection {
                decision: vec![Decision::KEEP; identities],
                blocker: vec![-1; identities],
                cosine: vec![f32::NAN; identities],
                kept: (0..identities).collect(),
            },
        };
        if decisions.kept.is_empty() {
            return Err(Error::data(format!(
                "none of {identities} generated identities survives the second selection"
            ))
            .help(format!(
                "raise the thresholds of [ids.{ids_name}.second_selector.params]"
            )));
        }
        write_table(
            place,
            &audit(&unit, &table, &real, &decisions, images, &place.ctx())?,
            "audit",
        )?;
        let mut kept: Vec<i64> = decisions.kept.iter().map(|k| *k as i64).collect();
        kept.sort_unstable();
        let mut out = Tensors::new();
        out.insert("mean", &[mean.rows, mean.cols], mean.data)?;
        out.insert("variance", &[table.variance.len()], table.variance)?;
        out.insert("kept", &[kept.len()], kept)?;
        out.write(&place.dir.join(CENTERS))
    };
    let mut inputs = vec!["statistics".into(), format!("generate/{ids}")];
    if ids != REAL {
        inputs.push(super::identities_stage(ids));
    }
    let mut stage = Stage::new(
        format!("reencode/{ids}"),
        inputs,
        json!({"images": images, "statistics": config.statistics}),
        Box::new(work),
    )
    .with(Kind::ENCODER, &config.encoder);
    if let Some(second) = &second {
        stage = stage.with(Kind::SELECTOR, second);
    }
    stage
}

/// All `images` images of each identity of a generated set, which are read as they are needed; labels are identities.
///
/// # Errors
/// Reading failed.
pub fn faces(place: &Place<'_>, ids: &str, images: usize) -> Result<ArmImages> {
    let generate = format!("generate/{ids}");
    let conditions = Tensors::read(&place.file(&generate, generated_set::CONDITIONS))?;
    let identities = conditions.get::<i64, 1>("row")?.0.len();
    super::generate::open(&place.input(&generate), identities, images)
}

/// Mean and total variance of each identity's `images` consecutive unit features, estimated as those of real identities are, so that a
/// selection may compare the two. Variances are NaN where identities have one image.
fn centers(unit: &Matrix, images: usize, settings: &StatisticsConfig) -> Result<(Matrix, Vec<f32>)> {
    let identities = unit.rows / images.max(1);
    let identity: Vec<usize> = (0..unit.rows).map(|row| row / images.max(1)).collect();
    let of = statistics::spread(&unit.data, unit.cols, &identity, identities, settings)?;
    Ok((Matrix::new(of.mean, identities, unit.cols)?, of.variance))
}

/// The real identity with the largest cosine to each unit feature (ties: the first).
fn nearest(features: &Matrix, real: &Matrix, (ctx, what): (&Ctx<'_>, &str)) -> Result<Vec<Neighbour>> {
    let counted = |done: usize| ctx.progress(done as u64, features.rows as u64, what);
    let found = top_k(features, real, 1, |_, _| false, counted)?;
    let one = |of: Vec<Neighbour>| of.into_iter().next();
    found
        .into_iter()
        .map(one)
        .collect::<Option<_>>()
        .ok_or_else(|| Error::data("there are no real identities"))
}

/// One row an identity: nearest real centre to its centre, and to the nearest of its images; the second selection's decision.
fn audit(
    unit: &Matrix,
    table: &CandidateTable,
    real: &IdentityTable,
    decisions: &Selection,
    images: usize,
    ctx: &Ctx<'_>,
) -> Result<Table> {
    let centers = real.mean.normalised("mean of identity")?;
    let by_center = nearest(&table.feature, &centers, (ctx, "identities against real ones"))?;
    let of_images = nearest(unit, &centers, (ctx, "images against real identities"))?;
    let nearer = |a: Neighbour, b: &Neighbour| if b.cosine > a.cosine { *b } else { a };
    let by_image: Vec<Neighbour> = of_images
        .chunks_exact(images.max(1))
        .map(|of| of[1..].iter().fold(of[0], nearer))
        .collect();
    let rows = |of: &[Neighbour]| of.iter().map(|n| n.row as i64).collect::<Vec<_>>();
    let cosines = |of: &[Neighbour]| of.iter().map(|n| n.cosine).collect::<Vec<_>>();
    Table::new()
        .with("identity", (0..table.len() as i64).collect::<Vec<_>>())?
        .with("nearest_real", rows(&by_center))?
        .with("cosine", cosines(&by_center))?
        .with("nearest_real_of_images", rows(&by_image))?
        .with("cosine_of_images", cosines(&by_image))?
        .with("variance", table.variance.clone())?
        .with(
            "decision",
            decisions
                .decision
                .iter()
                .map(|d| d.name().to_owned())
                .collect::<Vec<_>>(),
        )?
        .with("blocker", decisions.blocker.clone())?
        .with("blocker_cosine", decisions.cosine.clone())
}

/// Unit centre of each identity of a set.
///
/// # Errors
/// Reading failed; a centre without direction.
pub fn unit_centers(place: &Place<'_>, ids: &str) -> Result<Matrix> {
    let tensors = Tensors::read(&place.file(&format!("reencode/{ids}"), CENTERS))?;
    let (mean, [rows, cols]) = tensors.get::<f32, 2>("mean")?;
    Matrix::new(mean.to_vec(), rows, cols)?.normalised("centre of generated identity")
}

/// The identities of a set that stay, ascending.
///
/// # Errors
/// Reading failed.
pub fn kept(place: &Place<'_>, ids: &str) -> Result<Vec<usize>> {
    read_kept(&place.file(&format!("reencode/{ids}"), CENTERS))
}

fn read_kept(path: &Path) -> Result<Vec<usize>> {
    let tensors = Tensors::read(path)?;
    let kept = tensors.get::<i64, 1>("kept")?.0;
    kept.iter()
        .map(|k| usize::try_from(*k).map_err(|_| Error::data(format!("{}: identity {k}", path.display()))))
        .collect()
}

#[cfg(test)]
mod tests;
