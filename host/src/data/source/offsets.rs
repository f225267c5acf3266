//! Many positions in little memory.

use ficta_core::{Error, Result};

/// Positions below 2^40, five bytes each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Offsets {
    low: Vec<u32>,
    high: Vec<u8>,
}

impl Offsets {
    /// Number of positions.
    pub(crate) fn len(&self) -> usize {
        self.low.len()
    }

    /// Adds one at the end.
    ///
    /// # Errors
    /// A position of 2^40 and above.
    pub(crate) fn push(&mut self, position: u64) -> Result<()> {
        let Ok(high) = u8::try_from(position >> 32) else {
            return Err(Error::unsupported(format!(
                "position {position} is beyond what an index holds (2^40)"
            )));
        };
        self.low.push(position as u32);
        self.high.push(high);
        Ok(())
    }

    /// The position at `index`.
    ///
    /// # Panics
    /// Where there is none.
    pub(crate) fn get(&self, index: usize) -> u64 {
        u64::from(self.high[index]) << 32 | u64::from(self.low[index])
    }

    /// Gives back what was allocated in advance.
    pub(crate) fn shrink(&mut self) {
        self.low.shrink_to_fit();
        self.high.shrink_to_fit();
    }

    /// Bytes held.
    pub(crate) fn memory(&self) -> usize {
        self.low.capacity() * 4 + self.high.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_come_back_and_the_limit_is_an_error() {
        let mut offsets = Offsets::default();
        let all = [0, 1, u64::from(u32::MAX), 1 << 32, (1 << 40) - 1];
        all.iter().for_each(|p| offsets.push(*p).unwrap());
        assert_eq!((0..offsets.len()).map(|i| offsets.get(i)).collect::<Vec<_>>(), all);
        assert!(offsets.push(1 << 40).unwrap_err().message().contains("1099511627776"));
    }

    #[test]
    fn ten_million_take_fifty_megabytes() {
        let mut offsets = Offsets::default();
        (0..10_000_000u64).for_each(|i| offsets.push(i * 10_001).unwrap());
        offsets.shrink();
        assert_eq!(offsets.memory(), 50_000_000);
        assert_eq!(offsets.get(9_999_999), 9_999_999 * 10_001);
    }
}
