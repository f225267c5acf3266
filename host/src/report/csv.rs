//! The numbers as CSV (RFC 4180): raw fractions, empty where not known.

use super::{
    claims::Verdict,
    gap::to_reference,
    histogram::Histogram,
    input::{Arm, Authenticity, Better, Input, SetResult, Unit},
    number::{ends, raw},
};

/// A CSV file in the making.
pub(super) struct Csv(String);

impl Csv {
    pub(super) fn new(head: &[&str]) -> Self {
        let mut csv = Self(String::new());
        csv.row(head.iter().map(|h| (*h).to_owned()).collect());
        csv
    }

    pub(super) fn row(&mut self, cells: Vec<String>) {
        for (at, cell) in cells.iter().enumerate() {
            if at > 0 {
                self.0.push(',');
            }
            if cell.contains([',', '"', '\n', '\r']) {
                self.0.push('"');
                self.0.push_str(&cell.replace('"', "\"\""));
                self.0.push('"');
            } else {
                self.0.push_str(cell);
            }
        }
        self.0.push('\n');
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }
}

fn optional<T: ToString>(of: Option<T>) -> String {
    of.map(|x| x.to_string()).unwrap_or_default()
}

fn optional_raw(of: Option<f64>) -> String {
    of.map(raw).unwrap_or_default()
}

fn both(of: Option<(f64, f64)>) -> [String; 2] {
    let (low, high) = of.unwrap_or((f64::NAN, f64::NAN));
    [raw(low), raw(high)]
}

/// `arms.csv`: one row for each arm and verification set, and one with set "Avg" for the mean over them.
pub(super) fn arms(input: &Input) -> String {
    let arms = &input.arms;
    let mut head: Vec<String> = [
        "arm",
        "authenticity",
        "ids",
        "images_per_id",
        "optimizer_steps",
        "seeds",
        "set",
        "accuracy",
        "accuracy_lower",
        "accuracy_upper",
        "eer",
        "eer_lower",
        "eer_upper",
    ]
    .map(str::to_owned)
    .to_vec();
    for &far in &arms.far {
        let name = format!("tar_at_far_{}", raw(far));
        head.extend([name.clone(), format!("{name}_lower"), format!("{name}_upper")]);
    }
    head.extend(["gap_percent", "difference", "difference_lower", "difference_upper"].map(str::to_owned));
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    let mut csv = Csv::new(&head);
    for arm in &arms.rows {
        for (set, result) in arms.sets.iter().zip(&arm.sets) {
            let mut row = arm_cells(arm, set);
            row.extend(result_cells(result, arms.far.len()));
            row.extend(std::iter::repeat_n(String::new(), 4));
            csv.row(row);
        }
        let mut row = arm_cells(arm, "Avg");
        let (low, high) = ends(&arm.average);
        row.extend([raw(arm.average.mean), raw(low), raw(high)]);
        row.extend(std::iter::repeat_n(String::new(), 3 + 3 * arms.far.len()));
        let (gap, difference) = to_reference(arms, arm);
        row.extend([raw(gap), raw(difference)]);
        row.extend(both(arm.difference_interval));
        csv.row(row);
    }
    csv.0
}

fn arm_cells(arm: &Arm, set: &str) -> Vec<String> {
    let seeds: Vec<String> = arm.seeds.iter().map(u64::to_string).collect();
    vec![
        arm.name.clone(),
        kind(arm.authenticity).to_owned(),
        arm.ids.to_string(),
        raw(arm.images_per_id),
        arm.optimizer_steps.to_string(),
        seeds.join(" "),
        set.to_owned(),
    ]
}

fn result_cells(result: &SetResult, rates: usize) -> Vec<String> {
    let mut out = Vec::new();
    for estimate in [&result.accuracy, &result.eer] {
        let (low, high) = ends(estimate);
        out.extend([raw(estimate.mean), raw(low), raw(high)]);
    }
    for f in 0..rates {
        match result.tar.get(f) {
            Some(tar) => {
                let (low, high) = ends(tar);
                out.extend([raw(tar.mean), raw(low), raw(high)]);
            }
            None => out.extend(std::iter::repeat_n(String::new(), 3)),
        }
    }
    out
}

/// As in report.json.
fn kind(of: Authenticity) -> &'static str {
    match of {
        Authenticity::Real => "real",
        Authenticity::SyntheticReal => "synthetic-real",
        Authenticity::Fictional => "fictional",
        Authenticity::Mixed => "mixed",
    }
}

fn unit(of: Unit) -> &'static str {
    match of {
        Unit::Percent => "fraction",
        Unit::Plain => "plain",
        Unit::Count => "count",
    }
}

