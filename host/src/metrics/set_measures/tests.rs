use ficta_core::{NullHost, random::Stream};

use super::*;
use crate::metrics::cosine;

const HOST: NullHost = NullHost { seed: 0 };

/// A set of three images, each of an identity of its own, so that each is its own centre.
fn three(data: [f32; 6]) -> Identified {
    Identified::new(Matrix::new(data.to_vec(), 3, 2).unwrap(), &[0, 1, 2]).unwrap()
}

fn measured(set: &Identified, real: &Identified, people: People) -> SetMeasures {
    let ctx = Ctx::new(&HOST);
    let of = |features| Sampled::of(features, 1_000_000, 0, &ctx).unwrap();
    let (ours, theirs) = (set.centers().unwrap().unit, real.centers().unwrap().unit);
    let (set, real) = (
        Subject {
            features: set,
            centers: &ours,
        },
        Subject {
            features: real,
            centers: &theirs,
        },
    );
    SetMeasures::of(set, &of(set.features), (real, people), (0.5, 1), &ctx).unwrap()
}

#[test]
fn the_nearest_real_identity_is_another_than_ones_own() {
    let real = three([1.0, 0.0, 0.6, 0.8, -0.8, 0.6]);
    let close = |people: People, set: &Identified, expected: [f64; 3]| {
        let found = measured(set, &real, people).nearest_real_cosines();
        let near = found.iter().zip(expected).all(|(f, e)| (f - e).abs() < 1e-6);
        assert!(near, "{people:?}: {found:?}, expected {expected:?}");
    };
    close(People::Others, &real, [1.0; 3]);
    close(People::Themselves, &real, [0.6, 0.6, 0.0]);
    let generated = three([0.8, -0.6, 0.0, 1.0, -1.0, 0.0]);
    close(People::Same, &generated, [0.0, 0.6, -0.6]);
    close(People::Others, &generated, [0.8, 0.8, 0.8]);
}

#[test]
fn recall_is_of_the_same_people_alone() {
    let real = three([1.0, 0.0, 0.6, 0.8, -0.8, 0.6]);
    for (people, none) in [
        (People::Themselves, true),
        (People::Others, true),
        (People::Same, false),
    ] {
        let twice: Vec<f32> = real.unit.data.repeat(2);
        let set = Identified::new(Matrix::new(twice, 6, 2).unwrap(), &[0, 1, 2, 0, 1, 2]).unwrap();
        let recall = measured(&set, &real, people).value(Quantity::Recall);
        assert_eq!(recall.is_nan(), none, "{people:?}: {recall}");
        assert!(none || recall == 1.0, "{recall}");
    }
}

#[test]
fn numbers_of_drawn_pairs_are_near_those_of_all() {
    const PEOPLE: usize = 60;
    let (mut x, mut centers) = (Matrix::zeros(10 * PEOPLE, 16), Matrix::zeros(PEOPLE, 16));
    Stream::new(1, "test.centres", 0, 0).fill_normal(&mut centers.data);
    Stream::new(1, "test.images", 0, 0).fill_normal(&mut x.data);
    for (i, row) in x.data.chunks_exact_mut(16).enumerate() {
        row.iter_mut().zip(centers.row(i / 10)).for_each(|(x, c)| *x += c);
    }
    let labels: Vec<i64> = (0..10 * PEOPLE).map(|i| (i / 10) as i64).collect();
    let set = Identified::new(x.normalised("row").unwrap(), &labels).unwrap();
    let (ctx, centers) = (Ctx::new(&HOST), set.centers().unwrap().unit);
    let subject = Subject {
        features: &set,
        centers: &centers,
    };
    let of = |most: usize| {
        let pairs = Sampled::of(&set, most, 5, &ctx).unwrap();
        SetMeasures::of(subject, &pairs, (subject, People::Themselves), (0.4, 3), &ctx).unwrap()
    };
    let (all, drawn) = (of(1_000_000), of(20_000));
    assert!(all.pairs.all && !drawn.pairs.all);
    assert_eq!((drawn.pairs.genuine, drawn.pairs.impostor), (45 * PEOPLE, 20_000));
    for quantity in Quantity::ALL {
        let (a, d) = (all.value(quantity), drawn.value(quantity));
        match quantity.of_pairs() {
            true => assert!(
                (a - d).abs() < 0.02 * (1.0 + a.abs()),
                "{quantity:?}: {d} drawn, {a} of all"
            ),
            false => assert_eq!(a.to_bits(), d.to_bits(), "{quantity:?}"),
        }
    }
    assert_ne!(all.value(Quantity::Eer), drawn.value(Quantity::Eer));
}

#[test]
fn nearness_to_the_real_is_a_share_of_the_identities() {
    let (real, set) = (
        three([1.0, 0.0, 0.6, 0.8, -0.8, 0.6]),
        three([0.0, -1.0, 0.0, 1.0, -1.0, 0.0]),
    );
    let found = measured(&set, &real, People::Others);
    let above = |i: usize| (0..3).any(|j| cosine(set.unit.row(i), real.unit.row(j)) > 0.5);
    assert_eq!([0, 1, 2].map(above), [false, true, true]);
    assert_eq!(found.value(Quantity::NearReal), 2.0 / 3.0);
    assert_eq!(found.interval(Quantity::NearestRealMedian, 1), None, "no mean");
    assert!(found.interval(Quantity::NearReal, 1).is_some());
}

#[test]
fn centres_of_other_identities_are_refused() {
    let set = three([1.0, 0.0, 0.6, 0.8, -0.8, 0.6]);
    let few = set.unit.select(&[0, 1]);
    let subject = Subject {
        features: &set,
        centers: &few,
    };
    let ctx = Ctx::new(&HOST);
    let pairs = Sampled::of(&set, 100, 0, &ctx).unwrap();
    let error = SetMeasures::of(subject, &pairs, (subject, People::Themselves), (0.5, 1), &ctx).unwrap_err();
    assert!(error.message().contains("2 centres of 3 identities"), "{error}");
}
