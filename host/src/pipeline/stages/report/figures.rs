//! Figures 1 to 4 and the contact sheet.

use ficta_core::Result;

use super::{super as stages, People};
use crate::{
    config::{REAL, RunConfig},
    pipeline::{Place, candidates::CandidateTable, identities::IdentityTable, images::Images, matrix::Matrix},
    report::input::{
        Between, ContactRow, Decision, Figures, Interpolated, Picture, RealAndGenerated, RealId, VariancePair,
    },
    storage::{Table, json as json_file},
};

/// Rows of figure 4 and of the contact sheet.
const ROWS: usize = 10;
/// Photographs and generated images in a row of figure 4; generated images in a row of the contact sheet.
const COLUMNS: (usize, usize, usize) = (4, 8, 12);

pub fn figures(config: &RunConfig, place: &Place<'_>, people: &People) -> Result<Figures> {
    let photographs = Images::read(&place.file("data", "learn.safetensors"), "small")?;
    let mut out = Figures::default();
    if place.input("figures").exists()
        && let Some((with, without)) = config.figures.sets(&config.ids)
    {
        candidates(place, people, &photographs, &with, without.as_deref(), &mut out)?;
    }
    if place.input("generate/real").exists() {
        let images = stages::generated_sets(config)
            .get(REAL)
            .copied()
            .unwrap_or(0)
            .min(COLUMNS.1);
        let rows = ROWS.min(people.learn.len());
        let made = stages::generate::read(&place.input("generate/real"), rows, images)?;
        for (i, name) in people.learn.iter().take(rows).enumerate() {
            out.real_and_generated.push(RealAndGenerated {
                name: name.clone(),
                real: of_label(&photographs, i as i64, COLUMNS.0)?,
                generated: of_label(&made, i as i64, images)?,
            });
        }
    }
    if let Some((with, _)) = config.figures.sets(&config.ids)
        && let Some(images) = stages::generated_sets(config).get(&with)
    {
        let kept = stages::reencode::kept(place, &with)?;
        let selected = CandidateTable::read(&place.file(&stages::identities_stage(&with), stages::select::SELECTED))?;
        let shown: Vec<_> = kept.into_iter().take(ROWS).collect();
        let last = shown.iter().max().map_or(0, |k| k + 1);
        let images = COLUMNS.2.min(*images);
        let made = stages::generate::read(&place.input(&format!("generate/{with}")), last, images)?;
        for i in shown {
            let parents = selected
                .parents_of(i)
                .map(|(a, b)| (people.learn[a].clone(), people.learn[b].clone()));
            out.contact.push(ContactRow {
                name: format!("F{i}"),
                parents,
                pictures: of_label(&made, i as i64, images)?,
            });
        }
    }
    Ok(out)
}

fn picture(images: &Images, i: usize) -> Result<Picture> {
    Picture::rgb(images.width as u32, images.height as u32, images.one(i).to_vec())
}

fn of_label(images: &Images, label: i64, most: usize) -> Result<Vec<Picture>> {
    (0..images.len())
        .filter(|i| images.labels[*i] == label)
        .take(most)
        .map(|i| picture(images, i))
        .collect()
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    crate::metrics::cosine(a, b)
}

fn candidates(
    place: &Place<'_>,
    people: &People,
    photographs: &Images,
    with: &str,
    without: Option<&str>,
    out: &mut Figures,
) -> Result<()> {
    let read = |ids: &str| CandidateTable::read(&place.file(&format!("propose/{ids}"), stages::propose::CANDIDATES));
    let table = read(with)?;
    let baseline = without.map(read).transpose()?;
    let real = IdentityTable::read(&place.file("statistics", stages::statistics::FULL))?;
    let centers = real.mean.normalised("mean of identity")?;
    let shown: stages::figures::Shown = json_file::read(&place.file("figures", stages::figures::SHOWN))?;
    let images = Images::read(&place.file("figures", stages::figures::IMAGES), "images")?;
    let each = stages::figures::EACH;
    let mut next = 0;
    let mut take = || -> Result<Vec<Picture>> {
        let pictures = (next..next + each).map(|i| picture(&images, i)).collect();
        next += each;
        pictures
    };
    let person = |i: usize| -> Result<RealId> {
        Ok(RealId {
            name: people.learn[i].clone(),
            variance: f64::from(real.variance[i]),
            pictures: of_label(photographs, i as i64, 2)?,
        })
    };
    for (i, twin) in &shown.variance {
        let (Some(baseline), Some((a, b))) = (&baseline, table.parents_of(*i)) else {
            continue;
        };
        let place_of = |t: &CandidateTable, row: usize, pictures| Interpolated {
            t: f64::from(t.t[row]),
            cosine_first: dot(t.feature.row(row), centers.row(a)),
            cosine_second: dot(t.feature.row(row), centers.row(b)),
            pictures,
        };
        let with = place_of(&table, *i, take()?);
        let without = place_of(baseline, *twin, take()?);
        out.variance.push(VariancePair {
            first: person(a)?,
            second: person(b)?,
            without,
            with,
        });
    }
    let audit = Table::read_parquet(&place.file(&format!("select/{with}"), "audit.parquet"))?;
    let (decision, blocker) = (audit.texts("decision")?, audit.i64s("blocker")?);
    let cosine = audit.f32s("cosine")?;
    for (list, rows) in [
        (&mut out.discarded, &shown.discarded),
        (&mut out.selected, &shown.selected),
    ] {
        for &i in rows {
            let at = f64::from(cosine[i]);
            let parents = table.parents_of(i);
            list.push(Between {
                name: format!("candidate {i}"),
                left: parents.map(|(a, _)| person(a)).transpose()?,
                right: parents.map(|(_, b)| person(b)).transpose()?,
                t: f64::from(table.t[i]),
                variance: f64::from(table.variance[i]),
                decision: match decision[i].as_str() {
                    "real" => Decision::Real {
                        blocker: name_of(people, blocker[i]),
                        cosine: at,
                    },
                    "selected" => Decision::AlreadySelected {
                        blocker: format!("candidate {}", blocker[i]),
                        cosine: at,
                    },
                    "parent-cap" => Decision::ParentCap,
                    "target-reached" => Decision::TargetReached,
                    _ => Decision::Selected {
                        nearest_real: nearest(table.feature.row(i), &centers),
                    },
                },
                pictures: take()?,
            });
        }
    }
    Ok(())
}

fn name_of(people: &People, row: i64) -> String {
    usize::try_from(row)
        .ok()
        .and_then(|i| people.learn.get(i).cloned())
        .unwrap_or_else(|| row.to_string())
}

fn nearest(feature: &[f32], centers: &Matrix) -> f64 {
    (0..centers.rows)
        .map(|i| dot(feature, centers.row(i)))
        .fold(f64::NAN, f64::max)
}
