//! Snapshots of tensors that bear the last digits of another machine.

use insta::{Comparator, Snapshot, internals::SnapshotContents};

/// How many differing tokens a message lists.
const LISTED: usize = 5;

/// Compares the numbers in two snapshots within `atol + rtol * |reference|`, and everything between them exactly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NumericComparator {
    /// Relative tolerance.
    pub rtol: f64,
    /// Absolute tolerance.
    pub atol: f64,
}

impl Default for NumericComparator {
    /// rtol 1e-4, atol 1e-6: f32 arithmetic in another order.
    fn default() -> Self {
        Self { rtol: 1e-4, atol: 1e-6 }
    }
}

impl NumericComparator {
    fn close(&self, reference: &str, test: &str) -> bool {
        match (reference.parse::<f64>(), test.parse::<f64>()) {
            (Ok(r), Ok(t)) if r.is_nan() => t.is_nan(),
            (Ok(r), Ok(t)) => r == t || r.is_finite() && (r - t).abs() <= self.atol + self.rtol * r.abs(),
            _ => reference == test,
        }
    }

    /// Whether two texts match.
    pub fn matches_text(&self, reference: &str, test: &str) -> bool {
        self.first_differences(reference, test).is_none()
    }

    /// Where two texts differ: the first five numbers or words, with line and place in the line; `None` where they match.
    pub fn first_differences(&self, reference: &str, test: &str) -> Option<String> {
        let (reference, test): (Vec<_>, Vec<_>) = (reference.trim().lines().collect(), test.trim().lines().collect());
        let (mut list, mut differing) = (String::new(), 0);
        if reference.len() != test.len() {
            return Some(format!("{} lines in the snapshot, {} now", reference.len(), test.len()));
        }
        for (line, (r, t)) in reference.iter().zip(&test).enumerate() {
            let (r, t): (Vec<_>, Vec<_>) = (words(r).collect(), words(t).collect());
            if r.len() != t.len() {
                return Some(format!(
                    "line {}: {} values in the snapshot, {} now",
                    line + 1,
                    r.len(),
                    t.len()
                ));
            }
            for (place, (r, t)) in r.iter().zip(&t).enumerate().filter(|(_, (r, t))| !self.close(r, t)) {
                differing += 1;
                if differing <= LISTED {
                    let off = match (r.parse::<f64>(), t.parse::<f64>()) {
                        (Ok(r), Ok(t)) => format!(", off by {:.3e}", (r - t).abs()),
                        _ => String::new(),
                    };
                    list += &format!("\n  line {}, value {place}: snapshot {r}, now {t}{off}", line + 1);
                }
            }
            if separators(reference[line]) != separators(test[line]) {
                return Some(format!(
                    "line {}: `{}` in the snapshot, `{}` now",
                    line + 1,
                    reference[line],
                    test[line]
                ));
            }
        }
        (differing > 0).then(|| {
            format!(
                "{differing} values differ (rtol {:e}, atol {:e}):{list}",
                self.rtol, self.atol
            )
        })
    }
}

fn separators(line: &str) -> Vec<&str> {
    tokens(line).filter(|t| t.trim_matches(SEPARATORS).is_empty()).collect()
}

/// The tokens that are no separators.
fn words(line: &str) -> impl Iterator<Item = &str> {
    tokens(line).filter(|t| !t.trim_matches(SEPARATORS).is_empty())
}

const SEPARATORS: [char; 5] = [' ', ',', '[', ']', '\n'];

/// Words between brackets, commas and blanks, and those separators themselves.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.trim().split_inclusive(SEPARATORS).flat_map(|piece| {
        let word = piece.trim_end_matches(SEPARATORS);
        [word, &piece[word.len()..]]
            .into_iter()
            .filter(|token| !token.is_empty())
    })
}

impl Comparator for NumericComparator {
    fn matches(&self, reference: &Snapshot, test: &Snapshot) -> bool {
        match (reference.contents(), test.contents()) {
            (SnapshotContents::Text(r), SnapshotContents::Text(t)) => {
                match self.first_differences(&r.to_string(), &t.to_string()) {
                    None => true,
                    Some(why) => {
                        eprintln!("{why}");
                        false
                    }
                }
            }
            (r, t) => r == t,
        }
    }
    fn dyn_clone(&self) -> Box<dyn Comparator> {
        Box::new(*self)
    }
}

