//! Everything that a report consists of.

use std::collections::BTreeMap;

use ficta_core::Result;

use super::{
    chart::{Chart, render},
    csv,
    input::Input,
    json, markdown, page, panels, plates,
};

/// All files of the report: path inside its folder, with `/`, and contents. The same for the same input, byte for byte.
///
/// # Errors
/// When a picture or chart cannot be encoded; never for values that are missing or not finite.
pub fn files(input: &Input) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut out = BTreeMap::new();
    let mut charts = Vec::new();
    for chart in panels::all(input) {
        let rendered = render(&chart)?;
        out.insert(format!("charts/{}.svg", chart.slug), rendered.svg.into_bytes());
        out.insert(format!("charts/{}.png", chart.slug), rendered.png);
        charts.push((chart, rendered.inline_svg));
    }
    let plates = plates::all(input);
    for plate in &plates {
        out.insert(format!("figures/{}.png", plate.slug), plates::sheet(plate)?);
    }
    out.insert("index.html".into(), page::page(input, &charts, &plates)?.into_bytes());
    out.insert("report.json".into(), json::document(input)?);
    out.insert("arms.md".into(), markdown::arms(&input.arms).into_bytes());
    let tables: [(&str, fn(&Input) -> String, bool); 8] = [
        ("arms.csv", csv::arms, true),
        ("claims.csv", csv::claims, !input.claims.is_empty()),
        ("metrics.csv", csv::metrics, true),
        ("roc.csv", csv::roc, !input.charts.roc.is_empty()),
        ("training.csv", csv::training, !input.charts.training.is_empty()),
        ("nms_yield.csv", csv::nms_yield, !input.charts.nms_yield.is_empty()),
        (
            "variance_yield.csv",
            csv::variance_yield,
            !input.charts.variance_yield.is_empty(),
        ),
        (
            "similarities.csv",
            csv::similarities,
            !input.charts.similarities.is_empty(),
        ),
    ];
    for (name, contents, wanted) in tables {
        if wanted {
            out.insert(name.to_owned(), contents(input).into_bytes());
        }
    }
    Ok(out)
}

/// A chart and its SVG for the page.
pub(super) type Drawn = (Chart, String);