fn better(of: Better) -> &'static str {
    match of {
        Better::Higher => "higher",
        Better::Lower => "lower",
        Better::Neither => "neither",
    }
}

/// `claims.csv`: one row a comparison.
pub(super) fn claims(input: &Input) -> String {
    let mut csv = Csv::new(&[
        "claim",
        "measure",
        "unit",
        "better",
        "first",
        "first_value",
        "second",
        "second_value",
        "difference",
        "difference_lower",
        "difference_upper",
        "reading",
    ]);
    for claim in &input.claims {
        for c in &claim.comparisons {
            let [low, high] = both(c.interval);
            csv.row(vec![
                claim.title.clone(),
                c.measure.clone(),
                unit(c.unit).to_owned(),
                better(c.better).to_owned(),
                c.first.0.clone(),
                raw(c.first.1),
                c.second.0.clone(),
                raw(c.second.1),
                raw(c.difference),
                low,
                high,
                Verdict::of(c).words(c),
            ]);
        }
    }
    csv.0
}

/// `metrics.csv`: one row a metric.
pub(super) fn metrics(input: &Input) -> String {
    let mut csv = Csv::new(&[
        "set",
        "metric",
        "value",
        "lower",
        "upper",
        "unit",
        "better",
        "threshold",
        "convention",
        "evaluator",
        "seed",
    ]);
    for m in &input.metrics {
        let [low, high] = both(m.interval);
        csv.row(vec![
            m.set.clone(),
            m.name.clone(),
            raw(m.value),
            low,
            high,
            unit(m.unit).to_owned(),
            better(m.better).to_owned(),
            optional_raw(m.threshold),
            m.convention.clone(),
            m.evaluator.clone(),
            optional(m.seed),
        ]);
    }
    csv.0
}

/// `roc.csv`: one row a point.
pub(super) fn roc(input: &Input) -> String {
    let mut csv = Csv::new(&["set", "arm", "far", "tar"]);
    for curve in &input.charts.roc {
        for &(far, tar) in &curve.points {
            csv.row(vec![curve.set.clone(), curve.arm.clone(), raw(far), raw(tar)]);
        }
    }
    csv.0
}

/// `training.csv`: one row a step.
pub(super) fn training(input: &Input) -> String {
    let mut csv = Csv::new(&["chart", "series", "seed", "step", "loss"]);
    for curve in &input.charts.training {
        for &(step, loss) in &curve.points {
            csv.row(vec![
                curve.chart.clone(),
                curve.series.clone(),
                optional(curve.seed),
                step.to_string(),
                raw(loss),
            ]);
        }
    }
    csv.0
}

/// `nms_yield.csv`: one row a threshold.
pub(super) fn nms_yield(input: &Input) -> String {
    let mut csv = Csv::new(&["curve", "candidates", "threshold", "survivors", "used_threshold"]);
    for curve in &input.charts.nms_yield {
        for &(threshold, survivors) in &curve.points {
            csv.row(vec![
                curve.name.clone(),
                curve.candidates.to_string(),
                raw(threshold),
                survivors.to_string(),
                optional_raw(curve.used),
            ]);
        }
    }
    csv.0
}

/// `variance_yield.csv`: one row a bin of predicted variance.
pub(super) fn variance_yield(input: &Input) -> String {
    let mut csv = Csv::new(&["lower", "upper", "candidates", "kept"]);
    for bin in &input.charts.variance_yield {
        csv.row(vec![
            raw(bin.lower),
            raw(bin.upper),
            bin.candidates.to_string(),
            bin.kept.to_string(),
        ]);
    }
    csv.0
}

/// `similarities.csv`: one row a bin.
pub(super) fn similarities(input: &Input) -> String {
    let mut csv = Csv::new(&["chart", "series", "lower", "upper", "count"]);
    for chart in &input.charts.similarities {
        let histogram = Histogram::of(chart);
        for (series, counts) in chart.series.iter().zip(&histogram.counts) {
            for (bin, &count) in counts.iter().enumerate() {
                csv.row(vec![
                    chart.title.clone(),
                    series.name.clone(),
                    raw(histogram.edges[bin]),
                    raw(histogram.edges[bin + 1]),
                    count.to_string(),
                ]);
            }
        }
    }
    csv.0
}

#[cfg(test)]
mod tests {
    use super::Csv;

    #[test]
    fn cells_are_quoted_where_needed() {
        let mut csv = Csv::new(&["a", "b"]);
        csv.row(vec!["x, y".into(), "say \"so\"\nnow".into()]);
        assert_eq!(csv.0, "a,b\n\"x, y\",\"say \"\"so\"\"\nnow\"\n");
    }
}
