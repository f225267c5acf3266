//! Everything that a report consists of.

use std::collections::BTreeMap;

use ficta_core::Result;

use super::{
    chart::{Chart, render_png, render_svg},
    csv,
    input::Input,
    json, markdown, page, panels,
    plates::{self, Plate},
};

/// Writes one table of the input as CSV.
type Csv = fn(&Input) -> String;

/// Path inside the report's folder, with `/`, and contents.
type Files = BTreeMap<String, Vec<u8>>;

/// All files of the report: path inside its folder, with `/`, and contents. The same for the same input, byte for byte.
///
/// # Errors
/// When a picture or chart cannot be encoded; never for values that are missing or not finite.
pub fn files(input: &Input) -> Result<BTreeMap<String, Vec<u8>>> {
    let (charts, plates) = (panels::all(input), plates::all(input));
    let mut out = texts(input, &charts, &plates)?;
    for chart in &charts {
        out.insert(format!("charts/{}.png", chart.slug), render_png(chart)?);
    }
    for plate in &plates {
        out.insert(format!("figures/{}.png", plate.slug), plates::sheet(plate)?);
    }
    Ok(out)
}

/// The files that are text.
pub(super) fn texts(input: &Input, charts: &[Chart], plates: &[Plate<'_>]) -> Result<Files> {
    let mut out = Files::new();
    let mut inline = Vec::new();
    for chart in charts {
        let svg = render_svg(chart)?;
        out.insert(format!("charts/{}.svg", chart.slug), svg.file.into_bytes());
        inline.push(svg.inline);
    }
    out.insert(
        "index.html".into(),
        page::page(input, charts, &inline, plates)?.into_bytes(),
    );
    out.insert("report.json".into(), json::document(input)?);
    out.insert("arms.md".into(), markdown::arms(&input.arms).into_bytes());
    let tables: [(&str, Csv, bool); 8] = [
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
