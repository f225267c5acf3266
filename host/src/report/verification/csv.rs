//! The numbers of an evaluation as CSV.

use super::super::{csv::Csv, number::raw};
use crate::evaluation::{Evaluation, Roc};

pub(super) fn sets(of: &Evaluation) -> String {
    let far: Vec<f64> = of
        .sets
        .first()
        .map_or(Vec::new(), |s| s.measures.tar.iter().map(|t| t.far).collect());
    let mut head: Vec<String> = [
        "name",
        "set",
        "genuine",
        "impostor",
        "accuracy",
        "deviation",
        "val_far",
        "val",
        "val_deviation",
        "eer",
    ]
    .map(str::to_owned)
    .to_vec();
    head.extend(far.iter().map(|far| format!("tar_at_far_{}", raw(*far))));
    head.extend(["gap_percent", "difference"].map(str::to_owned));
    let mut csv = Csv::new(&head.iter().map(String::as_str).collect::<Vec<_>>());
    for s in &of.sets {
        let m = &s.measures;
        let mut row = vec![
            of.name.clone(),
            s.set.clone(),
            m.genuine.to_string(),
            m.impostor.to_string(),
        ];
        row.extend([m.accuracy, m.deviation, m.val.target, m.val.val, m.val.deviation, m.eer].map(raw));
        row.extend(m.tar.iter().map(|t| t.tar.map(raw).unwrap_or_default()));
        row.resize(head.len(), String::new());
        csv.row(row);
    }
    let mut average = vec![
        of.name.clone(),
        "Avg".to_owned(),
        String::new(),
        String::new(),
        raw(of.average),
    ];
    average.resize(head.len() - 2, String::new());
    let reference = of.reference.as_ref();
    average.push(reference.map(|r| raw(r.gap_percent)).unwrap_or_default());
    average.push(reference.map(|r| raw(r.difference)).unwrap_or_default());
    csv.row(average);
    csv.into_text()
}

pub(super) fn roc(curves: &[(String, Roc)]) -> String {
    let mut csv = Csv::new(&["set", "far", "tar"]);
    for (set, curve) in curves {
        for (far, tar) in &curve.points {
            csv.row(vec![set.clone(), raw(*far), raw(*tar)]);
        }
    }
    csv.into_text()
}
