//! report: the page, its figures and its tables.

mod charts;
mod figures;
mod metrics;
mod sets;
mod table;

use ficta_core::{Error, Result};
use serde_json::json;

use crate::{
    config::RunConfig,
    pipeline::{Place, Stage},
    report::{self, input::Header, input::Input},
    storage::{atomic, json as json_file},
};

pub fn stage(config: &RunConfig, before: Vec<String>) -> Stage {
    let owned = config.clone();
    let work = move |place: &Place<'_>| {
        let people: People = json_file::read(&place.file("data", super::data::PEOPLE))?;
        let mut input = Input {
            header: header(&owned, place, &people)?,
            arms: table::arms(&owned, place, &people)?,
            claims: table::claims(&owned, place)?,
            figures: figures::figures(&owned, place, &people)?,
            charts: charts::charts(&owned, place)?,
            metrics: metrics::metrics(place)?,
            provenance: report::provenance(),
            credits: owned.run.credits.values().cloned().collect(),
            warnings: Vec::new(),
            resolved_config: toml::to_string_pretty(&portable(&owned))
                .map_err(|e| Error::config(format!("the resolved config: {e}")))?,
            plugins_lock: serde_json::to_string_pretty(place.plugins_lock)
                .map_err(|e| Error::data(format!("plugins.lock: {e}")))?,
        };
        input.warnings = warnings(&input, super::compare::read(place)?.untrained.average.mean);
        for (name, bytes) in report::files(&input)? {
            atomic::write_bytes(&place.dir.join(name), &bytes)?;
        }
        if let Some(sets) = sets::sets(&owned, place)? {
            sets.write_csv(&place.dir.join("sets.csv"))?;
        }
        atomic::write_bytes(&place.dir.join("table.txt"), report::text_table(&input).as_bytes())
    };
    let params = json!({"config": portable(config)});
    Stage::new("report", before, params, Box::new(work))
}

/// The metrics of the sets, as the report's table has them.
pub(super) fn metrics_of(all: &super::metrics::AllMetrics) -> Vec<report::input::Metric> {
    metrics::of(all, 0)
}

/// The config without what belongs to the machine and not to the run.
fn portable(config: &RunConfig) -> RunConfig {
    let mut config = config.clone();
    config.run.out = None;
    config
}

/// Names of the people, by label.
#[derive(serde::Deserialize, serde::Serialize)]
pub struct People {
    /// Those that everything learns from.
    pub learn: Vec<String>,
    /// Those that are verified.
    pub held_out: Vec<String>,
    /// Images of the first.
    pub learn_images: usize,
    /// Images of the second.
    pub held_out_images: usize,
}

fn header(config: &RunConfig, place: &Place<'_>, people: &People) -> Result<Header> {
    let statistics: serde_json::Value = json_file::read(&place.file("statistics", "statistics.json"))?;
    let centring = &statistics[super::statistics::FULL]["centring"];
    let number = |key: &str| centring[key].as_f64().unwrap_or(f64::NAN);
    let cone = if centring["applied"] == true {
        format!(
            "{:.2} before centring, {:.2} after",
            number("impostor_before"),
            number("impostor_after")
        )
    } else {
        format!("{:.2}; not centred", number("impostor_before"))
    };
    let facts = [
        (
            "to learn from",
            format!("{} people, {} images", people.learn.len(), people.learn_images),
        ),
        (
            "held out",
            format!("{} people, {} images", people.held_out.len(), people.held_out_images),
        ),
        ("image size", format!("{0} x {0} px", config.data.size)),
        ("encoder", super::encode::description(place, "encode")?),
        ("mean impostor cosine", cone),
        ("threads", config.run.threads.to_string()),
    ];
    Ok(Header {
        run: config.run.name.clone(),
        seed: config.run.seed,
        version: env!("CARGO_PKG_VERSION").into(),
        facts: facts.map(|(k, v)| (k.to_owned(), v)).to_vec(),
    })
}

/// Arms that have learnt nothing: `floor` is the accuracy of the untrained backbone.
fn warnings(input: &Input, floor: f64) -> Vec<String> {
    let failed = |arm: &&report::input::Arm| arm.average.mean.is_nan() || arm.average.mean <= floor;
    let warning = |arm: &report::input::Arm| {
        let accuracy = match arm.average.mean {
            mean if mean.is_nan() => "has no accuracy".to_owned(),
            mean => format!("verifies at {:.1}%", 100.0 * mean),
        };
        format!(
            "arm `{}` {accuracy}, no better than the untrained backbone ({:.1}%): its training has failed or its set teaches nothing",
            arm.name,
            100.0 * floor
        )
    };
    input.arms.rows.iter().filter(failed).map(warning).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::input::{Arm, Authenticity, Estimate};

    fn arm(name: &str, accuracy: f64) -> Arm {
        Arm {
            name: name.into(),
            authenticity: Authenticity::Fictional,
            ids: 4,
            images_per_id: 3.0,
            optimizer_steps: 8,
            seeds: vec![0],
            sets: Vec::new(),
            average: Estimate::value(accuracy),
            difference_interval: None,
            selected: Vec::new(),
        }
    }

    #[test]
    fn arms_that_learnt_nothing_are_warned_of_and_no_others() {
        let mut input = Input::default();
        input.arms.rows = vec![
            arm("above", 0.7876),
            arm("equal", 0.7875),
            arm("below", 0.5),
            arm("failed", f64::NAN),
        ];
        let said = warnings(&input, 0.7875);
        assert_eq!(said.len(), 3, "{said:?}");
        for (line, parts) in said
            .iter()
            .zip([["`equal`", "78.8%"], ["`below`", "50.0%"], ["`failed`", "no accuracy"]])
        {
            assert!(parts.iter().all(|part| line.contains(part)), "{line}");
            assert!(line.contains("untrained backbone (78.8%)"), "{line}");
        }
        assert_eq!(warnings(&Input::default(), 0.5), [""; 0]);
    }
}
