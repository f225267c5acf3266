//! The page: its contents put into the template.

use ficta_core::{Error, ErrorKind, Result};
use minijinja::{Environment, value::Serde};
use serde::Serialize;

use super::{
    arms_table,
    chart::{Chart, dark_rules},
    claims,
    figure_view::{FigureView, figure_view},
    input::{Header, Input, Provenance},
    metrics_table,
    plates::Plate,
    summary::summary,
    table::Table,
};

const TEMPLATE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");

#[derive(Serialize)]
struct PageView<'a> {
    style: String,
    header: &'a Header,
    summary: Option<String>,
    warnings: &'a [String],
    accuracy: Option<Table>,
    points: Option<Table>,
    points_title: String,
    claims: Vec<ClaimView<'a>>,
    claims_legend: &'static str,
    figures: Vec<FigureView>,
    charts: Vec<ChartGroup<'a>>,
    metrics: Option<Table>,
    origins: &'a [Provenance],
    credits: &'a [String],
    resolved_config: &'a str,
    plugins_lock: &'a str,
}

#[derive(Serialize)]
struct ClaimView<'a> {
    title: &'a str,
    expectation: &'a str,
    table: Table,
}

#[derive(Serialize)]
struct ChartView<'a> {
    slug: &'a str,
    svg: &'a str,
    caption: &'a str,
}

/// Charts under one heading.
#[derive(Serialize)]
struct ChartGroup<'a> {
    title: &'static str,
    shown: Vec<ChartView<'a>>,
    /// Those to be unfolded.
    more: Vec<ChartView<'a>>,
}

/// The contents of `index.html`; `svgs` are the charts' pictures, in the same order.
///
/// # Errors
/// When a picture cannot be encoded.
pub(super) fn page(input: &Input, charts: &[Chart], svgs: &[String], plates: &[Plate<'_>]) -> Result<String> {
    let mut env = Environment::new();
    env.add_filter("minus", typographic_minus);
    // The name's ending makes minijinja escape for HTML.
    env.add_template("page.html", TEMPLATE).map_err(|e| failed(&e))?;
    let template = env.get_template("page.html").map_err(|e| failed(&e))?;
    let view = view(input, charts, svgs, plates)?;
    template.render(Serde(&view)).map_err(|e| failed(&e))
}

fn view<'a>(input: &'a Input, charts: &'a [Chart], svgs: &'a [String], plates: &[Plate<'_>]) -> Result<PageView<'a>> {
    let arms = &input.arms;
    let has_arms = !arms.rows.is_empty();
    let (points_title, points) = arms_table::titled_operating_points(arms);
    Ok(PageView {
        style: format!("{STYLE}@media (prefers-color-scheme: dark) {{\n{}}}\n", dark_rules()),
        header: &input.header,
        summary: summary(input),
        warnings: &input.warnings,
        accuracy: has_arms.then(|| arms_table::accuracy(arms)),
        points: (has_arms && !arms.sets.is_empty()).then_some(points),
        points_title,
        claims: input
            .claims
            .iter()
            .map(|claim| ClaimView {
                title: &claim.title,
                expectation: &claim.expectation,
                table: claims::table(claim),
            })
            .collect(),
        claims_legend: claims::LEGEND,
        figures: plates.iter().map(figure_view).collect::<Result<_>>()?,
        charts: groups(charts, svgs),
        metrics: (!input.metrics.is_empty()).then(|| metrics_table::table(&input.metrics)),
        origins: &input.provenance,
        credits: &input.credits,
        resolved_config: &input.resolved_config,
        plugins_lock: &input.plugins_lock,
    })
}

/// Charts by their group, in the order of the groups' first charts.
fn groups<'a>(charts: &'a [Chart], svgs: &'a [String]) -> Vec<ChartGroup<'a>> {
    const SHOWN: usize = 6;
    let mut out: Vec<ChartGroup<'a>> = Vec::new();
    for (chart, svg) in charts.iter().zip(svgs) {
        if out.last().is_none_or(|g| g.title != chart.group) {
            out.push(ChartGroup {
                title: chart.group,
                shown: Vec::new(),
                more: Vec::new(),
            });
        }
        let view = ChartView {
            slug: &chart.slug,
            svg,
            caption: &chart.caption,
        };
        if let Some(group) = out.last_mut() {
            let list = if group.shown.len() < SHOWN {
                &mut group.shown
            } else {
                &mut group.more
            };
            list.push(view);
        }
    }
    out
}

fn failed(cause: &minijinja::Error) -> Error {
    Error::wrap(ErrorKind::OTHER, "the report's page cannot be made", cause)
}

/// The minus sign of typography in place of the hyphen before a digit.
fn typographic_minus(text: String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let starts_number = matches!(before, ' ' | '[' | '(') && chars.peek().is_some_and(char::is_ascii_digit);
        out.push(if c == '-' && starts_number { '\u{2212}' } else { c });
        before = c;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::typographic_minus;

    #[test]
    fn minus_only_before_numbers() {
        assert_eq!(typographic_minus("-1.2 [-3.0, -4]".into()), "−1.2 [−3.0, −4]");
        assert_eq!(typographic_minus("fictional-20".into()), "fictional-20");
        assert_eq!(typographic_minus("–".into()), "–");
    }
}
