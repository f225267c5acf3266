//! Time over the number of candidates, a panel for each share that is kept.

use std::{error::Error, path::Path};

use plotters::prelude::{
    BLACK, ChartBuilder, Circle, IntoDrawingArea, IntoFont, IntoLogRange, LineSeries, RGBColor, SVGBackend,
    SeriesLabelPosition, WHITE,
};

use crate::{SHARES, table::Row};

const COLOURS: [(&str, RGBColor); 5] = [
    ("ficta, with parents", RGBColor(0, 90, 181)),
    ("ficta, features alone", RGBColor(86, 170, 230)),
    ("numpy", RGBColor(220, 120, 0)),
    ("torch", RGBColor(190, 40, 60)),
    ("faiss", RGBColor(110, 110, 110)),
];

/// Draws what finished to an SVG file.
pub fn draw(path: &Path, rows: &[Row]) -> Result<(), Box<dyn Error>> {
    plotters::style::register_font(
        "sans-serif",
        plotters::style::FontStyle::Normal,
        epaint_default_fonts::UBUNTU_LIGHT,
    )
    .map_err(|_| "the font that is compiled in cannot be read")?;
    let area = SVGBackend::new(path, (1080, 400)).into_drawing_area();
    area.fill(&WHITE)?;
    let seconds: Vec<f64> = rows.iter().filter(|row| row.whole()).map(|row| row.seconds).collect();
    let (least, most) = seconds
        .iter()
        .fold((f64::MAX, 0f64), |(a, b), s| (a.min(*s), b.max(*s)));
    let counts = || rows.iter().map(|row| row.count as f64);
    let (first, last) = (counts().fold(f64::MAX, f64::min), counts().fold(0.0, f64::max));
    for (share, panel) in SHARES.iter().zip(area.split_evenly((1, SHARES.len()))) {
        let mut chart = ChartBuilder::on(&panel)
            .caption(
                format!("about {:.0}% kept", share * 100.0),
                ("sans-serif", 18).into_font(),
            )
            .margin(10)
            .x_label_area_size(40)
            .y_label_area_size(55)
            .build_cartesian_2d(
                (first / 1.5..last * 1.5).log_scale(),
                (least / 2.0..most * 2.0).log_scale(),
            )?;
        chart
            .configure_mesh()
            .x_desc("candidates")
            .y_desc("seconds")
            .x_label_formatter(&|x| format!("{x:.0}"))
            .y_label_formatter(&|y| format!("{y}"))
            .draw()?;
        for (method, colour) in COLOURS {
            let near = |row: &&Row| row.whole() && row.method == method && nearest(row.kept_share()) == *share;
            let points: Vec<_> = rows
                .iter()
                .filter(near)
                .map(|row| (row.count as f64, row.seconds))
                .collect();
            chart.draw_series(points.iter().map(|p| Circle::new(*p, 3, colour)))?;
            chart
                .draw_series(LineSeries::new(points, colour))?
                .label(method)
                .legend(move |(x, y)| Circle::new((x + 8, y), 4, colour));
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperLeft)
            .border_style(BLACK)
            .background_style(WHITE)
            .draw()?;
    }
    area.present()?;
    Ok(())
}

/// Which of [`SHARES`] a share stands for.
fn nearest(share: f64) -> f64 {
    let off = |a: &f64| (a.ln() - share.ln()).abs();
    SHARES
        .into_iter()
        .min_by(|a, b| off(a).total_cmp(&off(b)))
        .expect("shares")
}
