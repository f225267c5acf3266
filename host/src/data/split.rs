//! Who is held out.

use ficta_core::{Error, Result, random::Stream};

/// Indices of people, ascending. Nobody is in both lists.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Split {
    /// People that everything learns from.
    pub learn: Vec<usize>,
    /// People that only verification sees.
    pub held_out: Vec<usize>,
}

/// Draws `held_out` of `people` people. The outcome depends on the three numbers alone.
///
/// # Errors
/// [`ficta_core::ErrorKind::CONFIG`] where fewer than two people would be left to learn from, or one person alone would be held out:
/// pairs of different people need two.
pub fn split(people: usize, held_out: usize, seed: u64) -> Result<Split> {
    if held_out == 1 {
        return Err(Error::config(
            "data.held_out is 1, expected 0 or at least 2: impostor pairs need two people",
        ));
    }
    if people.checked_sub(held_out).is_none_or(|left| left < 2) {
        let message =
            format!("data.held_out is {held_out}, but there are only {people} people and 2 must be left to learn from");
        return Err(Error::config(message).help("lower data.held_out, or add people"));
    }
    let mut order: Vec<usize> = (0..people).collect();
    Stream::new(seed, "data/held-out", 0, 0).shuffle(&mut order);
    let mut learn = order.split_off(held_out);
    learn.sort_unstable();
    order.sort_unstable();
    Ok(Split { learn, held_out: order })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_split_is_pinned() {
        // A change here changes everybody's held-out people.
        assert_eq!(split(40, 10, 0).unwrap().held_out, [1, 2, 4, 6, 8, 15, 20, 27, 32, 38]);
    }

    #[test]
    fn too_few_people_are_an_error() {
        assert!(split(11, 10, 0).unwrap_err().message().contains("only 11 people"));
        assert!(
            split(40, 1, 0)
                .unwrap_err()
                .message()
                .contains("impostor pairs need two")
        );
        assert_eq!(split(2, 0, 0).unwrap().learn, [0, 1]);
        assert!(split(usize::MAX, usize::MAX, 0).is_err());
    }

    proptest! {
        #[test]
        fn everybody_is_in_exactly_one_part(people in 4usize..80, part in 0.0f64..1.0, seed: u64) {
            let held_out = 2 + ((people - 4) as f64 * part) as usize;
            let split = split(people, held_out, seed).unwrap();
            prop_assert_eq!(split.held_out.len(), held_out);
            let mut all = [split.learn, split.held_out].concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..people).collect::<Vec<_>>());
        }
    }

    #[test]
    fn seeds_differ() {
        assert_ne!(split(40, 10, 1).unwrap(), split(40, 10, 2).unwrap());
    }
}
