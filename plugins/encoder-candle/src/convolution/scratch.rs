//! Memory for intermediate results that is kept from one layer to the next.

use std::sync::{Arc, Mutex, PoisonError};

/// Freed memory of a network. Asking the system for megabytes in every layer would cost more than filling them.
#[derive(Clone, Debug, Default)]
pub struct Scratch(Arc<Mutex<Vec<Vec<f32>>>>);

impl Scratch {
    /// Runs `work` with `length` numbers of any value that begin at a cache line.
    pub fn with<T>(&self, length: usize, work: impl FnOnce(&mut [f32]) -> T) -> T {
        let mut memory = self.lock().pop().unwrap_or_default();
        if memory.len() < length + LINE {
            memory.resize(length + LINE, 0.0);
        }
        let first = memory.as_ptr().align_offset(LINE * size_of::<f32>()).min(LINE);
        let result = work(&mut memory[first..first + length]);
        self.lock().push(memory);
        result
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Vec<f32>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Numbers in a cache line.
const LINE: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_aligned_and_used_again() {
        let scratch = Scratch::default();
        let first = scratch.with(100, |memory| memory.as_ptr() as usize);
        assert_eq!(first % 64, 0);
        assert_eq!(
            scratch.with(50, |memory| (memory.as_ptr() as usize, memory.len())),
            (first, 50)
        );
        scratch.with(10, |_| {
            assert_ne!(scratch.with(10, |inner| inner.as_ptr() as usize), first)
        });
    }
}
