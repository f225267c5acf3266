//! Verification pairs drawn from a labelled set, as LFW's were.

use std::collections::{BTreeMap, HashSet};

use ficta_core::{Error, Result, random::Stream};

use super::{Pair, folds::deal};

/// How many pairs, in how many folds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PairCounts {
    /// Pairs of one person.
    pub genuine: usize,
    /// Pairs of two people.
    pub impostor: usize,
    /// Folds, at least 2.
    pub folds: usize,
}

/// Draws that may meet a pair taken already, one after the other, before the fold counts as used up.
const TRIES: usize = 10_000;

/// Draws pairs of images by label: people are dealt to folds at random, so that folds share none; in each, genuine pairs and then impostor pairs are drawn as
/// for LFW (Huang et al. 2007): a person at random, then two of the person's images; or two people, then an image of each; no pair twice. Images with a label
/// below 0 play no part.
///
/// The pairs come fold by fold, and the folds are those of scikit-learn's `KFold` over them. The same labels and seed give the same pairs.
///
/// # Errors
/// Fewer than two folds, fewer pairs than folds, a fold without two people or without enough pairs.
pub fn sample_pairs(labels: &[i64], counts: PairCounts, seed: u64) -> Result<Vec<Pair>> {
    let mut images = BTreeMap::<i64, Vec<usize>>::new();
    for (row, label) in labels.iter().enumerate().filter(|(_, label)| **label >= 0) {
        images.entry(*label).or_default().push(row);
    }
    let people: Vec<i64> = images.keys().copied().collect();
    let PairCounts {
        genuine,
        impostor,
        folds,
    } = counts;
    if folds < 2 || genuine < folds || impostor < folds {
        return Err(Error::config(format!(
            "{genuine} genuine and {impostor} impostor pairs in {folds} folds: expected two or more folds and a pair of each kind in each"
        )));
    }
    if people.len() < 2 * folds {
        return Err(Error::data(format!(
            "{} people cannot fill {folds} folds with two each",
            people.len()
        ))
        .help("choose fewer folds with --folds"));
    }
    let mut out = Vec::with_capacity(genuine + impostor);
    for (fold, members) in deal(&people, folds, seed, 0).iter().enumerate() {
        let of_fold: Vec<&[usize]> = members.iter().map(|person| &images[person][..]).collect();
        // The folds that get one more of the impostors follow those that get one more of the genuine pairs, as KFold cuts them.
        let extra = |count: usize, from: usize| usize::from((fold + folds - from) % folds < count % folds);
        let wanted = [
            genuine / folds + extra(genuine, 0),
            impostor / folds + extra(impostor, genuine % folds),
        ];
        for (kind, wanted) in [(true, wanted[0]), (false, wanted[1])] {
            let draw = Draw {
                people: &of_fold,
                genuine: kind,
            };
            let purpose = if kind {
                "evaluation.pairs.genuine"
            } else {
                "evaluation.pairs.impostor"
            };
            let drawn = draw
                .take(wanted, &mut Stream::new(seed, purpose, fold as u64, 0))
                .map_err(|e| e.context(format!("fold {fold}")))?;
            out.extend(drawn.into_iter().map(|(first, second)| Pair {
                first,
                second,
                same: kind,
                fold,
                round: 0,
            }));
        }
    }
    Ok(out)
}

/// Pairs of one kind among the people of a fold.
struct Draw<'a> {
    people: &'a [&'a [usize]],
    genuine: bool,
}