/// Asserts that a [`TensorRef`](crate::TensorRef) matches its stored insta snapshot: six digits, compared within a tolerance.
///
/// `assert_tensor_snapshot!(tensor)`, `assert_tensor_snapshot!("name", tensor)`, and either with `, rtol = 1e-3, atol = 1e-5` after it. Defaults as in
/// [`NumericComparator`](crate::testing::NumericComparator).
#[macro_export]
macro_rules! assert_tensor_snapshot {
    ($name:literal, $tensor:expr, rtol = $rtol:expr, atol = $atol:expr $(,)?) => {
        $crate::assert_tensor_snapshot!(@ [$name,] $tensor, $crate::testing::NumericComparator { rtol: $rtol, atol: $atol })
    };
    ($name:literal, $tensor:expr $(,)?) => {
        $crate::assert_tensor_snapshot!(@ [$name,] $tensor, $crate::testing::NumericComparator::default())
    };
    ($tensor:expr, rtol = $rtol:expr, atol = $atol:expr $(,)?) => {
        $crate::assert_tensor_snapshot!(@ [] $tensor, $crate::testing::NumericComparator { rtol: $rtol, atol: $atol })
    };
    ($tensor:expr $(,)?) => {
        $crate::assert_tensor_snapshot!(@ [] $tensor, $crate::testing::NumericComparator::default())
    };
    (@ [$($name:tt)*] $tensor:expr, $comparator:expr) => {{
        let text = $crate::testing::describe_tensor(&$tensor).expect("a tensor that can be read");
        let mut settings = $crate::testing::insta::Settings::clone_current();
        settings.set_comparator(Box::new($comparator));
        settings.set_omit_expression(true);
        settings.bind(|| $crate::testing::insta::assert_snapshot!($($name)* text));
    }};
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TensorRef;

    #[test]
    fn numbers_are_compared_within_the_tolerance_and_words_exactly() {
        let c = NumericComparator { rtol: 1e-3, atol: 1e-6 };
        assert!(c.matches_text("shape [2] f32\n[1.0, -2.0e-7]", "shape [2] f32\n[1.0009, 0.0]\n"));
        assert!(!c.matches_text("[1.0]", "[1.002]"));
        assert!(!c.matches_text("shape [2] f32", "shape [2] f64"));
        assert!(!c.matches_text("[1.0, 2.0]", "[1.0 2.0]"));
        assert!(!c.matches_text("[1.0, 2.0]", "[1.0, 2.0, 3.0]"));
        assert!(!c.matches_text("[1.0]", "[NaN]"));
        assert!(!c.matches_text("[inf]", "[1.0]") && !c.matches_text("[inf]", "[-inf]"));
        assert!(c.matches_text("[inf, NaN]", "[inf, NaN]"));
    }

    #[test]
    fn the_first_differing_elements_are_shown() {
        let c = NumericComparator { rtol: 1e-3, atol: 0.0 };
        let stored = "shape [8] f32\n[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]";
        let now = "shape [8] f32\n[1.0, 2.5, 3.1, 4.1, 5.1, 6.1, 7.1, 8.0001]";
        assert_eq!(
            c.first_differences(stored, now).unwrap(),
            "6 values differ (rtol 1e-3, atol 0e0):\n  line 2, value 1: snapshot 2.0, now 2.5, off by 5.000e-1\n  \
             line 2, value 2: snapshot 3.0, now 3.1, off by 1.000e-1\n  line 2, value 3: snapshot 4.0, now 4.1, off by 1.000e-1\n  \
             line 2, value 4: snapshot 5.0, now 5.1, off by 1.000e-1\n  line 2, value 5: snapshot 6.0, now 6.1, off by 1.000e-1"
        );
        assert_eq!(c.first_differences(stored, stored), None);
    }

    #[test]
    fn the_macro_takes_a_snapshot_with_its_tolerance() {
        let values = [0.1f32, -2.5, 1e-7];
        let tensor = TensorRef::new(&values, &[3]).unwrap();
        assert_tensor_snapshot!("three_numbers", tensor);
        let near = [0.100_001f32, -2.5, 0.0];
        assert_tensor_snapshot!("three_numbers", TensorRef::new(&near, &[3]).unwrap());
        let far = [0.11f32, -2.5, 0.0];
        assert_tensor_snapshot!(
            "three_numbers",
            TensorRef::new(&far, &[3]).unwrap(),
            rtol = 0.2,
            atol = 0.0001
        );
    }
}
