//! Verification pairs of held-out people.

use ficta_core::{Error, Result, random::Stream};
use serde::{Deserialize, Serialize};

use super::folds::deal;

/// Two images, and whether they show one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Pair {
    /// Row of the first image.
    pub first: usize,
    /// Row of the second image.
    pub second: usize,
    /// Whether they show one person.
    pub same: bool,
    /// Fold; in one round a person belongs to one fold only.
    pub fold: usize,
    /// Round: a dealing of the people to folds.
    pub round: usize,
}

/// Pairs in folds that share no person, in each round.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Pairs {
    /// By round and fold, genuine before impostor.
    pub pairs: Vec<Pair>,
    /// Folds of a round.
    pub folds: usize,
    /// Rounds.
    pub rounds: usize,
}

/// In each round, all genuine pairs and as many impostor pairs, drawn by seed. People are dealt at random to folds, and both people of an
/// impostor pair belong to its fold, so that no person is in a threshold's training and test data at once. A fold needs two people: there
/// are min(`folds`, people / 2) folds. Where a fold has fewer impostor than genuine pairs, all of them are taken.
///
/// Few people leave few impostors within a fold (ten people in five folds: five pairs of people out of 45). Larger folds, dealt anew in
/// several rounds, see more of them: 2 folds in 5 rounds are the 5x2 cross-validation of Dietterich (1998), and give 10 accuracies.
///
/// # Errors
/// Fewer than four people (two folds of two), people with no two images.
pub fn make_pairs(labels: &[i64], folds: usize, rounds: usize, seed: u64) -> Result<Pairs> {
    let mut people: Vec<i64> = labels.to_vec();
    people.sort_unstable();
    people.dedup();
    let folds = folds.min(people.len() / 2);
    if folds < 2 {
        return Err(Error::data(format!(
            "{} people cannot be verified: two folds of two people are needed",
            people.len()
        ))
        .help("hold out at least four people (data.held_out)"));
    }
    let mut out = Vec::new();
    for round in 0..rounds {
        for (fold, members) in deal(&people, folds, seed, round).iter().enumerate() {
            out.extend(fold_pairs(labels, members, fold, round, seed)?);
        }
    }
    Ok(Pairs {
        pairs: out,
        folds,
        rounds,
    })
}

fn fold_pairs(labels: &[i64], members: &[i64], fold: usize, round: usize, seed: u64) -> Result<Vec<Pair>> {
    let rows: Vec<usize> = (0..labels.len()).filter(|i| members.contains(&labels[*i])).collect();
    let (mut genuine, mut impostor) = (Vec::new(), Vec::new());
    for (at, &first) in rows.iter().enumerate() {
        for &second in &rows[at + 1..] {
            let same = labels[first] == labels[second];
            let pair = Pair {
                first,
                second,
                same,
                fold,
                round,
            };
            if same { genuine.push(pair) } else { impostor.push(pair) }
        }
    }
    if genuine.is_empty() {
        return Err(Error::data(format!(
            "the people of fold {fold} ({members:?}) have no two images of one person"
        ))
        .help("hold out people with two or more images"));
    }
    Stream::new(seed, "evaluation.impostors", fold as u64, round as u64).shuffle(&mut impostor);
    impostor.truncate(genuine.len());
    impostor.sort_unstable_by_key(|p| (p.first, p.second));
    genuine.extend(impostor);
    Ok(genuine)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(people: i64, each: usize) -> Vec<i64> {
        (0..people).flat_map(|p| vec![p; each]).collect()
    }

    #[test]
    fn ten_people_by_ten_images_give_five_folds_and_equal_counts() {
        let labels = labels(10, 10);
        let made = make_pairs(&labels, 10, 1, 1).unwrap();
        assert_eq!(made.folds, 5);
        let same = made.pairs.iter().filter(|p| p.same).count();
        assert_eq!((same, made.pairs.len()), (450, 900));
        for person in 0..10 {
            let mut folds: Vec<_> = made
                .pairs
                .iter()
                .filter(|p| labels[p.first] == person || labels[p.second] == person)
                .map(|p| p.fold)
                .collect();
            folds.sort_unstable();
            folds.dedup();
            assert_eq!(folds.len(), 1, "person {person}");
        }
        assert!(
            made.pairs
                .iter()
                .all(|p| (labels[p.first] == labels[p.second]) == p.same)
        );
        assert_eq!(made, make_pairs(&labels, 10, 1, 1).unwrap());
        assert_ne!(made, make_pairs(&labels, 10, 1, 2).unwrap());
    }

    #[test]
    fn rounds_deal_the_people_anew() {
        let labels = labels(10, 10);
        let made = make_pairs(&labels, 2, 5, 1).unwrap();
        assert_eq!(made.pairs.len(), 5 * 900);
        let mut halves = std::collections::BTreeSet::new();
        for round in 0..5 {
            let of_fold = |fold| -> std::collections::BTreeSet<i64> {
                let pairs = made.pairs.iter().filter(|p| (p.round, p.fold) == (round, fold));
                pairs.flat_map(|p| [labels[p.first], labels[p.second]]).collect()
            };
            let (a, b) = (of_fold(0), of_fold(1));
            assert_eq!(
                (a.len(), b.len(), a.intersection(&b).count()),
                (5, 5, 0),
                "round {round}"
            );
            halves.insert(if a.contains(&0) { a } else { b });
        }
        assert!(halves.len() > 1);
        let once = make_pairs(&labels, 2, 1, 1).unwrap();
        assert_eq!(
            once.pairs,
            made.pairs[..900],
            "further rounds change nothing of the first"
        );
    }

    #[test]
    fn too_few_people_are_an_error() {
        assert!(
            make_pairs(&labels(3, 5), 10, 1, 0)
                .unwrap_err()
                .message()
                .starts_with("3 people cannot be verified")
        );
        assert!(
            make_pairs(&labels(6, 1), 10, 1, 0)
                .unwrap_err()
                .message()
                .contains("no two images")
        );
    }
}