impl Draw<'_> {
    /// How many there are.
    fn available(&self) -> u128 {
        let within: u128 = self
            .people
            .iter()
            .map(|p| (p.len() as u128) * (p.len() as u128).saturating_sub(1) / 2)
            .sum();
        let images: u128 = self.people.iter().map(|p| p.len() as u128).sum();
        match self.genuine {
            true => within,
            false => images * images.saturating_sub(1) / 2 - within,
        }
    }

    fn take(&self, wanted: usize, stream: &mut Stream) -> Result<Vec<(usize, usize)>> {
        let available = self.available();
        let kind = if self.genuine { "genuine" } else { "impostor" };
        if available < wanted as u128 {
            return Err(Error::data(format!(
                "{wanted} {kind} pairs are asked for, but its people have {available}"
            ))
            .help("ask for fewer pairs (--genuine, --impostor) or fewer folds (--folds)"));
        }
        // Where most are wanted, drawing would meet the same again and again.
        if available < 2 * wanted as u128 {
            let mut all = self.all();
            stream.shuffle(&mut all);
            all.truncate(wanted);
            return Ok(all);
        }
        let several: Vec<&[usize]> = self.people.iter().copied().filter(|p| p.len() > 1).collect();
        let (mut out, mut taken, mut misses) = (Vec::with_capacity(wanted), HashSet::new(), 0);
        while out.len() < wanted {
            let pair = match self.genuine {
                true => {
                    let person = several[stream.below(several.len() as u64) as usize];
                    let (i, j) = two(person.len(), stream);
                    (person[i], person[j])
                }
                false => {
                    let (p, q) = two(self.people.len(), stream);
                    let image =
                        |person: &[usize], stream: &mut Stream| person[stream.below(person.len() as u64) as usize];
                    (image(self.people[p], stream), image(self.people[q], stream))
                }
            };
            let key = (pair.0.min(pair.1), pair.0.max(pair.1));
            if taken.insert(key) {
                out.push(pair);
                misses = 0;
            } else {
                misses += 1;
                if misses > TRIES {
                    return Err(Error::data(format!(
                        "after {} of {wanted} {kind} pairs nearly all draws are pairs taken already: most of what is left belongs to few people",
                        out.len()
                    ))
                    .help("ask for fewer pairs (--genuine, --impostor)"));
                }
            }
        }
        Ok(out)
    }

    fn all(&self) -> Vec<(usize, usize)> {
        let mut out = Vec::new();
        for (at, person) in self.people.iter().enumerate() {
            if self.genuine {
                out.extend(
                    person
                        .iter()
                        .enumerate()
                        .flat_map(|(i, a)| person[i + 1..].iter().map(|b| (*a, *b))),
                );
            } else {
                let others = || self.people[at + 1..].iter().flat_map(|p| p.iter());
                out.extend(person.iter().flat_map(|a| others().map(|b| (*a, *b))));
            }
        }
        out
    }
}

/// Two different numbers below `n`.
fn two(n: usize, stream: &mut Stream) -> (usize, usize) {
    let first = stream.below(n as u64) as usize;
    let second = stream.below(n as u64 - 1) as usize;
    (first, second + usize::from(second >= first))
}

#[cfg(test)]
mod tests {
    use super::{super::folds::contiguous, *};

    fn labels(people: i64, each: usize) -> Vec<i64> {
        (0..people).flat_map(|p| vec![p; each]).collect()
    }

    fn counts(genuine: usize, impostor: usize, folds: usize) -> PairCounts {
        PairCounts {
            genuine,
            impostor,
            folds,
        }
    }

    #[test]
    fn folds_share_no_person_and_no_pair_comes_twice() {
        let labels = labels(30, 6);
        for (genuine, impostor, folds) in [(100, 100, 10), (33, 48, 5), (440, 900, 3)] {
            let pairs = sample_pairs(&labels, counts(genuine, impostor, folds), 7).unwrap();
            assert_eq!(pairs.iter().filter(|p| p.same).count(), genuine);
            assert_eq!(pairs.len(), genuine + impostor);
            assert!(
                pairs
                    .iter()
                    .all(|p| (labels[p.first] == labels[p.second]) == p.same && p.first != p.second)
            );
            let kfold: Vec<usize> = pairs.iter().map(|p| p.fold).collect();
            assert_eq!(kfold, contiguous(pairs.len(), folds));
            let mut fold_of = BTreeMap::new();
            for pair in &pairs {
                for row in [pair.first, pair.second] {
                    assert_eq!(*fold_of.entry(labels[row]).or_insert(pair.fold), pair.fold);
                }
            }
            let unique: HashSet<_> = pairs
                .iter()
                .map(|p| (p.first.min(p.second), p.first.max(p.second)))
                .collect();
            assert_eq!(unique.len(), pairs.len());
            assert_eq!(
                pairs,
                sample_pairs(&labels, counts(genuine, impostor, folds), 7).unwrap()
            );
            assert_ne!(
                pairs,
                sample_pairs(&labels, counts(genuine, impostor, folds), 8).unwrap()
            );
        }
    }

    #[test]
    fn what_cannot_be_drawn_is_said() {
        let message = |labels: &[i64], counts| sample_pairs(labels, counts, 0).unwrap_err().message().to_owned();
        assert!(
            message(&labels(4, 2), counts(100, 4, 2)).contains("50 genuine pairs are asked for, but its people have 2")
        );
        assert!(
            message(&labels(4, 2), counts(4, 100, 2))
                .contains("50 impostor pairs are asked for, but its people have 4")
        );
        assert!(message(&labels(3, 2), counts(4, 4, 2)).contains("3 people cannot fill 2 folds"));
        assert!(message(&labels(9, 1), counts(4, 4, 2)).contains("genuine pairs are asked for, but its people have 0"));
        assert!(message(&labels(9, 2), counts(1, 4, 2)).contains("a pair of each kind in each"));
        assert!(message(&[-1; 40], counts(4, 4, 2)).contains("0 people cannot fill"));
    }

    #[test]
    fn all_pairs_can_be_had() {
        let pairs = sample_pairs(&labels(4, 3), counts(12, 18, 2), 1).unwrap();
        assert_eq!(pairs.len(), 30);
    }
}
